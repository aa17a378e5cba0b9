"""The short way that most frames take gives what the long one gives."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from headwater import HeadwaterError
from headwater_anthropic._decode import Decoder
from headwater_anthropic._wire import Delta, Frame

VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, "", [], {}, 0, 1, 0.0, True, "a", "end_turn", "text_delta"),
        *("content_block_delta", "thinking_delta", "citations_delta", "new_delta"),
        *({"type": "overloaded_error"}, {"output_tokens": 3}, {"type": "text", "text": "b"}),
    ]
)


@st.composite
def deltas(draw: st.DrawFn) -> dict[str, Any]:
    """Give a plain delta in which a field or two may have any value."""
    delta: dict[str, Any] = {"type": "text_delta", "text": draw(st.sampled_from("aé"))}
    frame: dict[str, Any] = {"type": "content_block_delta", "index": 0, "delta": delta}
    kinds = st.sampled_from([(Frame, frame), (Delta, delta)])
    for kind, value in draw(st.lists(kinds, max_size=2)):
        fields = [field.encode_name for field in msgspec.structs.fields(kind)]
        value[draw(st.sampled_from([*fields, "unknown"]))] = draw(VALUES)
    return frame


def begun(index: int, block: dict[str, Any]) -> dict[str, Any]:
    """Give the beginning of a block."""
    return {"type": "content_block_start", "index": index, "content_block": block}


TEXT = {"type": "text", "text": ""}
TOOL = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
OTHERS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"type": "ping"},
        begun(0, TEXT),
        begun(1, TEXT),
        begun(0, {"type": "thinking", "thinking": ""}),
        begun(1, TOOL),
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "c"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
    ]
)
START = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}'


@st.composite
def frames(draw: st.DrawFn) -> tuple[bytes, str]:
    """Give a frame, and the name of its event."""
    frame = draw(deltas() | OTHERS)
    names = st.sampled_from([frame.get("type"), "content_block_delta", "message", "error"])
    data = draw(
        st.sampled_from([json.dumps(frame)] * 6 + ["", "{", '{"delta":{"text":"\\ud800"}}'])
    )
    return data.encode(), str(draw(names))


def told(decoder: Decoder, given: list[tuple[bytes, str]]) -> list[object]:
    """Tell all that a decoder makes of frames, after the beginning of a text."""
    seen: list[object] = []
    for data, name in [(START, "content_block_delta"), *given]:
        try:
            seen += [*decoder.feed(data, name), decoder.is_settled, decoder.is_done]
        except HeadwaterError as error:
            return [*seen, type(error), str(error)]
    return [*seen, *decoder.close()]


@given(st.lists(frames(), max_size=6))
def test_the_short_way_changes_nothing(given: list[tuple[bytes, str]]) -> None:
    """Whatever the frames hold, and in whatever order they come."""
    short, long = Decoder(), Decoder()
    long._mistakes = 3  # as if it had guessed wrong so often that it guesses no more
    assert told(short, given) == told(long, given)
