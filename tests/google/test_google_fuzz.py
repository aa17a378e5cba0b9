"""Properties of the decoder, on whatever bytes and values."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import (
    ChatResponse,
    Event,
    HeadwaterError,
    Message,
    ProtocolError,
    ToolCallFinished,
    ToolCallStarted,
    fold,
)
from headwater.wire.sse import SSEDecoder
from headwater_google._decode import Decoder

COUNTS = {"promptTokenCount": 9, "candidatesTokenCount": 5, "thoughtsTokenCount": 2}
END = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": COUNTS}


def _chunk(*parts: dict[str, Any], **candidate: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, **candidate}]}


def _events(*chunks: object, messages: Sequence[Message] = ()) -> list[Event]:
    """Decode a stream: an end mark, and what may follow it, included."""
    decoder = Decoder(messages)
    events = [event for chunk in chunks for event in decoder.feed(json.dumps(chunk))]
    decoder.check()
    return events + decoder.close()


def _answer(*chunks: object) -> ChatResponse:
    return fold(_events(*chunks))


_PART = st.fixed_dictionaries(
    {},
    optional={
        "text": st.text(max_size=5),
        "thought": st.booleans(),
        "thoughtSignature": st.text("ab/+", max_size=3),
        "functionCall": st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from(["f", "g"]),
                "id": st.sampled_from(["", "w"]),
                "args": st.dictionaries(st.text(max_size=2), st.integers(0, 9), max_size=2),
                "willContinue": st.booleans(),
                "partialArgs": st.lists(
                    st.fixed_dictionaries(
                        {"jsonPath": st.sampled_from(["$.a", "$.b[0]", "$.b[1].c", "$"])},
                        optional={"stringValue": st.text(max_size=3), "numberValue": st.just(1)},
                    ),
                    max_size=2,
                ),
            },
        ),
        "executableCode": st.just({"code": "1"}),
    },
)
_CHUNKS = st.lists(st.lists(_PART, max_size=3).map(lambda parts: _chunk(*parts)), max_size=5)


@given(chunks=_CHUNKS, cuts=st.lists(st.integers(0, 2000)))
def test_any_slicing_gives_equal_events(chunks: list[Any], cuts: list[int]) -> None:
    """However the bytes are cut, the events are those of the frames, and keep the grammar."""
    raw = "".join(f"data: {json.dumps(chunk)}\r\n\r\n" for chunk in [*chunks, END]).encode()
    places = sorted({0, *(cut for cut in cuts if cut < len(raw)), len(raw)})
    framer, decoder = SSEDecoder(), Decoder()
    events: list[Event] = []
    for start, stop in pairwise(places):
        for frame in framer.feed(raw[start:stop]):
            events += decoder.feed(frame.data)
    events += decoder.close()
    assert events == _events(*chunks, END)
    _check_calls(events)
    texts = [part["text"] for chunk in chunks for part in _parts(chunk) if _is_text(part)]
    assert fold(events).text == "".join(texts)


def _parts(chunk: dict[str, Any]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = chunk["candidates"][0]["content"]["parts"]
    return parts


def _is_text(part: dict[str, Any]) -> bool:
    return "text" in part and not part.get("thought")


def _check_calls(events: list[Event]) -> None:
    """Each call begins and ends once, and none is left open."""
    started = [event.call_id for event in events if isinstance(event, ToolCallStarted)]
    finished = [event.call_id for event in events if isinstance(event, ToolCallFinished)]
    assert started == finished
    assert len(set(started)) == len(started)


@given(chunks=_CHUNKS)
def test_a_whole_answer_is_the_folded_stream(chunks: list[Any]) -> None:
    """One object with all parts gives the message that the stream of them gives."""
    parts = [part for chunk in chunks for part in _parts(chunk)]
    whole = {**_chunk(*parts, finishReason="STOP"), "usageMetadata": COUNTS}
    assert fold(Decoder().whole(json.dumps(whole).encode())) == _answer(*chunks, END)


_KEYS = st.sampled_from(
    [
        "candidates",
        "content",
        "parts",
        "text",
        "functionCall",
        "name",
        "args",
        "partialArgs",
        "jsonPath",
        "stringValue",
        "thoughtSignature",
        "finishReason",
        "index",
        "usageMetadata",
        "promptTokenCount",
        "promptFeedback",
        "blockReason",
        "groundingMetadata",
        "error",
    ]
)
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(values=st.lists(_JSON, max_size=4))
def test_any_json_raises_nothing_that_is_not_ours(values: list[Any]) -> None:
    """Whatever JSON comes, it is events or an error of ours."""
    decoder = Decoder()
    for value in values:
        with contextlib.suppress(HeadwaterError):
            decoder.feed(json.dumps(value))
        with contextlib.suppress(HeadwaterError):
            Decoder().whole(json.dumps(value).encode())
    decoder.close()


@given(data=st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_any_bytes_raise_nothing_that_is_not_ours(data: bytes) -> None:
    """Whatever bytes come, they are events or an error of ours."""
    with contextlib.suppress(HeadwaterError):
        Decoder().whole(data)
    with contextlib.suppress(HeadwaterError):
        Decoder().feed(data.decode("utf-8", "replace"))


def test_nesting_without_end_is_refused() -> None:
    """A bomb of brackets is an error of ours."""
    bomb = '{"candidates":[{"groundingMetadata":' + "[" * 200_000
    with pytest.raises(ProtocolError):
        Decoder().feed(bomb)
