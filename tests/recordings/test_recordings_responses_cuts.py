"""Recordings of Responses, cut short, and their last event alone."""

from __future__ import annotations

import json

import pytest

from headwater import (
    Finished,
    Runner,
    StreamInterrupted,
    fold,
)
from headwater.wire.sse import ServerSentEvent, SSEDecoder
from headwater_responses import Quirks, Responses
from headwater_responses._decode import Decoder

from .recording import VARIABLE, Recording, recordings
from .replay import replayed, slices

ALL = recordings("openai-responses")
STREAMS = [one for one in ALL if one.is_stream and one.status < 400 and not one.expected["error"]]

pytestmark = pytest.mark.skipif(not ALL, reason=f"{VARIABLE} is not set: no recordings to read")
each = pytest.mark.parametrize("recording", STREAMS, ids=[one.name for one in STREAMS])


def _frames(recording: Recording) -> list[ServerSentEvent]:
    decoder = SSEDecoder()
    pieces = slices(recording.body, recording.name)
    return [frame for piece in pieces for frame in decoder.feed(piece)]


@each
def test_the_final_object_alone_is_the_same_answer(recording: Recording) -> None:
    """The whole response, as a call without streaming gives it, amounts to the folded stream."""
    decoder = Decoder(Quirks())
    events = [event for frame in _frames(recording) for event in decoder.feed(frame.data)]
    streamed = fold(events)
    last = next(
        frame.data
        for frame in reversed(_frames(recording))
        if '"response":' in frame.data and '"usage"' in frame.data
    )
    body = json.dumps(json.loads(last)["response"]).encode()
    whole = fold(Decoder(Quirks()).whole(body))
    assert (whole.text, whole.reasoning) == (streamed.text, streamed.reasoning)
    assert whole.usage == streamed.usage
    assert (whole.finish_reason, whole.raw_reason) == (
        streamed.finish_reason,
        streamed.raw_reason,
    )
    assert [c.arguments for c in whole.tool_calls] == [c.arguments for c in streamed.tool_calls]


@each
def test_a_cut_stream_of_responses_has_no_end(recording: Recording) -> None:
    """Cut at every event, the stream has an end only where the provider has said so."""
    frames = _frames(recording)
    decoder = Decoder(Quirks())
    text = ""
    for frame in frames:
        kind = json.loads(frame.data)["type"] if frame.data[:1] == "{" else ""
        events = decoder.feed(frame.data, frame.event)
        is_last = kind in ("response.completed", "response.incomplete")
        assert [e for e in events if isinstance(e, Finished)] == (events[-1:] if is_last else [])
        text += fold(events).text
    assert text == recording.expected["text"]


@pytest.mark.slow
@each
async def test_a_stream_of_responses_that_breaks_off_raises(recording: Recording) -> None:
    """Without its last event the answer is interrupted, and holds all the text that came."""
    marks = (b"response.completed", b"response.incomplete")
    ends = [place for mark in marks if (place := recording.body.rfind(b'"type":"' + mark)) > 0]
    ends += [place for mark in marks if (place := recording.body.rfind(b'"type": "' + mark)) > 0]
    body = recording.body[: recording.body.rfind(b"data:", 0, max(ends))]
    cut = Recording(
        **{
            name: getattr(recording, name)
            for name in recording.__slots__  # type: ignore[attr-defined]
            if name not in ("body", "__weakref__")
        },
        body=body,
    )
    with pytest.raises(StreamInterrupted) as caught:
        async with replayed(cut) as url, Runner(providers={"p": Responses(url, "k")}) as runner:
            await runner.stream_chat("p/m", "Hello", attempts=1).collect()
    partial = caught.value.partial
    assert partial is not None
    assert partial.finish_reason is None
    assert partial.text == recording.expected["text"]
