"""One call under way: waiting, and being interrupted."""

from __future__ import annotations

import asyncio
import gc

import pytest

from headwater import Call, ChatRequest, Limits, ModelId, Operation, StreamInterrupted, user

REQUEST = ChatRequest(model=ModelId("p", "m"), messages=(user("Hi"),))


def made_call() -> Call:
    """Make a call."""
    return Call(request=REQUEST, operation=Operation.CHAT)


async def test_an_interruption_ends_the_present_wait() -> None:
    """With the error given, and without a trace of a cancellation."""
    call = made_call()
    task = asyncio.create_task(call.wait(asyncio.sleep(30)))
    await asyncio.sleep(0)
    call.interrupt(StreamInterrupted("enough"))
    with pytest.raises(StreamInterrupted, match="enough"):
        await task
    assert (task.cancelling(), call.progress.reader) == (0, None)


async def test_an_interruption_ends_the_next_wait() -> None:
    """Before it has begun, and what was to be awaited is put away."""
    call = made_call()
    call.interrupt(StreamInterrupted("enough"))
    future = asyncio.get_running_loop().create_future()
    for awaitable in (asyncio.sleep(30), future):
        with pytest.raises(StreamInterrupted, match="enough"):
            await call.wait(awaitable)
    gc.collect()  # a coroutine that was never awaited would warn now


async def test_two_interruptions_are_one_error() -> None:
    """The last one, and the task is cancelled once."""
    call = made_call()
    task = asyncio.create_task(call.wait(asyncio.sleep(30)))
    await asyncio.sleep(0)
    call.interrupt(StreamInterrupted("first"))
    call.interrupt(StreamInterrupted("second"))
    with pytest.raises(StreamInterrupted, match="second"):
        await task
    assert task.cancelling() == 0


async def test_a_cancellation_beats_an_interruption() -> None:
    """What came from outside leaves as it came, and is still counted."""
    call = made_call()
    task = asyncio.create_task(call.wait(asyncio.sleep(30)))
    await asyncio.sleep(0)
    call.interrupt(StreamInterrupted("enough"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelling() == 1


@pytest.mark.parametrize("is_retryable", [True, False], ids=["passing", "final"])
async def test_what_ends_the_call_outlasts_a_cancellation(*, is_retryable: bool) -> None:
    """A layer that cancelled one wait and goes on is still held to the deadline."""
    call = made_call()
    task = asyncio.create_task(call.wait(asyncio.sleep(30)))
    await asyncio.sleep(0)
    call.interrupt(StreamInterrupted("enough", is_retryable=is_retryable))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    call.progress.forgive()
    assert (call.progress.interruption is None) is is_retryable


async def test_a_wait_that_swallows_its_interruption_is_counted_right() -> None:
    """The task goes on as if it had never been cancelled; the next wait fails."""

    async def stubborn() -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            return "went on"
        raise AssertionError

    call = made_call()
    task = asyncio.create_task(call.wait(stubborn()))
    await asyncio.sleep(0)
    call.interrupt(StreamInterrupted("enough"))
    assert (await task, task.cancelling()) == ("went on", 0)
    with pytest.raises(StreamInterrupted):
        await call.wait(asyncio.sleep(0))


async def test_the_clock_stands_still_while_nobody_waits() -> None:
    """Only waits are counted, the present one included."""
    call = made_call()
    await call.wait(asyncio.sleep(0.02))
    before = call.progress.waited()
    await asyncio.sleep(0.03)
    assert call.progress.waited() == before >= 0.02
    task = asyncio.create_task(call.wait(asyncio.sleep(0.03)))
    await asyncio.sleep(0.01)
    assert call.progress.waited() > before
    await task


def test_another_request_moves_with_the_call() -> None:
    """What moves is shared; what was asked is not."""
    call = made_call()
    other = ChatRequest(model=ModelId("p", "other"), messages=REQUEST.messages)
    again = call.with_request(other)
    assert (again.progress, again.id) == (call.progress, call.id)
    assert (again.request, call.request) == (other, REQUEST)


def test_a_call_on_its_own_has_no_declared_limits() -> None:
    """Nobody has declared any."""
    assert made_call().declared_limits == Limits()


async def test_a_call_that_is_over_lets_go_of_its_interruption() -> None:
    """Its traceback leads back to the call, in a circle that keeps the conversation."""
    call = made_call()
    call.interrupt(StreamInterrupted("enough"))
    with pytest.raises(StreamInterrupted, match="enough"):
        await call.wait(asyncio.sleep(30))
    call.end()
    assert call.progress.interruption is None
