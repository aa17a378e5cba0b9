"""Closed means closed: the five ways to leave a stream, as the server sees them."""

from __future__ import annotations

import asyncio
import gc

import pytest

from headwater import ChatStream, ConfigurationError, Runner, StreamInterrupted, TextDelta
from headwater.testing.fault_server import FaultServer, Script, Stall

from .provider import Wire
from .wire import begun, refusal, whole

SOON_S = 0.1
COLLECTED_S = 1.0


def now() -> float:
    """Read the clock that the server uses."""
    return asyncio.get_running_loop().time()


async def read_on(stream: ChatStream) -> None:
    """Read until something stops it."""
    async for _ in stream:
        pass


@pytest.mark.parametrize("script", [begun("a"), begun("begin", "count")], ids=["content", "none"])
async def test_a_dropped_stream_closes_its_connection(
    runner: Runner, server: FaultServer, script: Script
) -> None:
    """A bare `async for` that is left drops the stream, and with it the connection."""
    server.answer_with(script)
    async for _ in runner.stream_chat("wire/m", "Hi", middleware=[]):
        break
    assert await server.end_seen_s(now()) < COLLECTED_S


async def test_a_stream_dropped_under_all_layers_needs_no_garbage_collection(
    runner: Runner, server: FaultServer
) -> None:
    """No reference goes round: the last one dropped is the end, with the collector off."""
    server.answer_with(begun("a"))
    gc.disable()
    try:
        async for _ in runner.stream_chat("wire/m", "Hi"):
            break
        assert await server.end_seen_s(now()) < COLLECTED_S
    finally:
        gc.enable()


async def test_two_tasks_that_close_at_once_do_not_cancel_the_reader(
    runner: Runner, server: FaultServer
) -> None:
    """Two Stop buttons pressed together give the reader one StreamInterrupted."""
    server.answer_with(begun("a"))
    stream = runner.stream_chat("wire/m", "Hi")
    task = asyncio.create_task(read_on(stream))
    await server.requests_seen(1)
    await asyncio.sleep(0.02)
    await asyncio.gather(stream.aclose(), stream.aclose())
    with pytest.raises(StreamInterrupted):
        await task
    assert task.cancelling() == 0


async def test_closing_during_the_wait_between_attempts(server: FaultServer) -> None:
    """A stream that waits for its next attempt is closed as fast, and asks no more."""
    server.answer_with(refusal(503, "retry-after: 30"))
    async with Runner(providers={"wire": Wire(server.url)}) as runner:
        stream = runner.stream_chat("wire/m", "Hi")
        task = asyncio.create_task(read_on(stream))
        await server.requests_seen(1)
        await asyncio.sleep(0.05)
        await stream.aclose()
        with pytest.raises(StreamInterrupted) as caught:
            await task
    assert (len(server.requests), caught.value.attempts) == (1, 1)


async def test_a_stream_closed_between_events_interrupts_its_reader(
    runner: Runner, server: FaultServer
) -> None:
    """A reader that asks for more after another task closed is told so, with what had come."""
    server.answer_with(begun("a", "b"))
    stream = runner.stream_chat("wire/m", "Hi")
    async for event in stream:
        if isinstance(event, TextDelta):
            break
    await asyncio.create_task(stream.aclose())
    with pytest.raises(StreamInterrupted) as caught:
        await anext(stream)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "a"


async def test_a_runner_that_is_closed_keeps_no_connection(
    runner: Runner, server: FaultServer
) -> None:
    """One that waited for the next call is closed too."""
    server.answer_with(whole("a"))
    await runner.chat("wire/m", "Hi")
    assert server.connections[0].closed_at is None
    left_at = now()
    await runner.aclose()
    assert await server.end_seen_s(left_at) < SOON_S


async def test_a_runner_closed_with_streams_open_closes_them(
    runner: Runner, server: FaultServer
) -> None:
    """Closing the runner ends the streams that wait and the ones that do not."""
    server.answer_with(begun("a"))
    waiting, resting = (runner.stream_chat("wire/m", "Hi") for _ in range(2))
    task = asyncio.create_task(read_on(waiting))
    await anext(resting)
    await server.requests_seen(2)
    await asyncio.sleep(0.02)
    left_at = now()
    await runner.aclose()
    with pytest.raises(StreamInterrupted):
        await task
    ends = [await server.end_seen_s(left_at, number) for number in range(2)]
    assert max(ends) < SOON_S


@pytest.mark.parametrize("turns", [*range(12), 100])
@pytest.mark.parametrize("script", [begun("a"), [Stall()]], ids=["content", "none"])
async def test_a_runner_closed_during_a_chat_opens_nothing_more(
    runner: Runner, server: FaultServer, script: Script, turns: int
) -> None:
    """A call under way when its runner is closed fails at once, in whatever moment."""
    server.answer_with(script, whole("a"))
    task = asyncio.create_task(runner.chat("wire/m", "Hi"))
    await server.requests_seen(1)
    for _ in range(turns):
        await asyncio.sleep(0)
    closed_at = now()
    await runner.aclose()
    with pytest.raises(ConfigurationError, match="this Runner is closed"):
        await task
    assert now() - closed_at < SOON_S
    assert len(server.requests) == 1
