"""Holding a call to its limits, with one timer."""

from __future__ import annotations

import asyncio
import math
import time
import weakref
from typing import Final

from .errors import (
    ConnectTimeout,
    ContentGapTimeout,
    DeadlineExceeded,
    FirstContentTimeout,
    IdleTimeout,
    LimitPassed,
)
from .progress import Progress

__all__ = ["Watch"]

LOOK_S: Final = 10.0  # the longest wait between two looks, so that the first limit sets the timer


class Watch:
    """Look at a call now and then, and interrupt it when a limit has run out.

    The timer is armed again each time that it fires: at least once in the shortest of the limits,
    so that none that begins to count in between is missed. It knows the call weakly: one that
    nobody ends is forgotten all the same.

    Args:
        progress: What moves of the call.
        is_streamed: Whether the answer comes bit by bit, so that its first content can be awaited.

    Attributes:
        connect_s, first_content_s, idle_s, content_gap_s: The limits on each attempt.
    """

    connect_s = first_content_s = idle_s = content_gap_s = math.inf

    def __init__(self, progress: Progress, *, is_streamed: bool) -> None:
        self._progress = weakref.ref(progress)
        self._is_streamed = is_streamed
        self._total_s = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def limit_attempts(
        self, connect_s: float, first_content_s: float, idle_s: float, content_gap_s: float
    ) -> None:
        """Set the limits on each attempt."""
        self.connect_s = connect_s
        self.first_content_s = first_content_s
        self.idle_s = idle_s
        self.content_gap_s = content_gap_s
        self._arm(min(connect_s, first_content_s, idle_s, content_gap_s))

    def limit_total(self, total_s: float) -> None:
        """Set the limit on the whole call, from now on; the earlier one counts."""
        progress = self._progress()
        deadline = time.monotonic() + total_s
        if progress is not None and deadline < progress.deadline:
            progress.deadline = deadline
            self._total_s = total_s
            self._arm(total_s)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, wait_s: float) -> None:
        """Look in a while, unless that happens sooner anyway."""
        if wait_s == math.inf:
            return
        wait_s = min(wait_s, LOOK_S)
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + wait_s:
                return
            self._timer.cancel()
        self._timer = loop.call_later(wait_s, self._look)

    def _look(self) -> None:
        self._timer = None
        progress = self._progress()
        if progress is None:
            return
        left_s = progress.deadline - time.monotonic()
        if left_s <= 0:
            progress.interrupt(_passed(DeadlineExceeded, self._total_s, self._total_s))
            return
        if progress.reader is not None and progress.interruption is None:
            waited_s = progress.waited()
            for kind, limit_s, since in self._running(progress):
                if waited_s - since >= limit_s:
                    progress.interrupt(_passed(kind, limit_s, waited_s - since))
                    break
                left_s = min(left_s, limit_s - (waited_s - since))
        self._arm(
            min(left_s, self.connect_s, self.first_content_s, self.idle_s, self.content_gap_s)
        )

    def _running(self, progress: Progress) -> list[tuple[type[LimitPassed], float, float]]:
        """List the limits on the attempt that count now: class, seconds, and since when."""
        if progress.is_between_attempts:
            return []
        if progress.connecting_at is not None:
            return [(ConnectTimeout, self.connect_s, progress.connecting_at)]
        running: list[tuple[type[LimitPassed], float, float]] = []
        is_streamed = self._is_streamed and not progress.is_whole
        if progress.content_at is not None:
            running.append((ContentGapTimeout, self.content_gap_s, progress.content_at))
        elif is_streamed:
            since = progress.attempt_at if progress.sent_at is None else progress.sent_at
            running.append((FirstContentTimeout, self.first_content_s, since))
        has_begun = progress.content_at is not None or not is_streamed
        if progress.last_byte_at is not None and has_begun:
            running.append((IdleTimeout, self.idle_s, progress.last_byte_at))
        return running


_AWAITED: Final = {
    ConnectTimeout: ("no connection was made within", "connect_s"),
    FirstContentTimeout: ("no content came within", "first_content_s"),
    IdleTimeout: ("not one byte came within", "idle_s"),
    ContentGapTimeout: ("bytes came but no content within", "content_gap_s"),
    DeadlineExceeded: ("the call took longer than", "total_s"),
}


def _passed(kind: type[LimitPassed], limit_s: float, waited_s: float) -> LimitPassed:
    what, name = _AWAITED[kind]
    return kind(
        f"{what} {name}={limit_s:g} seconds; allow more with {name}",
        limit_s=limit_s,
        waited_s=waited_s,
    )
