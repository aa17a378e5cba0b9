"""With `raw=True` the frames show, in their place among the events."""

from __future__ import annotations

import pytest

from headwater import (
    ChatStream,
    Finished,
    HeadwaterError,
    RawFrame,
    Runner,
    Started,
    TextDelta,
)
from headwater.testing.fault_server import LAST_CHUNK, FaultServer

from .provider import Wire
from .wire import CHUNKED, DONE, said


async def read_frames(frames: list[bytes], stream: ChatStream) -> None:
    """Read a stream, keeping the raw frames that it shows."""
    async for event in stream:
        if isinstance(event, RawFrame):
            frames.append(event.data)  # noqa: PERF401  # kept, the error notwithstanding


async def test_raw_frames_precede_their_events(server: FaultServer) -> None:
    """With `raw=True` each frame's payload stands before what was decoded from it."""
    server.answer_with([CHUNKED + said("a", "b", DONE) + LAST_CHUNK])
    async with Runner(providers={"wire": Wire(server.url)}) as runner:
        events = [event async for event in runner.stream_chat("wire/m", "Hi", raw=True)]
    shown = [event.data if isinstance(event, RawFrame) else type(event) for event in events]
    assert shown == [b"a", Started, TextDelta, b"b", TextDelta, b"[DONE]", Finished]


async def test_a_raw_stream_that_fails_shows_its_last_frames(server: FaultServer) -> None:
    """The frame that a plugin failed on is shown before the error."""
    server.answer_with([CHUNKED + said("a", "overloaded") + LAST_CHUNK])
    frames: list[bytes] = []
    async with Runner(providers={"wire": Wire(server.url)}) as runner:
        with pytest.raises(HeadwaterError):
            await read_frames(frames, runner.stream_chat("wire/m", "Hi", raw=True))
    assert frames == [b"a", b"overloaded"]
