"""A loop that is late itself is no plugin's fault."""

from __future__ import annotations

import asyncio
import time

import pytest

from headwater import Runner, StreamInterrupted
from headwater.testing.fault_server import FaultServer

from .provider import Wire
from .wire import begun

BLOCKED_S = 1.1  # longer than a plugin has to let go


async def close_on_a_late_loop() -> None:
    """Hold the loop up while a stream is being closed that somebody reads."""
    async with (
        FaultServer(begun("a")) as server,
        Runner(providers={"wire": Wire(server.url)}) as runner,
    ):
        stream = runner.stream_chat("wire/m", "Hi")
        await anext(stream)
        reading = asyncio.create_task(stream.collect())
        await asyncio.sleep(0.01)
        closing = asyncio.create_task(stream.aclose())
        await asyncio.sleep(0)
        time.sleep(BLOCKED_S)  # noqa: ASYNC251  # the point of it
        await closing
        with pytest.raises(StreamInterrupted):
            await reading


@pytest.mark.slow
def test_closing_on_a_loop_that_is_late_blames_nobody() -> None:
    """Where the application holds up the loop as it closes a stream, the stream just ends."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as real:  # whose stalls do count
        real.run(close_on_a_late_loop())
