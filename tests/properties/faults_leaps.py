"""A loop in a time of its own: where nothing is ready, time leaps to what comes next."""

from __future__ import annotations

import asyncio
import selectors

TICK_S = 1e-7  # a clock that stands still is no clock


class _Leap(selectors.DefaultSelector):
    """A selector that waits for nothing: where it would, time leaps."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "a hang: nothing will ever happen again"
            self.now += max(timeout, TICK_S)
        return ready


class LeapingLoop(asyncio.SelectorEventLoop):
    """A loop in a time of its own, which leaps to the next thing that is to happen."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        """Tell the loop's time."""
        return self._leap.now

    def timers(self) -> list[asyncio.TimerHandle]:
        """List what is still to happen."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        return [timer for timer in scheduled if not timer.cancelled()]
