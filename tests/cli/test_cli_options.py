"""Tests of what is set with -o: pure parsing."""

from __future__ import annotations

import math
from pathlib import Path

import click
import pytest

from headwater import ChatOptions
from headwater_cli._options import OPTION_NAMES, read_options
from headwater_cli._values import as_text

NOT_FOR_A_COMMAND_LINE = {"tools", "tool_choice", "middleware"}


def test_every_option_of_a_call_can_be_set() -> None:
    """What the core takes, the command line takes, but for what is code."""
    assert set(OPTION_NAMES) == set(ChatOptions.__annotations__) - NOT_FOR_A_COMMAND_LINE


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (("max_output_tokens", "100"), {"max_output_tokens": 100}),
        (("max-output-tokens", "100"), {"max_output_tokens": 100}),
        (("temperature", "0.5"), {"temperature": 0.5}),
        (("total_s", "inf"), {"total_s": math.inf}),
        (("raw", "yes"), {"raw": True}),
        (("cache", "1h"), {"cache": "1h"}),
        (("cache", "false"), {"cache": False}),
        (("stop", "END"), {"stop": "END"}),
        (("stop", '"\\n"'), {"stop": "\n"}),
        (("stop", '["a", "b"]'), {"stop": ["a", "b"]}),
        (("response_format", "json"), {"response_format": "json"}),
        (("response_format", '{"type": "object"}'), {"response_format": {"type": "object"}}),
        (("extra", '{"a": 1}'), {"extra": {"a": 1}}),
        (("extra.top-k", "40"), {"extra": {"top-k": 40}}),
        (("extra.user", "bob"), {"extra": {"user": "bob"}}),
        (("extra.a.b", "[1]"), {"extra": {"a": {"b": [1]}}}),
        (("extra.a", "NaN"), {"extra": {"a": "NaN"}}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_values_have_their_type(pair: tuple[str, str], expected: dict[str, object]) -> None:
    """A value becomes what the option takes."""
    assert read_options([pair]) == expected


def test_provider_options_add_up() -> None:
    """Several of the provider's own options, nested or in one object, stand side by side."""
    pairs = [("extra", '{"z": 0}'), ("extra.a.b", "1"), ("extra.a.c", "x")]
    assert read_options(pairs) == {"extra": {"z": 0, "a": {"b": 1, "c": "x"}}}


def test_a_schema_can_be_a_file(tmp_path: Path) -> None:
    """What is JSON can stand in a file."""
    file = tmp_path / "schema.json"
    file.write_text('{"type": "object"}', encoding="utf-8")
    assert read_options([("response_format", f"@{file}")]) == {
        "response_format": {"type": "object"}
    }


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("temprature", "1")], "Did you mean temperature?"),
        ([("tools", "[]")], "there are system, max_output_tokens"),
        ([("seed", "7.5")], "seed: expected a whole number, got '7.5'"),
        ([("seed", "9" * 5000)], "seed: expected a whole number"),
        ([("temperature", "warm")], "temperature: expected a number, got 'warm'"),
        ([("raw", "maybe")], "raw: expected true or false, got 'maybe'"),
        ([("response_format", "yaml")], "response_format: expected JSON, or @FILE of JSON"),
        ([("response_format", "[1]")], "response_format: expected a JSON object, got list"),
        ([("response_format", "@nowhere.json")], "cannot read nowhere.json: No such file"),
        ([("extra", "[" * 100_000)], "extra: expected JSON, or @FILE of JSON: nested too deeply"),
        ([("seed", "1"), ("seed", "2")], "seed is given twice"),
        ([("extra.a", "1"), ("extra.a", "2")], "extra.a is given twice"),
        ([("extra.a", "1"), ("extra.a.b", "2")], "extra.a.b is set, and so is what"),
        ([("extra", '{"a": 1}'), ("extra.a", "2")], "extra.a is given twice"),
        ([("extra.", "1")], "expected extra.KEY"),
        ([("extra.a..b", "1")], "expected extra.KEY"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_wrong_options_say_what_is_right(pairs: list[tuple[str, str]], said: str) -> None:
    """A name that does not exist or a value of the wrong type is refused with the way out."""
    with pytest.raises(click.BadParameter) as caught:
        read_options(pairs)
    assert said in caught.value.message


def test_arguments_are_utf8_whatever_the_locale() -> None:
    """Bytes that the locale could not decode are read as the UTF-8 that they are."""
    assert as_text("Z\udcc3\udcbcrich") == "Zürich"


def test_arguments_that_are_no_text_are_refused() -> None:
    """Bytes that are no UTF-8 cannot be sent."""
    with pytest.raises(click.BadParameter, match="UTF-8"):
        as_text("Z\udcfcrich")
