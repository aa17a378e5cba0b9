"""The short way that most chunks take gives what the long one gives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from headwater import HeadwaterError
from headwater_google._decode import Decoder
from headwater_google._wire import Candidate, Chunk, Content, Part, TokenCounts

VALUES: Final[Sequence[Any]] = [
    *(None, "", [], {}, 0, 1, 2, 2.0, 1.5, 10**30, True, False, "b", "STOP", [{}]),
    *([{"text": "b"}] * 2, [{"text": "b"}], {"name": "f"}, {"name": "f", "args": {}}),
    *({"status": "INTERNAL"}, {"blockReason": "SAFETY"}, {"parts": [{"text": "c"}]}),
]


def chunk(kind: type = Chunk, field: str = "unknown", value: object = None) -> str:
    """Give a plain chunk, with another value in a field of one of the objects in it."""

    def made(this: type, plain: dict[str, Any]) -> dict[str, Any]:
        return {**plain, field: value} if this is kind else plain

    content = made(Content, {"role": "model", "parts": [made(Part, {"text": "a"})]})
    counts = made(TokenCounts, {"promptTokenCount": 1, "candidatesTokenCount": 1})
    candidate = made(Candidate, {"content": content, "index": 0})
    return json.dumps(made(Chunk, {"candidates": [candidate], "usageMetadata": counts}))


def chunks() -> Iterator[str]:
    """Give a plain chunk, and it with each field that is read, whatever stands there."""
    yield chunk()
    for kind in (Chunk, Candidate, Content, Part, TokenCounts):
        for field in msgspec.structs.fields(kind):
            for value in VALUES:
                yield chunk(kind, field.encode_name, value)


CHUNKS: Final = [*chunks(), "[DONE]", " ", "{", "[{}]", chunk(Part, "text", "\ud800")]


def told(decoder: Decoder, given: Sequence[str]) -> list[object]:
    """Tell all that a decoder makes of chunks, the first of which is plain."""
    seen: list[object] = []
    for data in [CHUNKS[0], *given]:
        try:
            seen += [*decoder.feed(data.encode()), decoder.is_settled, decoder.is_done]
            decoder.check()
        except HeadwaterError as error:
            return [*seen, type(error), str(error)]
    return [*seen, *decoder.close()]


def told_the_long_way(given: Sequence[str]) -> list[object]:
    """Tell what a decoder makes of chunks that has guessed wrong so often that it does no more."""
    decoder = Decoder()
    decoder._mistakes = 3
    return told(decoder, given)


def test_no_field_is_overlooked() -> None:
    """Whatever a field holds, it counts for as much."""
    for data in CHUNKS:
        assert told(Decoder(), [data, CHUNKS[0]]) == told_the_long_way([data, CHUNKS[0]]), data


@given(st.lists(st.sampled_from(CHUNKS)))
def test_the_short_way_changes_nothing(given: list[str]) -> None:
    """In whatever order the chunks come."""
    assert told(Decoder(), given) == told_the_long_way(given)
