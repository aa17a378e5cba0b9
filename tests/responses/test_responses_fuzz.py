"""Properties of the decoder, on whatever bytes and values."""

from __future__ import annotations

import contextlib
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import Event, HeadwaterError, fold
from headwater.responses import unfold
from headwater.wire.sse import SSEDecoder
from headwater_responses import Quirks
from headwater_responses._decode import Decoder

from .written import (
    arguments,
    call,
    completed,
    created,
    decoded,
    done,
    message,
    refused,
    said,
    thought,
)

_TEXTS = st.text(max_size=6)


@st.composite
def _items(draw: st.DrawFn) -> list[tuple[list[str], dict[str, Any]]]:
    """Make items, each with the deltas that it came in."""
    items: list[tuple[list[str], dict[str, Any]]] = []
    for index in range(draw(st.integers(0, 5))):
        texts = draw(st.lists(_TEXTS.filter(bool), min_size=1, max_size=4))
        joined = "".join(texts)
        match draw(st.sampled_from(["text", "refusal", "reasoning", "call", "other"])):
            case "text":
                item = message(joined, id=f"m{index}", phase=draw(st.sampled_from(["a", None])))
                frames = [said(text, index) for text in texts]
            case "refusal":
                item = message({"type": "refusal", "refusal": joined}, id=f"m{index}")
                frames = [refused(text, index) for text in texts]
            case "reasoning":
                item = thought(joined, id=f"r{index}", encrypted_content=draw(_TEXTS))
                frames = [said(text, index, "reasoning_summary_text") for text in texts]
            case "call":
                item = call(joined, id=f"f{index}", call_id=f"c{index}", name=draw(_TEXTS))
                frames = [arguments(text, index) for text in texts]
            case _:
                item = {"type": "web_search_call", "id": f"w{index}", "query": joined}
                frames = []
        items.append((frames, item))
    return items


def _streamed(items: list[tuple[list[str], dict[str, Any]]]) -> list[str]:
    frames = [created()]
    for index, (deltas, item) in enumerate(items):
        frames += [*deltas, done(index, **item)]
    return [*frames, completed()]


@given(items=_items())
def test_the_whole_answer_is_the_folded_stream(
    items: list[tuple[list[str], dict[str, Any]]],
) -> None:
    """Deltas with their items, items alone, and the whole answer amount to one response."""
    streamed = fold(decoded(*_streamed(items)))
    alone = [done(index, **item) for index, (_, item) in enumerate(items)]
    assert fold(decoded(created(), *alone, completed())) == streamed
    whole = completed(*(item for _, item in items))
    assert fold(decoded(created(), whole)) == streamed
    assert fold(unfold(streamed)).message == streamed.message


@given(items=_items(), cuts=st.lists(st.integers(0, 3000)))
def test_any_slicing_of_responses_gives_equal_events(
    items: list[tuple[list[str], dict[str, Any]]], cuts: list[int]
) -> None:
    """However the bytes are cut, the events are the same."""
    frames = _streamed(items)
    raw = "".join(f"event: e\r\ndata: {frame}\r\n\r\n" for frame in frames).encode()
    places = sorted({0, *(cut for cut in cuts if cut < len(raw)), len(raw)})
    framer, decoder = SSEDecoder(), Decoder(Quirks())
    events: list[Event] = []
    for start, stop in pairwise(places):
        for frame in framer.feed(raw[start:stop]):
            events += decoder.feed(frame.data, frame.event)
    assert events == decoded(*frames)


_KINDS = st.sampled_from(
    [
        "response.created",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_text.delta",
        "response.output_text.annotation.added",
        "response.refusal.delta",
        "response.reasoning_text.delta",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.completed",
        "response.incomplete",
        "response.failed",
        "error",
        "message",
        "reasoning",
        "function_call",
        "output_text",
        "refusal",
    ]
)
_KEYS = st.sampled_from(
    [
        "type",
        "delta",
        "item",
        "output_index",
        "item_id",
        "response",
        "output",
        "content",
        "summary",
        "arguments",
        "name",
        "call_id",
        "id",
        "status",
        "error",
        "code",
        "message",
        "usage",
        "incomplete_details",
        "annotations",
        "annotation",
        "text",
    ]
)
_PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _KINDS
    | st.text(max_size=5)
)
_JSON = st.recursive(
    _PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_KEYS | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
_EVENT = st.tuples(_KINDS, st.dictionaries(_KEYS, _JSON, max_size=6)).map(
    lambda pair: {**pair[1], "type": pair[0]}
)
_ITEM_EVENT = st.tuples(_EVENT, _EVENT).map(lambda pair: {**pair[0], "item": pair[1]})


@pytest.mark.slow
@given(values=st.lists(_EVENT | _ITEM_EVENT | st.dictionaries(_KEYS, _JSON), max_size=5))
def test_arbitrary_json_gives_events_or_an_error(values: list[dict[str, Any]]) -> None:
    """Whatever JSON a server sends, nothing but our own errors comes out."""
    with contextlib.suppress(HeadwaterError):
        fold(decoded(*map(json.dumps, values)))


@pytest.mark.slow
@given(body=st.dictionaries(_KEYS, _JSON, max_size=8), output=st.lists(_EVENT, max_size=3))
def test_an_arbitrary_answer_gives_events_or_an_error(
    body: dict[str, Any], output: list[Any]
) -> None:
    """Whatever a whole answer holds, nothing but our own errors comes out."""
    for value in (body, {**body, "output": output}):
        with contextlib.suppress(HeadwaterError):
            fold(Decoder(Quirks()).whole(json.dumps(value).encode()))


@given(st.text(), st.sampled_from(["message", "error", "response.completed"]))
def test_arbitrary_frames_give_events_or_an_error(text: str, name: str) -> None:
    """Whatever text a frame holds, under whatever name, nothing but our own errors comes out."""
    decoder = Decoder(Quirks())
    with contextlib.suppress(HeadwaterError):
        decoder.feed(text, name)
        decoder.check()
