"""Tests of how efforts and families are declared."""

from __future__ import annotations

import pytest

from headwater import ReasoningEffort
from headwater_chat_completions import Family, Quirks, effort_words, rounded_up

LOW, HIGH = {"think": 1}, {"think": 2}


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({}, {}),
        ({"high": HIGH}, dict.fromkeys(("minimal", "low", "medium", "high"), HIGH)),
        (
            {"none": {}, "low": LOW, "high": HIGH},
            {"none": {}, "minimal": LOW, "low": LOW, "medium": HIGH, "high": HIGH},
        ),
        ({"low": LOW}, {"minimal": LOW, "low": LOW}),
    ],
    ids=["none", "one", "some", "no-higher"],
)
def test_efforts_are_rounded_up(
    levels: dict[str, dict[str, int]], expected: dict[str, dict[str, int]]
) -> None:
    """Each effort is the next higher one that there is; "none" is never made up."""
    declared = {ReasoningEffort(name): fields for name, fields in levels.items()}
    assert list(rounded_up(declared).items()) == list(expected.items())


def test_a_word_is_its_own_effort() -> None:
    """A server that has words for efforts gets them as they are."""
    sent = effort_words(*ReasoningEffort)
    assert sent == {effort: {"reasoning_effort": str(effort)} for effort in ReasoningEffort}


def test_a_family_is_what_the_name_begins_with() -> None:
    """The first family that fits counts; a model of none is like the rest."""
    quirks = Quirks(
        efforts=effort_words("high"),
        families={
            "a/b": Family(efforts=effort_words("low")),
            "a/": Family(body={"x": 1}),
        },
    )
    assert quirks.family("a/b-1").efforts == effort_words("low")
    assert quirks.family("a/c") == Family(efforts=effort_words("high"), body={"x": 1})
    assert quirks.family("c/a/b") == Family(efforts=effort_words("high"))
