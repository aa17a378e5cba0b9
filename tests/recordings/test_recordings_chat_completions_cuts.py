"""Recordings of Chat Completions, cut short and written otherwise, through the decoder alone."""

from __future__ import annotations

import json

import pytest

from headwater import Event, Finished, HeadwaterError
from headwater.wire.sse import ServerSentEvent, SSEDecoder
from headwater_chat_completions import Quirks
from headwater_chat_completions._decode import Decoder

from .recording import VARIABLE, Recording, recordings
from .replay import slices

ALL = recordings("openai-chat")
STREAMS = [one for one in ALL if one.is_stream and one.status == 200]

pytestmark = pytest.mark.skipif(not ALL, reason=f"{VARIABLE} is not set: no recordings to read")
each = pytest.mark.parametrize("recording", STREAMS, ids=[one.name for one in STREAMS])


def _frames(body: bytes, seed: str) -> list[ServerSentEvent]:
    decoder = SSEDecoder()
    return [frame for piece in slices(body, seed) for frame in decoder.feed(piece)]


def _events(frames: list[ServerSentEvent]) -> list[Event]:
    """Decode as far as it goes."""
    decoder = Decoder(Quirks())
    events: list[Event] = []
    try:
        for frame in frames:
            events += decoder.feed(frame.data, frame.event)
            decoder.check()
            if decoder.is_done:
                return events
    except HeadwaterError:
        return events
    return events + decoder.close()


def _has_ended(frames: list[ServerSentEvent]) -> bool:
    """Tell in the simplest way whether an end mark is among the frames."""
    return any(
        frame.data == "[DONE]"
        or any(c.get("finish_reason") for c in json.loads(frame.data).get("choices", ()))
        for frame in frames
    )


@each
def test_a_stream_that_is_cut_is_never_complete(recording: Recording) -> None:
    """However many frames came, there is an end only where the provider has said so."""
    frames = _frames(recording.body, recording.name)
    for count in range(len(frames)):
        ends = [event for event in _events(frames[:count]) if isinstance(event, Finished)]
        if not _has_ended(frames[:count]):
            assert ends == []
        else:
            assert len(ends) <= 1


@each
def test_lines_may_end_otherwise(recording: Recording) -> None:
    """LF, CRLF and CR end lines alike, and comments between them change nothing."""
    plain = recording.body.replace(b"\r\n", b"\n")
    expected = _events(_frames(plain, "one"))
    for ending in (b"\r\n", b"\r"):
        assert _events(_frames(plain.replace(b"\n", ending), "two")) == expected
    assert _events(_frames(plain.replace(b"\n\n", b"\n\n: ping\n\n"), "three")) == expected
