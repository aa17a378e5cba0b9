"""Properties of the decoder, on whatever bytes and values."""

from __future__ import annotations

import contextlib
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import (
    Event,
    HeadwaterError,
    Usage,
    fold,
)
from headwater.wire.sse import SSEDecoder
from headwater_chat_completions import Quirks
from headwater_chat_completions._decode import Decoder

from .frames import DONE, chunk, decoded, delta, end

COUNTS = {"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16}


_TEXTS = st.text(max_size=6)
_SAID = st.fixed_dictionaries(
    {},
    optional={
        "content": st.one_of(st.none(), _TEXTS),
        "reasoning": st.one_of(st.none(), _TEXTS),
        "refusal": st.one_of(st.none(), _TEXTS),
        "role": st.just("assistant"),
    },
)


def _naive(deltas: list[dict[str, str | None]]) -> dict[str, str]:
    """Join each field over all deltas: what the fields mean, with nothing clever."""
    return {
        field: "".join(said.get(field) or "" for said in deltas)
        for field in ("content", "reasoning", "refusal")
    }


@given(deltas=st.lists(_SAID), cuts=st.lists(st.integers(0, 500)))
def test_any_slicing_gives_what_a_naive_reader_gives(
    deltas: list[dict[str, str | None]], cuts: list[int]
) -> None:
    """However the bytes are cut, the fields are those that a simple reader joins."""
    frames = [*(delta(**said) for said in deltas), end(usage=COUNTS), DONE]
    raw = "".join(f"data: {frame}\n\n" for frame in frames).encode()
    places = sorted({0, *(cut for cut in cuts if cut < len(raw)), len(raw)})
    framer, decoder = SSEDecoder(), Decoder(Quirks())
    events: list[Event] = []
    for start, stop in pairwise(places):
        for frame in framer.feed(raw[start:stop]):
            events += decoder.feed(frame.data, frame.event)
    response = fold(events)
    naive = _naive(deltas)
    assert response.text == naive["content"]
    assert response.reasoning == naive["reasoning"]
    assert (response.refusal or "") == naive["refusal"]
    assert response.usage == Usage(9, 7)


_KEYS = st.sampled_from(
    [
        "choices",
        "delta",
        "message",
        "content",
        "tool_calls",
        "function",
        "index",
        "id",
        "name",
        "arguments",
        "error",
        "usage",
        "reasoning_details",
        "finish_reason",
        "x_groq",
        "type",
        "text",
    ]
)
_PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
)
_JSON = st.recursive(
    _PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_KEYS | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values=st.lists(st.dictionaries(_KEYS, _JSON, max_size=6), max_size=4))
def test_arbitrary_json_gives_events_or_an_error_of_ours(values: list[dict[str, Any]]) -> None:
    """Whatever JSON a server sends, nothing but our own errors comes out."""
    decoder = Decoder(Quirks())
    with contextlib.suppress(HeadwaterError):
        for value in values:
            decoder.feed(json.dumps(value))
            decoder.check()
        decoder.close()


@given(said=st.dictionaries(_KEYS, _JSON, max_size=6), reason=_JSON)
def test_arbitrary_deltas_give_events_or_an_error_of_ours(
    said: dict[str, Any], reason: Any
) -> None:
    """Whatever stands in a delta, nothing but our own errors comes out."""
    with contextlib.suppress(HeadwaterError):
        decoded(chunk(choices=[{"delta": said, "finish_reason": reason}]), DONE)


@given(st.text())
def test_arbitrary_text_gives_events_or_an_error_of_ours(text: str) -> None:
    """Whatever text a frame holds, nothing but our own errors comes out."""
    with contextlib.suppress(HeadwaterError):
        decoded(text)


@given(st.binary() | st.binary().map(lambda raw: b'{"choices":[],"x":"' + raw + b'"}'))
def test_arbitrary_bodies_give_an_error_of_ours(body: bytes) -> None:
    """Whatever bytes a whole body holds, without an answer in it our own error comes out."""
    with pytest.raises(HeadwaterError):
        Decoder(Quirks()).whole(body)
