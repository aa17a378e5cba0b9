"""What holds for any slices, and for any JSON."""

from __future__ import annotations

import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import (
    ChatRequest,
    Event,
    Finished,
    HeadwaterError,
    ModelId,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    fold,
    tool_result,
    user,
)
from headwater.wire.sse import SSEDecoder
from headwater_anthropic._decode import Decoder
from headwater_anthropic._encode import encode_request

from .events import CALL, START, STOP, TEXT, argued, block, ended, said
from .server import slices, sse

ANSWER = sse(
    START,
    *block(0, {"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "𝕙"}),
    *block(1, TEXT, said("naïve "), said("\u2028 👋")),
    *block(2, CALL, argued('{"a": '), argued('"ß"}')),
    ended("tool_use"),
    STOP,
)


def _decode_slices(pieces: list[bytes]) -> list[Event]:
    frames, decoder = SSEDecoder(), Decoder()
    return [
        event
        for piece in pieces
        for frame in frames.feed(piece)
        for event in decoder.feed(frame.data, frame.event)
    ]


@given(seed=st.text(max_size=5))
def test_any_slices_give_equal_events(seed: str) -> None:
    """Where the bytes are cut changes nothing."""
    assert _decode_slices(list(slices(ANSWER, seed))) == _decode_slices([ANSWER])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TYPES = (
    st.sampled_from(["message_start", "message_delta", "message_stop", "error", "ping", "message"])
    | st.sampled_from(["content_block_start", "content_block_delta", "content_block_stop"])
    | st.sampled_from(["text", "text_delta", "tool_use", "thinking", "input_json_delta"])
    | st.sampled_from(["citations_delta", "compaction_delta", "odd"])
)
NAMES = (
    st.sampled_from(["index", "delta", "content_block", "message", "usage", "error", "content"])
    | st.sampled_from(["text", "input", "id", "name", "citation", "citations", "partial_json"])
    | st.sampled_from(["stop_reason", "stop_details", "thinking", "signature", "data", "new"])
    | st.sampled_from(["input_tokens", "output_tokens", "request_id"])
)
OBJECTS: st.SearchStrategy[dict[str, object]] = st.deferred(
    lambda: st.builds(
        lambda kind, fields: {**fields, "type": kind},
        TYPES,
        st.dictionaries(NAMES, JSON | st.integers(0, 2) | OBJECTS, max_size=4),
    )
)


@given(sent=st.lists(JSON | OBJECTS, max_size=8))
def test_no_json_is_too_much(sent: list[object]) -> None:
    """Whatever is sent, what comes out is events or an error of ours, with calls well formed."""
    decoder = Decoder()
    events: list[Event] = []
    try:
        for value in sent:
            events += decoder.feed(json.dumps(value))
    except HeadwaterError:
        return
    finally:
        open_calls: set[str] = set()
        for event in events:
            match event:
                case ToolCallStarted(call_id=call_id):
                    open_calls.add(call_id)
                case ToolCallDelta(call_id=call_id) | ToolCallFinished(call_id=call_id):
                    assert call_id in open_calls
                case Finished():
                    break
                case _:
                    pass


@given(body=st.binary(max_size=60) | OBJECTS.map(lambda value: json.dumps(value).encode()))
def test_no_body_is_too_much(body: bytes) -> None:
    """A whole answer is events, or an error of ours."""
    try:
        events = Decoder().whole(body)
    except HeadwaterError:
        return
    assert isinstance(events[-1], Finished)


@pytest.mark.slow
@given(sent=st.lists(OBJECTS, max_size=8))
def test_every_answer_can_be_sent_back(sent: list[dict[str, object]]) -> None:
    """Whatever is folded of a stream, cut or whole, makes a turn that can be written as JSON."""
    decoder = Decoder()
    events: list[Event] = []
    with suppress(HeadwaterError):
        for value in sent:
            events += decoder.feed(json.dumps(value))
    answer = fold(events).message
    results = [tool_result(call.call_id, "done") for call in answer.tool_calls]
    model = ModelId("anthropic", "claude-sonnet-4-5")
    request = ChatRequest(model=model, messages=(user("Go."), answer, *results, user("And?")))
    body = encode_request(request, is_stream=True).body
    assert json.loads(msgspec.json.encode(body))["messages"][-1]["role"] == "user"
