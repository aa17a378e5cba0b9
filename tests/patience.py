"""A clock that waits for a busy machine, and a loop that goes by it.

On a machine that does other things as well, a process may stand still at any point, for a second or
two. By the clock on the wall a limit of some milliseconds then passes before what it waits for had
a chance to come, and what was to be at once is late. The clock of a `PatientLoop` counts the time
in which the loop waits for something, a slice at a time, and of all other time next to nothing:
what a test says of milliseconds holds on any machine. `install` has every test run by it. Threads
that wait for each other have a `Pulse`.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Self

SLICE_S: Final = 0.002  # a wait counts in slices of this length, however late the machine is
TURN_S: Final = 0.0001  # what is not a wait counts for no more, from one look to the next

_real = time.monotonic
_usual_loop = asyncio.new_event_loop


class PatientClock:
    """Tell a time that never runs faster than the real one, and that no stall moves.

    Attributes:
        now: What it told last.
    """

    def __init__(self) -> None:
        self.now = self._looked_at = _real()

    def look(self, most_s: float = TURN_S) -> float:
        """Tell the time; since the last look no more may have passed than is said."""
        looked_at = _real()
        self.now += min(looked_at - self._looked_at, most_s)
        self._looked_at = looked_at
        return self.now


class _PatientSelector(selectors.DefaultSelector):
    """Wait in slices, by a clock that counts no more than these."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = PatientClock()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ends_at = self.clock.look() + (math.inf if timeout is None else timeout)
        while True:
            slice_s = max(0.0, min(SLICE_S, ends_at - self.clock.now))
            ready = super().select(slice_s)
            self.clock.look(max(slice_s, TURN_S))
            if ready or self.clock.now >= ends_at:
                return ready


class PatientLoop(asyncio.SelectorEventLoop):
    """A loop by whose clock only waiting takes time."""

    def __init__(self) -> None:
        selector = _PatientSelector()
        super().__init__(selector)
        self._clock = selector.clock

    def time(self) -> float:
        """Tell the loop's time."""
        return self._clock.look()


def monotonic() -> float:
    """Tell the time of the patient loop that runs in this thread, else the real one."""
    loop = asyncio._get_running_loop()
    return loop.time() if isinstance(loop, PatientLoop) else _real()


def install() -> None:
    """Make every loop a patient one, and let `time.monotonic` go by it.

    To be called before anything is imported that keeps either.
    """
    time.monotonic = monotonic
    asyncio.new_event_loop = asyncio.events.new_event_loop = PatientLoop


@contextmanager
def uninstalled() -> Iterator[None]:
    """Go by the clock on the wall for a while, and by the usual loop."""
    time.monotonic = _real
    asyncio.new_event_loop = asyncio.events.new_event_loop = _usual_loop
    try:
        yield
    finally:
        install()


class Pulse:
    """Tell how much time the threads of this process have had, while nothing else ran in place.

    A thread of its own takes one slice after another: it stands still with the others.
    """

    def __init__(self) -> None:
        self._slices = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="Pulse", daemon=True)

    def _beat(self) -> None:
        while not self._stopping.wait(SLICE_S):
            self._slices += 1

    def __call__(self) -> float:
        """Tell the time in seconds, from the beginning."""
        return self._slices * SLICE_S

    def sleep(self, seconds: float) -> None:
        """Let so much time pass for all threads."""
        ends_at = self() + seconds
        while self() < ends_at:
            time.sleep(SLICE_S)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
