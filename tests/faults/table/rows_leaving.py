"""Closed means closed: the ways to leave, in each phase, as the server sees them."""

from __future__ import annotations

import asyncio

import pytest

from headwater import HeadwaterError, StreamInterrupted, TextDelta
from headwater.testing.fault_server import Repeat, Script, Stall, Step, respond
from headwater.testing.payloads import Phase, whole

from .bench import MODEL, Bench
from .scenario import (
    Act,
    Ends,
    Place,
    Plays,
    Scenario,
    answer,
    begun,
    chapter,
    cut_after,
    frames,
    preamble,
    refusal,
)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _read_on(bench: Bench) -> None:
    async for event in bench.stream():
        bench.see(event)


async def _is_under_way(bench: Bench) -> None:
    """Wait until the reader has seen what there is, and waits for what does not come."""
    await bench.server.requests_seen()
    async with asyncio.timeout(5):
        while "".join(bench.shown) != bench.scenario.expected_text:
            bench.has_seen.clear()
            await bench.has_seen.wait()
    await asyncio.sleep(0.01)


async def _cancelled(task: asyncio.Task[None]) -> None:
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancel(bench: Bench) -> None:
    """Cancel the task that reads."""
    task = asyncio.create_task(_read_on(bench))
    await _is_under_way(bench)
    bench.left_at = _now()
    task.cancel()
    await _cancelled(task)


async def cancel_twice(bench: Bench) -> None:
    """Cancel it twice at once."""
    task = asyncio.create_task(_read_on(bench))
    await _is_under_way(bench)
    bench.left_at = _now()
    task.cancel()
    task.cancel()
    await _cancelled(task)


async def cancel_inside(bench: Bench) -> None:
    """Cancel a task that is inside `async with`."""

    async def inside() -> None:
        async with bench.stream() as stream:
            async for event in stream:
                bench.see(event)

    task = asyncio.create_task(inside())
    await _is_under_way(bench)
    bench.left_at = _now()
    task.cancel()
    await _cancelled(task)


async def outer_timeout(bench: Bench) -> None:
    """Let a timeout of the application's own end the reading."""

    async def timed() -> None:
        async with limit:
            await _read_on(bench)

    limit = asyncio.timeout(None)
    task = asyncio.create_task(timed())
    await _is_under_way(bench)
    bench.left_at = _now()
    limit.reschedule(bench.left_at)
    with pytest.raises(TimeoutError):
        await task


async def close_elsewhere(bench: Bench) -> None:
    """Close the stream from another task; the reader is told so."""
    stream = bench.stream()

    async def read() -> None:
        async for event in stream:
            bench.see(event)

    task = asyncio.create_task(read())
    await _is_under_way(bench)
    bench.left_at = _now()
    await stream.aclose()
    with pytest.raises(StreamInterrupted):
        await task


async def close_runner(bench: Bench) -> None:
    """Close the runner while a stream waits."""
    task = asyncio.create_task(_read_on(bench))
    await _is_under_way(bench)
    bench.left_at = _now()
    await bench.runner.aclose()
    with pytest.raises(HeadwaterError):
        await task


async def break_out(bench: Bench) -> None:
    """Leave `async with` by `break`."""
    async with bench.stream() as stream:
        async for event in stream:
            bench.see(event)
            if isinstance(event, TextDelta):
                break
        bench.left_at = _now()


async def raise_out(bench: Bench) -> None:
    """Leave `async with` by an exception of the application's own."""

    async def use() -> None:
        async with bench.stream() as stream:
            async for event in stream:
                bench.see(event)
                if isinstance(event, TextDelta):
                    bench.left_at = _now()
                    raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await use()


async def aclose(bench: Bench) -> None:
    """Call `aclose` between two events, twice."""
    stream = bench.stream()
    async for event in stream:
        bench.see(event)
        if isinstance(event, TextDelta):
            break
    bench.left_at = _now()
    await stream.aclose()
    await stream.aclose()


async def drop(bench: Bench) -> None:
    """Leave a bare `async for`, and with it the last reference."""
    async for event in bench.stream():
        bench.see(event)
        if isinstance(event, TextDelta):
            break
    bench.left_at = _now()


async def drop_text(bench: Bench) -> None:
    """Leave a bare loop over the text alone."""
    async for text in bench.stream().text():
        bench.shown.append(text)
        break
    bench.left_at = _now()


async def cancel_chat(bench: Bench) -> None:
    """Cancel a call without streaming."""
    task = asyncio.create_task(_chat(bench))
    await _is_under_way(bench)
    bench.left_at = _now()
    task.cancel()
    await _cancelled(task)


async def _chat(bench: Bench) -> None:
    await bench.runner.chat(MODEL, "Hi")


def _middle(place: Place) -> list[Script]:
    wire = place.wire
    return [answer(wire, *begun(wire), frames(wire, Phase.CONTENT)[2][:9], Stall())]


def _half_a_body(place: Place) -> list[Script]:
    return [respond(whole(place.wire)[:20], Stall(), media_type="application/json")]


def _endless(place: Place) -> list[Script]:
    wire = place.wire
    again: Step = Repeat(frames(wire, Phase.CONTENT)[0], 0.002)
    return [answer(wire, *preamble(wire), again)]


IN_A_CHAT: dict[str, Plays] = {
    "before the head": lambda _: [[Stall()]],
    "in the body": _half_a_body,
}
FIRST, SECOND = "Hello", "Hello, "
WAITING: dict[str, tuple[Plays, str]] = {
    "before the head": (lambda _: [[Stall()]], ""),
    "after the head": (lambda _: [respond(Stall())], ""),
    "before the first content": (cut_after(preamble, Stall()), ""),
    "after content": (cut_after(begun, Stall()), SECOND),
    "in the middle of a frame": (_middle, SECOND),
}
WAYS_TO_STOP: dict[str, tuple[Act, str]] = {
    "cancelling the reader": (cancel, "`CancelledError`"),
    "cancelling inside `async with`": (cancel_inside, "`CancelledError`"),
    "a timeout of the application's own": (outer_timeout, "its `TimeoutError`"),
    "`aclose` from another task": (close_elsewhere, "`StreamInterrupted` in the reader"),
    "closing the runner": (close_runner, "an error of ours in the reader"),
}
AT_AN_EVENT: dict[str, Plays] = {
    "then silence": cut_after(begun, Stall()),
    "while more comes": _endless,
}
WAYS_TO_LEAVE: dict[str, tuple[Act, str]] = {
    "`break` out of `async with`": (break_out, "nothing more"),
    "an exception out of `async with`": (raise_out, "its exception, unchanged"),
    "`aclose`": (aclose, "nothing more"),
    "a dropped stream": (drop, "nothing more"),
    "a dropped text generator": (drop_text, "nothing more"),
}


def _drops(way: str) -> bool:
    return "dropped" in way


CHAPTER = chapter(
    "Leaving",
    *(
        Scenario(
            name=f"{way}, {when}",
            plays=plays,
            act=act,
            shown=shown,
            ends=Ends.CLIENT,
            caller=caller,
        )
        for way, (act, caller) in WAYS_TO_STOP.items()
        for when, (plays, shown) in WAITING.items()
    ),
    *(
        Scenario(
            name=f"{way} after a text, {when}",
            plays=plays,
            act=act,
            shown=FIRST,
            ends=Ends.CLIENT,
            closed_within_s=1.0 if _drops(way) else 0.1,
            caller=caller,
        )
        for way, (act, caller) in WAYS_TO_LEAVE.items()
        for when, plays in AT_AN_EVENT.items()
    ),
    Scenario(
        name="cancelling the reader twice, after content",
        plays=cut_after(begun, Stall()),
        act=cancel_twice,
        shown=SECOND,
        ends=Ends.CLIENT,
        caller="`CancelledError`",
    ),
    *(
        Scenario(
            name=f"cancelling a call without streaming, {when}",
            plays=plays,
            act=cancel_chat,
            shown="",
            ends=Ends.CLIENT,
            caller="`CancelledError`",
        )
        for when, plays in IN_A_CHAT.items()
    ),
    *(
        Scenario(
            name=f"{way}, in the wait for the next attempt",
            plays=lambda place: [refusal(place.wire, 503, {"retry-after": "30"})],
            act=act,
            shown="",
            ends=Ends.CLIENT if act is close_runner else Ends.POOLED,
            caller=caller,
        )
        for way, (act, caller) in WAYS_TO_STOP.items()
    ),
)
