"""Calls that meet any script of faults, read by consumers who do as they please.

Whatever the scripts: a call gives the whole answer once, or raises one of our errors with what was
handed out, in the attempts and the time allowed; and nothing is open afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from enum import StrEnum
from typing import Any, ClassVar

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, rule

from headwater import (
    ChatStream,
    Event,
    Finished,
    HeadwaterError,
    LimitPassed,
    Started,
    StreamInterrupted,
    TextDelta,
)
from headwater.testing.payloads import Wire

from .faults_script import Attempt, Spoken, attempts
from .faults_world import World

MANY = 100

counts = st.sampled_from([1, 2, 3, 4, 6, 9, MANY])


class Reader:
    """One call, with all that was seen of it, held against the truth at each step.

    Attributes:
        stream: The handle; None once it was dropped.
        shown: The text that was handed out.
        is_over: Whether nothing more is to come.
    """

    def __init__(self, world: World, number: int, wire: Wire, busy_s: float = 0.0) -> None:
        limits = world.limits
        self.stream: ChatStream | None = world.runner.stream_chat(
            f"{wire}/m",
            f"call-{number}.",
            first_content_s=limits.first_content_s,
            idle_s=limits.idle_s,
            content_gap_s=limits.content_gap_s,
            total_s=limits.total_s,
            attempts=limits.attempts,
        )
        self.shown = ""
        self.is_over = False
        self.number = number
        self._world = world
        self._finished = 0
        self._started = 0
        self._waited_s = 0.0
        self._is_closed = False
        self._busy_s = busy_s

    async def read(self, count: int) -> None:
        """Ask for some events more."""
        for _ in range(count):
            if self.is_over or self.stream is None:
                return
            await self._read_one(self.stream)
            if self._busy_s and not self.is_over:
                await asyncio.sleep(self._busy_s)

    async def _read_one(self, stream: ChatStream) -> None:
        since = self._world.now()
        try:
            event = await anext(stream)
        except StopAsyncIteration:
            self._over()
            assert self._finished == 1
        except HeadwaterError as error:
            self._over()
            self._check_error(error)
        except asyncio.CancelledError:
            self._over()
            raise
        else:
            self._take(event)
        finally:
            self._waited_s += self._world.now() - since
            assert self._waited_s <= (self._world.limits.total_s or 0) + self._world.slack_s

    def _over(self) -> None:
        self.is_over = True

    def _take(self, event: Event) -> None:
        assert self._finished == 0, "something came after the end"
        match event:
            case Started():
                assert self.shown == ""
                self._started += 1
            case TextDelta(text=text):
                self.shown += text
            case Finished():
                self._finished += 1
                self._check_success()
            case _:
                pass
        assert self._started == 1
        assert self._answers(), "a text that nobody wrote"

    def _answers(self) -> list[Spoken]:
        """List the answers that may be the one that is being read; no two begin alike."""
        served = self._served()
        spoken = [attempt for attempt in served if isinstance(attempt, Spoken)]
        return [answer for answer in spoken if answer.truth.startswith(self.shown)]

    def _served(self) -> Sequence[Attempt]:
        """Give what the attempts have met, having checked how many there are."""
        assert self.stream is not None
        served = self._world.served(self.number)
        made = self.stream.metrics.attempts
        assert made <= (self._world.limits.attempts or 0)
        assert made - self._world.unseen <= len(served) <= made + self._world.spares()
        return served

    def _check_success(self) -> None:
        """Hold a success against the truth: all of it, with its end mark."""
        assert self.stream is not None
        whole = [answer for answer in self._answers() if answer.truth == self.shown]
        assert any(answer.is_marked for answer in whole), "a cut answer passed for a whole one"
        assert self.shown == self.stream.response.text
        assert self.stream.response.finish_reason is not None

    def _check_error(self, error: HeadwaterError) -> None:
        """Hold an error against what was handed out, and against the policy."""
        stream = self.stream
        assert stream is not None
        assert self._finished == 0, "a success and an error"
        assert error.partial is not None
        assert error.partial.text == self.shown
        assert error.partial.finish_reason is None
        assert stream.response.text == self.shown
        if self._is_closed:
            assert isinstance(error, StreamInterrupted)
            return
        assert error.attempts == stream.metrics.attempts
        self._check_policy(error)

    def _check_policy(self, error: HeadwaterError) -> None:
        """Hold an error against the limits: no sooner, little later, and retried while it may."""
        served, shortest_s = self._served(), self._world.shortest_s
        if isinstance(error, LimitPassed):
            late_s = error.waited_s - error.limit_s
            assert -0.001 <= late_s <= shortest_s + self._world.slack_s
        else:
            good = [a for a in served if isinstance(a, Spoken) and a.is_good(shortest_s)]
            assert not good, "an answer with nothing wrong in it failed"
        if error.is_retryable and not self.shown:
            assert error.not_retried or error.attempts == self._world.limits.attempts

    # What a consumer may do but read.

    async def cancelled(self, count: int, after_s: float) -> None:
        """Read, and be cancelled meanwhile."""
        task = asyncio.ensure_future(self.read(count))
        await asyncio.sleep(after_s)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled() or task.exception() is None, task.exception()
        await self._world_has_let_go()

    async def stopped(self, count: int, after_s: float) -> None:
        """Read, while another task closes the stream."""
        assert self.stream is not None
        reading = asyncio.ensure_future(self.read(count))
        await asyncio.sleep(after_s)
        self._is_closed = True
        await self.stream.aclose()
        await reading
        await self.read(1)
        assert self.is_over
        await self._world_has_let_go()

    async def left(self, count: int) -> None:
        """Break out of the loop that reads."""
        assert self.stream is not None
        async with self.stream:
            await self.read(count)
        self._over()
        await self._world_has_let_go()

    async def dropped(self, count: int) -> None:
        """Read, and let go of the stream without a word."""
        await self.read(count)
        self.stream = None
        self._over()
        await asyncio.sleep(0)
        await self._world_has_let_go()

    async def _world_has_let_go(self) -> None:
        if self.is_over and self._world.served(self.number):
            await self._world.let_go(self.number)


class Conduct(StrEnum):
    """What becomes of a call."""

    READ = "read"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    LEFT = "left"
    DROPPED = "dropped"


@attrs.frozen
class Told:
    """A call and its consumer, told beforehand."""

    wire: Wire
    attempts: tuple[Attempt, ...]
    conduct: Conduct
    count: int
    after_s: float
    busy_s: float


@st.composite
def calls(draw: st.DrawFn, pauses: st.SearchStrategy[float]) -> Told:
    """Make a call and what its consumer does."""
    wire = draw(st.sampled_from(Wire))
    conduct = draw(st.sampled_from([Conduct.READ, *Conduct]))
    met = draw(attempts(wire, pauses=pauses))
    return Told(wire, met, conduct, draw(counts), draw(pauses), draw(pauses))


def make_at_once(world: World, told: Sequence[Told]) -> None:
    """Make calls, all at once, each with its own consumer; then close the runner."""

    async def make_all() -> None:
        async with asyncio.TaskGroup() as group:
            for number, call in enumerate(told):
                world.announce(number, call.attempts)
                reader = Reader(world, number, call.wire, call.busy_s)
                group.create_task(_consume(reader, call))

    try:
        world.run(make_all())
    finally:
        world.close()


async def _consume(reader: Reader, call: Told) -> None:
    match call.conduct:
        case Conduct.READ:
            await reader.read(MANY)
        case Conduct.CANCELLED:
            await reader.cancelled(call.count, call.after_s)
        case Conduct.STOPPED:
            await reader.stopped(call.count, call.after_s)
        case Conduct.LEFT:
            await reader.left(call.count)
        case Conduct.DROPPED:
            await reader.dropped(call.count)


class FaultsMachine(RuleBasedStateMachine):
    """Begin calls, read them by turns or at once, and leave them in every way."""

    make_world: ClassVar[Callable[[], World]]
    pauses: ClassVar[st.SearchStrategy[float]]

    readers: Bundle[Reader] = Bundle("readers")

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).make_world()
        self.count = 0

    def _run(self, doing: Coroutine[Any, Any, Any]) -> None:
        self.world.run(doing)

    @rule(target=readers, wire=st.sampled_from(Wire), count=counts, data=st.data())
    def begin(self, wire: Wire, count: int, data: st.DataObject) -> Reader:
        """Begin to read a call."""
        self.count += 1
        self.world.announce(self.count, data.draw(attempts(wire, pauses=self.pauses)))
        reader = Reader(self.world, self.count, wire)
        self._run(reader.read(count))
        return reader

    @rule(reader=readers, count=counts)
    def read(self, reader: Reader, count: int) -> None:
        """Read some of it."""
        self._run(reader.read(count))

    @rule(several=st.lists(readers, min_size=1, max_size=4, unique=True))
    def read_at_once(self, several: list[Reader]) -> None:
        """Read several to their ends, all at once."""

        async def all_of_them() -> None:
            await asyncio.gather(*[reader.read(MANY) for reader in several])

        self._run(all_of_them())
        assert all(reader.is_over for reader in several)

    @rule(data=st.data())
    def be_busy(self, data: st.DataObject) -> None:
        """Do something else for a while."""
        self._run(asyncio.sleep(data.draw(self.pauses)))

    @rule(reader=consumes(readers), count=counts, data=st.data())
    def cancel(self, reader: Reader, count: int, data: st.DataObject) -> None:
        """Cancel a task that reads."""
        self._run(reader.cancelled(count, data.draw(self.pauses)))

    @rule(reader=consumes(readers), count=counts, data=st.data())
    def stop(self, reader: Reader, count: int, data: st.DataObject) -> None:
        """Close a stream from another task."""
        self._run(reader.stopped(count, data.draw(self.pauses)))

    @rule(reader=consumes(readers), count=counts)
    def leave(self, reader: Reader, count: int) -> None:
        """Leave a stream."""
        self._run(reader.left(count))

    @rule(reader=consumes(readers), count=counts)
    def drop(self, reader: Reader, count: int) -> None:
        """Drop a stream."""
        self._run(reader.dropped(count))

    def teardown(self) -> None:
        """Close the runner; nothing may be left."""
        self.world.close()
