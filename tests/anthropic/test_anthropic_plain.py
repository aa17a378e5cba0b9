"""The short way that most frames take gives what the long one gives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from headwater import HeadwaterError
from headwater_anthropic._decode import Decoder
from headwater_anthropic._wire import Delta, Frame

Named: TypeAlias = tuple[str, str]

DELTA: Final = {"type": "text_delta", "text": "a"}
PLAIN: Final = {"type": "content_block_delta", "index": 0, "delta": DELTA}
NAME: Final = "content_block_delta"
VALUES: Final[Sequence[Any]] = [
    *(None, "", [], {}, 0, 1, 0.0, True, "b", "end_turn", "text_delta", "message_stop"),
    *("content_block_delta", "thinking_delta", "citations_delta", "new_delta"),
    *({"type": "overloaded_error"}, {"output_tokens": 3}, {"type": "text", "text": "c"}),
]


def begun(index: int, block: dict[str, Any]) -> dict[str, Any]:
    """Give the beginning of a block."""
    return {"type": "content_block_start", "index": index, "content_block": block}


OTHERS: Final = [
    {"type": "ping"},
    begun(0, {"type": "text", "text": ""}),
    begun(1, {"type": "text", "text": ""}),
    begun(0, {"type": "thinking", "thinking": ""}),
    begun(1, {"type": "tool_use", "id": "t", "name": "f", "input": {}}),
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_stop", "index": 1},
    {**PLAIN, "index": 1},
    {**PLAIN, "index": 1, "delta": {"type": "thinking_delta", "thinking": "b"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
    {"type": "message_stop"},
]


def frames() -> Iterator[Named]:
    """Give a plain frame, it with each field that is read, whatever stands there, and others."""
    yield json.dumps(PLAIN), NAME
    for value in VALUES:
        for kind, plain in ((Frame, PLAIN), (Delta, DELTA)):
            for field in msgspec.structs.fields(kind):
                spoilt = {**plain, field.encode_name: value}
                yield json.dumps(spoilt if kind is Frame else {**PLAIN, "delta": spoilt}), NAME
    for other in OTHERS:
        yield json.dumps(other), str(other["type"])


FRAMES: Final = [
    *frames(),
    *((json.dumps(PLAIN), name) for name in ("message", "error", "ping")),
    *((data, NAME) for data in ("", "{", '{"delta": {"text": "\\ud800"}}')),
]


def told(decoder: Decoder, given: Sequence[Named]) -> list[object]:
    """Tell all that a decoder makes of frames, the first of which is plain."""
    seen: list[object] = []
    for data, name in [FRAMES[0], *given]:
        try:
            seen += [*decoder.feed(data.encode(), name), decoder.is_settled, decoder.is_done]
        except HeadwaterError as error:
            return [*seen, type(error), str(error)]
    return [*seen, *decoder.close()]


def told_the_long_way(given: Sequence[Named]) -> list[object]:
    """Tell what a decoder makes of frames that has guessed wrong so often that it does no more."""
    decoder = Decoder()
    decoder._mistakes = 3
    return told(decoder, given)


def test_no_field_is_overlooked() -> None:
    """Whatever a field holds, it counts for as much."""
    for frame in FRAMES:
        assert told(Decoder(), [frame, FRAMES[0]]) == told_the_long_way([frame, FRAMES[0]]), frame


@given(st.lists(st.sampled_from(FRAMES)))
def test_the_short_way_changes_nothing(given: list[Named]) -> None:
    """In whatever order the frames come."""
    assert told(Decoder(), given) == told_the_long_way(given)
