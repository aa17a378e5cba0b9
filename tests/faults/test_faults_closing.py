"""Closed means closed: the five ways to leave a stream, as the server sees them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest

from headwater import ChatStream, ConfigurationError, Runner, StreamInterrupted, TextDelta
from headwater.testing.fault_server import FaultServer, Script, Stall, chunk

from .provider import Wire
from .wire import CHUNKED, begun, refusal, said, whole

SOON_S = 0.1
COLLECTED_S = 1.0

SILENCES: dict[str, Script] = {
    "before the head": [Stall()],
    "before the first token": begun(),
    "after an event without content": begun("begin"),
    "in the middle of an event": [CHUNKED + chunk(b"data: a"), Stall()],
    "after the first token": begun("a"),
    "after many tokens": begun(*"abcdefgh"),
}


def now() -> float:
    """Read the clock that the server uses."""
    return asyncio.get_running_loop().time()


async def read_on(stream: ChatStream) -> None:
    """Read until something stops it."""
    async for _ in stream:
        pass


async def left_by_cancelling(stream: ChatStream, server: FaultServer) -> float:
    """Cancel the task that reads."""
    task = asyncio.create_task(read_on(stream))
    await server.requests_seen(1)
    await asyncio.sleep(0.02)
    left_at = now()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return left_at


async def left_by_a_timeout(stream: ChatStream, server: FaultServer) -> float:
    """Let a timeout of the application's own end the reading."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await read_on(stream)
    return now()


async def left_by_closing_from_another_task(stream: ChatStream, server: FaultServer) -> float:
    """Close the stream while another task reads it."""
    task = asyncio.create_task(read_on(stream))
    await server.requests_seen(1)
    await asyncio.sleep(0.02)
    left_at = now()
    await stream.aclose()
    with pytest.raises(StreamInterrupted):
        await task
    return left_at


async def left_by_cancelling_the_context(stream: ChatStream, server: FaultServer) -> float:
    """Cancel a task that is inside `async with`."""

    async def read() -> None:
        async with stream:
            await read_on(stream)

    task = asyncio.create_task(read())
    await server.requests_seen(1)
    await asyncio.sleep(0.02)
    left_at = now()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return left_at


Leaving = Callable[[ChatStream, FaultServer], Awaitable[float]]
LEAVINGS: list[Leaving] = [
    left_by_cancelling,
    left_by_a_timeout,
    left_by_closing_from_another_task,
    left_by_cancelling_the_context,
]


@pytest.mark.parametrize("script", SILENCES.values(), ids=SILENCES.keys())
@pytest.mark.parametrize("leave", LEAVINGS, ids=lambda leave: leave.__name__)
async def test_leaving_a_waiting_stream_closes_its_connection(
    runner: Runner, server: FaultServer, script: Script, leave: Leaving
) -> None:
    """A reader that waits can leave in each phase, and the server sees it at once."""
    server.answer_with(script)
    left_at = await leave(runner.stream_chat("wire/m", "Hi"), server)
    assert await server.end_seen_s(left_at) < SOON_S


async def test_break_out_of_the_context_closes_the_connection(
    runner: Runner, server: FaultServer
) -> None:
    """`break` out of `async with` closes at once, with the answer half read."""
    server.answer_with(begun("a", "b"))
    async with runner.stream_chat("wire/m", "Hi") as stream:
        async for event in stream:
            if isinstance(event, TextDelta):
                break
    assert await server.end_seen_s(now()) < SOON_S


async def test_an_exception_out_of_the_context_closes_the_connection(
    runner: Runner, server: FaultServer
) -> None:
    """An exception of the application's own leaves unchanged and closes at once."""
    server.answer_with(begun("a", "b"))

    async def fail() -> None:
        async with runner.stream_chat("wire/m", "Hi") as stream:
            await anext(stream)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await server.end_seen_s(now()) < SOON_S


async def test_aclose_closes_the_connection(runner: Runner, server: FaultServer) -> None:
    """`aclose` between two events closes at once, and may be called again."""
    server.answer_with(begun("a"))
    stream = runner.stream_chat("wire/m", "Hi")
    await anext(stream)
    left_at = now()
    await stream.aclose()
    await stream.aclose()
    assert await server.end_seen_s(left_at) < SOON_S


async def test_aclose_during_an_endless_stream_closes_the_connection(
    runner: Runner, server: FaultServer
) -> None:
    """A server that never pauses is left all the same."""
    server.answer_with([CHUNKED, *[said("a" * 1000)] * 100, Stall()])
    stream = runner.stream_chat("wire/m", "Hi")
    await anext(stream)
    left_at = now()
    await stream.aclose()
    assert await server.end_seen_s(left_at) < SOON_S


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


async def test_a_dropped_text_generator_closes_the_connection(
    runner: Runner, server: FaultServer
) -> None:
    """The text alone, left by `break` with no other reference to the stream, closes too."""
    server.answer_with(begun("a"))
    async for _ in runner.stream_chat("wire/m", "Hi").text():
        break
    assert await server.end_seen_s(now()) < COLLECTED_S


async def test_a_cancelled_chat_closes_its_connection(runner: Runner, server: FaultServer) -> None:
    """A call without streaming is left as fast."""
    server.answer_with([Stall()])
    task = asyncio.create_task(runner.chat("whole/m", "Hi"))
    await server.requests_seen(1)
    left_at = now()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await server.end_seen_s(left_at) < SOON_S


async def test_repeated_cancelling_is_survived(runner: Runner, server: FaultServer) -> None:
    """Two cancellations at once end in one CancelledError and a closed connection."""
    server.answer_with(begun("a"))
    task = asyncio.create_task(read_on(runner.stream_chat("wire/m", "Hi")))
    await server.requests_seen(1)
    await asyncio.sleep(0.02)
    left_at = now()
    task.cancel()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await server.end_seen_s(left_at) < SOON_S


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


async def test_a_runner_closed_during_a_chat_opens_nothing_more(
    runner: Runner, server: FaultServer
) -> None:
    """A call under way when its runner is closed fails, and asks no more."""
    server.answer_with(begun("a"), whole("a"))
    task = asyncio.create_task(runner.chat("wire/m", "Hi"))
    await server.requests_seen(1)
    await runner.aclose()
    with pytest.raises(ConfigurationError, match="this Runner is closed"):
        await task
    assert len(server.requests) == 1
