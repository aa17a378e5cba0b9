"""ELIZA converses by keywords."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater_demo._eliza import answer
from headwater_demo._script import GREETING, NOTHING_FOUND, RULES


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("I am sad", "I am sorry to hear that you are sad."),
        ("My mother is ill.", "Tell me more about your family."),
        ("I want to leave my job", "What would it mean to you: leave your job?"),
        ("You are kind to me, I think", "What makes you think that I am kind to you?"),
        ("Because of the rain", "Is that the real reason?"),
        ("Are you a computer?", "Do machines worry you?"),
        ("Xyzzy.", NOTHING_FOUND[0]),
    ],
    ids=["feeling", "family", "wish", "about-me", "reason", "machine", "nothing"],
)
def test_a_keyword_chooses_the_answer(said: str, answered: str) -> None:
    """The rule of the highest rank answers, with what it heard said from the other side."""
    assert answer([said]) == answered


def test_answers_are_taken_in_turn() -> None:
    """Saying the same thing again gets another answer."""
    assert answer(["I am sad"]) != answer(["I am sad", "I am sad"])


def test_a_seed_begins_elsewhere() -> None:
    """Another seed gives another answer, and the same one the same."""
    assert answer(["I am sad"], 1) != answer(["I am sad"], 0)
    assert answer(["I am sad"], 1) == answer(["I am sad"], 1)


def test_it_remembers_what_was_mine() -> None:
    """Where no keyword helps, it comes back to something said before."""
    assert "your dog" in answer(["My dog ran away.", "Xyzzy."])


def test_it_greets_who_says_nothing() -> None:
    """An empty conversation is greeted."""
    assert answer([]) == GREETING


@given(st.lists(st.text(max_size=80), max_size=5), st.integers(-(2**40), 2**40))
def test_it_always_has_an_answer(said: list[str], seed: int) -> None:
    """Whatever is said, there is an answer, and it is a sentence."""
    assert answer(said, seed).strip()


def test_every_answer_fits_its_pattern() -> None:
    """A rule that quotes has a group to quote from."""
    for rule in RULES:
        quotes = any("{0}" in text for text in rule.answers)
        assert not quotes or rule.pattern.groups >= 1, rule.pattern.pattern
