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

from headwater.testing.payloads import Wire

from .faults_reader import Reader
from .faults_script import Attempt, attempts
from .faults_world import World

MANY = 100

counts = st.sampled_from([1, 2, 3, 4, 6, 9, MANY])


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
