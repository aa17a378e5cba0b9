"""Checks of a call's life: how it is left, what goes on beside it, and what it may wait for."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from ...errors import HeadwaterError
from ...events import Event, is_content
from ..replay import Pause, ReplayTransport, Reply
from ..samples import Sample
from ._direct import opened
from ._features import Feature
from ._frames import frames, unknown_frame
from ._promises import BrokenPromise, few, promise, refuse, streams
from ._running import (
    PROMPT,
    Played,
    asked_for,
    difference,
    play,
    played,
    read_into,
    reply_of,
    run,
    running,
    until_silent,
)
from ._subject import Subject
from ._watch import watched

_KIB: Final = 1024
_KEPT_BYTES: Final = 512 * _KIB
_TURNS: Final = 50  # of the loop, in which what goes on in the background gets its chance
_PATIENCE_S: Final = 4.0  # longer than the core waits for usage after the end mark


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _begun(sample: Sample) -> Reply:
    """Make a reply that falls silent in the middle of the answer."""
    pieces = frames(sample)
    half = max(1, len(pieces) // 2) if len(pieces) > 1 else 0
    begun = pieces[:half] or [sample.body[: len(sample.body) // 2]]
    return reply_of(sample, [*begun, Pause()])


@promise("An answer that is left half read closes its connection, by the plugin itself.")
def leaving_closes(subject: Subject) -> None:
    """Close the plugin's generator after each of its events."""
    for sample in few(subject):
        pieces = frames(sample)
        for count in range(1, len(played(subject, sample).events)):
            is_closed = run(lambda: _closed_after(subject, sample, pieces, count))  # noqa: B023
            if not is_closed:
                raise BrokenPromise(
                    f"left after {count} events, the connection is open", sample.body, sample=sample
                )


async def _closed_after(
    subject: Subject, sample: Sample, pieces: Sequence[bytes], count: int
) -> bool:
    async with opened(subject, reply_of(sample, pieces), sample) as hook:
        for _ in range(count):
            await anext(hook.events, None)
        await hook.events.aclose()
        return all(exchange.is_closed for exchange in hook.exchanges)


@promise("An answer that is complete closes its connection.")
def finishing_closes(subject: Subject) -> None:
    """Read the plugin's generator to its end."""

    async def is_closed(sample: Sample) -> bool:
        async with opened(subject, reply_of(sample), sample) as hook:
            async for _ in hook.events:
                pass
            return all(exchange.is_closed for exchange in hook.exchanges)

    for sample in streams(subject):
        if not run(lambda: is_closed(sample)):  # noqa: B023  # run now
            raise BrokenPromise(
                "the answer is over, and its connection open", sample.body, sample=sample
            )


@promise("An answer is over with its end mark: nothing waits for the server to hang up.")
def it_ends_with_the_end_mark(subject: Subject) -> None:
    """Fall silent after the last byte, and keep the connection."""

    async def ended(sample: Sample) -> str:
        reply = reply_of(sample, [sample.body, Pause()])
        try:
            async with asyncio.timeout(_PATIENCE_S):
                came = await play(subject, reply, sample=sample)
        except TimeoutError:
            return f"it waits on for {_PATIENCE_S:g} s"
        return "" if came.error is None else f"it raises {came.error!r}"

    for sample in few(subject):
        refuse(run(lambda: ended(sample)), sample)  # noqa: B023  # run now


@promise("A cancelled call is over at once, as a cancellation, and is not tried again.")
def cancelling_cancels(subject: Subject) -> None:
    """Cancel the task that reads, while the server is silent in mid-answer."""
    for sample in streams(subject):
        refuse(run(lambda: _cancelled(subject, sample)), sample)  # noqa: B023  # run now


async def _cancelled(subject: Subject, sample: Sample) -> str:
    transport = ReplayTransport(_begun(sample))
    reader = asyncio.create_task(read_into([], subject, sample, transport))
    if not await until_silent(transport, reader):
        return f"it is over while the server is silent: {reader.exception()!r}"
    reader.cancel()
    (outcome,) = await asyncio.gather(reader, return_exceptions=True)
    return "" if reader.cancelled() else f"the cancellation became {outcome!r}"


@promise(
    "Nothing goes on behind a call: no task, and no byte read that was not asked for.", feature=None
)
def nothing_goes_on_behind(subject: Subject) -> None:
    """Read one content and wait; then leave, and look for what is left."""
    for sample in streams(subject):
        refuse(run(lambda: _behind(subject, sample)), sample)  # noqa: B023  # run now


async def _behind(subject: Subject, sample: Sample) -> str:
    # A network gives other tasks their turn before each chunk.
    steps = [step for frame in frames(sample) for step in (Pause(0), frame)]
    transport = ReplayTransport(reply_of(sample, steps))
    own = asyncio.all_tasks()
    async with running(subject, transport) as runner:
        options = asked_for(subject, sample)
        async with runner.stream_chat(subject.model, PROMPT, **options) as stream:
            async with aclosing(event async for event in stream if is_content(event)) as contents:
                await anext(contents, None)
            read = [exchange.chunks_read for exchange in transport.exchanges]
            await _turns()
            if read != [exchange.chunks_read for exchange in transport.exchanges]:
                return "it reads on while the consumer is busy, without a bound"
        await _turns()
        left = asyncio.all_tasks() - own
        if left:
            for task in left:
                task.cancel()
            return f"{len(left)} tasks are left behind"
    return ""


@promise(
    "Memory is bounded: what has been handed on, or passed over, is not kept.",
    feature=Feature.UNKNOWN_FRAMES,
)
def it_hoards_nothing(subject: Subject) -> None:
    """Send a megabyte of frames that say nothing, and look at what is left of them."""
    for sample in few(subject):
        said = unknown_frame(sample, padding=_KIB)
        if said is not None:
            grown = run(lambda: _grown(subject, sample, said))  # noqa: B023  # run now
            refuse(f"of 1024 KiB, {grown // _KIB} are kept" if grown > _KEPT_BYTES else "", sample)


async def _grown(subject: Subject, sample: Sample, said: bytes) -> int:
    """Tell how much memory a plugin has taken by the end of a long answer."""
    first, *rest = frames(sample)
    reply = reply_of(sample, [first, *[said] * _KIB, *rest])
    async with opened(subject, reply, sample) as hook:
        is_traced = tracemalloc.is_tracing()  # by whoever runs the checks
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            most = before
            async for _event in hook.events:  # while the plugin still has what it has
                most = max(most, tracemalloc.get_traced_memory()[0])
        finally:
            if not is_traced:  # pragma: no branch
                tracemalloc.stop()
    return most - before


@promise("A provider object serves several calls at once, and they share nothing.", feature=None)
def calls_share_nothing(subject: Subject) -> None:
    """Read several answers in turn, event by event, from one provider object."""
    samples = list(streams(subject))[:4]
    samples = samples if len(samples) > 1 else samples * 2
    together = run(lambda: _together(subject, samples))
    for sample, got in zip(samples, together, strict=True):
        alone = _alone(subject, sample)
        if got != alone.events:
            raise BrokenPromise(
                f"beside other calls: {difference(got, alone.events)}",
                sample.body,
                sample=sample,
            )


def _alone(subject: Subject, sample: Sample) -> Played:
    """Play a sample on a provider object that has served nobody."""
    reply = reply_of(sample)
    return run(lambda: play(subject, reply, sample=sample, provider=subject.make()))


async def _together(subject: Subject, samples: Sequence[Sample]) -> list[list[Event]]:
    provider = subject.make()
    found: list[list[Event]] = [[] for _ in samples]

    async def read(place: int, sample: Sample) -> None:
        transport = ReplayTransport(reply_of(sample, frames(sample)))
        async with running(subject, transport, provider) as runner:
            options = asked_for(subject, sample)
            async with runner.stream_chat(subject.model, PROMPT, **options) as stream:
                async for event in stream:
                    found[place].append(event)
                    await asyncio.sleep(0)  # so that the others get their turn

    readings = [read(place, sample) for place, sample in enumerate(samples)]
    try:
        await asyncio.gather(*readings)
    except HeadwaterError as error:
        raise BrokenPromise(f"beside other calls it raises {error!r}") from None
    return found


@promise("A second call of a provider object is like the first.", feature=None)
def calls_leave_nothing(subject: Subject) -> None:
    """Play each answer twice, after one that was cut, on one provider object."""
    provider = subject.make()

    async def again(sample: Sample) -> tuple[Played, Played]:
        half = sample.body[: len(sample.body) // 2]
        await play(subject, reply_of(sample, half), sample=sample, provider=provider)
        reply = reply_of(sample)
        first = await play(subject, reply, sample=sample, provider=provider)
        return first, await play(subject, reply, sample=sample, provider=provider)

    for sample in streams(subject):
        first, second = run(lambda: again(sample))  # noqa: B023  # run now
        alone = _alone(subject, sample)
        for came in (first, second):
            if came.events != alone.events:
                raise BrokenPromise(
                    f"after other calls: {difference(came.events, alone.events)}",
                    sample.body,
                    sample=sample,
                )


@promise("The loop is never blocked, and nothing goes past the transport.", feature=None)
def nothing_goes_past_the_transport(subject: Subject) -> None:
    """Watch sleeps, sockets and processes while answers are read."""
    for sample in streams(subject):
        with watched() as done:
            played(subject, sample)
        if done:
            raise BrokenPromise(f"while it reads it does {', '.join(sorted(set(done)))}")
