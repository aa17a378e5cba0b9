"""The short way that most lines take gives what the long one gives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from headwater import HeadwaterError
from headwater_ollama._decode import Decoder
from headwater_ollama._wire import Line, Said

PLAIN: Final = {"model": "m", "created_at": "now", "message": {"content": "a"}, "done": False}
VALUES: Final[Sequence[Any]] = [
    *(None, "", [], {}, 0, 1, 1.0, True, False, "b", "stop"),
    *([{"function": {"name": "f", "arguments": {}}}], {"content": "c"}, [{"token": "a"}]),
]


def lines() -> Iterator[str]:
    """Give a plain line, and it with each field that is read, whatever stands there."""
    yield json.dumps(PLAIN)
    for value in VALUES:
        for field in msgspec.structs.fields(Line):
            yield json.dumps({**PLAIN, field.encode_name: value})
        for field in msgspec.structs.fields(Said):
            yield json.dumps({**PLAIN, "message": {"content": "a", field.encode_name: value}})


LINES: Final = [*lines(), "{", "[]", '{"message": {"content": "\\ud800"}}']


def told(decoder: Decoder, given: Sequence[str]) -> list[object]:
    """Tell all that a decoder makes of lines, the first of which is plain."""
    seen: list[object] = []
    for line in [LINES[0], *given]:
        try:
            seen += [*decoder.feed(line.encode()), decoder.is_settled, decoder.is_done]
        except HeadwaterError as error:
            return [*seen, type(error), str(error)]
    return seen


def told_the_long_way(given: Sequence[str]) -> list[object]:
    """Tell what a decoder makes of lines that has guessed wrong so often that it does no more."""
    decoder = Decoder()
    decoder._mistakes = 3
    return told(decoder, given)


def test_no_field_is_overlooked() -> None:
    """Whatever a field holds, it counts for as much."""
    for line in LINES:
        assert told(Decoder(), [line, LINES[0]]) == told_the_long_way([line, LINES[0]]), line


@given(st.lists(st.sampled_from(LINES)))
def test_the_short_way_changes_nothing(given: list[str]) -> None:
    """In whatever order the lines come."""
    assert told(Decoder(), given) == told_the_long_way(given)
