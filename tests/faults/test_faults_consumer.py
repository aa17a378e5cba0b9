"""No limit ever cancels the consumer's own code, and a slow consumer is nobody's fault."""

from __future__ import annotations

import asyncio

import pytest

from headwater import (
    ChatOptions,
    DeadlineExceeded,
    Finished,
    IdleTimeout,
    LimitPassed,
    Runner,
    TextDelta,
)
from headwater.middleware import Deadline, Timeout
from headwater.testing.fault_server import LAST_CHUNK, FaultServer, Repeat, Stall, Wait

from .provider import Wire, read_into
from .wire import CHUNKED, DONE, begun, said, whole

pytestmark = pytest.mark.slow  # limits have to pass

SHORT_S = 0.06


@pytest.mark.parametrize(
    "limits",
    [{"idle_s": 0.05}, {"content_gap_s": 0.05}, {"first_content_s": 0.05}],
    ids=["idle", "content gap", "first content"],
)
async def test_a_slow_consumer_is_not_timed_out(
    runner: Runner, server: FaultServer, limits: ChatOptions
) -> None:
    """The time in which the consumer is busy is no silence of the server."""
    server.answer_with([CHUNKED + said("begin", "a"), Wait(0.02), said("b", DONE) + LAST_CHUNK])
    texts = []
    async for event in runner.stream_chat("wire/m", "Hi", **limits):
        if isinstance(event, TextDelta):
            texts.append(event.text)
        await asyncio.sleep(0.08)
    assert texts == ["a", "b"]


async def test_the_consumers_time_counts_for_the_total(runner: Runner, server: FaultServer) -> None:
    """`total_s` is raised at the next event asked for, and the consumer's code is not cut."""
    server.answer_with([CHUNKED + said(*"abc", DONE) + LAST_CHUNK])
    stream = runner.stream_chat("wire/m", "Hi", total_s=0.2)
    done = False
    await anext(stream)
    await asyncio.sleep(0.25)
    done = True
    with pytest.raises(DeadlineExceeded) as caught:
        await anext(stream)
    assert (done, caught.value.partial is not None) == (True, True)


async def test_a_complete_answer_is_not_too_late(runner: Runner, server: FaultServer) -> None:
    """An answer that was complete in time stays so, however long its last event is looked at."""
    server.answer_with(whole("a"))
    async for event in runner.stream_chat("wire/m", "Hi", total_s=0.3):
        if isinstance(event, Finished):
            await asyncio.sleep(0.35)


async def test_limits_that_pass_together_cancel_nobody(runner: Runner, server: FaultServer) -> None:
    """Two limits in one turn of the loop give one error of ours."""
    server.answer_with(begun("a"))
    limits: ChatOptions = {"idle_s": SHORT_S, "content_gap_s": SHORT_S, "total_s": SHORT_S}
    task = asyncio.create_task(runner.stream_chat("wire/m", "Hi", **limits).collect())
    with pytest.raises(LimitPassed):
        await task
    assert task.cancelling() == 0


async def test_two_timeouts_that_fire_at_once_cancel_nobody(server: FaultServer) -> None:
    """Layers of the same kind, with the same limit, interrupt the reader once."""
    server.answer_with([Stall()])
    layers = (Deadline(SHORT_S), Timeout(first_content_s=SHORT_S), Timeout(first_content_s=SHORT_S))
    async with Runner(providers={"wire": Wire(server.url)}, middleware=layers) as runner:
        task = asyncio.create_task(runner.stream_chat("wire/m", "Hi").collect())
        with pytest.raises(LimitPassed):
            await task
        assert task.cancelling() == 0


async def test_a_cancellation_from_outside_wins(runner: Runner, server: FaultServer) -> None:
    """Where an application's own timeout passes with ours, it gets what it expects."""
    server.answer_with([Stall()])

    async def read() -> None:
        async with asyncio.timeout(SHORT_S):
            await runner.stream_chat("wire/m", "Hi", total_s=SHORT_S).collect()

    with pytest.raises((TimeoutError, DeadlineExceeded)):
        await read()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_several_tasks_may_read_one_stream_in_turn(
    runner: Runner, server: FaultServer
) -> None:
    """A limit ends the task that waits, not the one that began the stream."""
    server.answer_with(begun("a", "b"))
    stream = runner.stream_chat("wire/m", "Hi", idle_s=SHORT_S)

    async def first_two() -> list[str]:
        return [await anext(stream.text()), await anext(stream.text())]

    beginner = asyncio.create_task(first_two())
    assert await beginner == ["a", "b"]
    bystander = asyncio.create_task(asyncio.sleep(2 * SHORT_S, "unharmed"))
    reader = asyncio.create_task(read_into([], stream))
    with pytest.raises(IdleTimeout):
        await reader
    assert await bystander == "unharmed"


async def test_a_slow_consumer_slows_the_server_down(runner: Runner, server: FaultServer) -> None:
    """Nothing is read ahead without bound: the server is held back."""
    server.answer_with([CHUNKED, Repeat(said("a" * 2**14), 0.0)])
    async with runner.stream_chat("wire/m", "Hi") as stream:
        await anext(stream)
        await asyncio.sleep(0.3)
        sent = server.connections[0].given_bytes
    assert sent < 16 * 2**20  # what the kernel's buffers on both sides may hold
