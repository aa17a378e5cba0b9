"""The limits on one attempt."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, TypeVar

from ..call import Call, Limits, Operation
from ..errors import (
    ConnectTimeout,
    ContentGapTimeout,
    FirstContentTimeout,
    IdleTimeout,
    LimitPassed,
)
from ..events import is_content
from .chain import Handler, first_set

__all__ = ["CONNECT_S", "CONTENT_GAP_S", "FIRST_CONTENT_S", "IDLE_S", "Timeout"]

T = TypeVar("T")

CONNECT_S: Final = 10.0
FIRST_CONTENT_S: Final = 120.0
IDLE_S: Final = 30.0
CONTENT_GAP_S: Final = math.inf


class Timeout:
    """Limit one attempt where users feel it; the time in which the consumer is busy does not count.

    None means: what the provider declares, else the default. `math.inf` means no limit.

    Args:
        connect_s: Until a connection stands; 10.
        first_content_s: From the send until the first content, whatever pings come; 120.
        idle_s: Without a single byte once content has come, pings being bytes; 30. Of an answer
            that is not streamed: once its body has begun.
        content_gap_s: Between one content and the next, whatever pings come; off.
    """

    def __init__(
        self,
        connect_s: float | None = None,
        first_content_s: float | None = None,
        idle_s: float | None = None,
        content_gap_s: float | None = None,
    ) -> None:
        self._limits = Limits(
            connect_s=connect_s,
            first_content_s=first_content_s,
            idle_s=idle_s,
            content_gap_s=content_gap_s,
        )

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        """Raise the error of the limit that ran out."""
        watch = _Watch(call, self._limits)
        progress = call.progress
        watch.arm(watch.shortest_s)
        try:
            async with aclosing(call_next(call)) as items:
                async for item in items:
                    if is_content(item):
                        watch.content_at = progress.waited_s
                        yield item
                        break
                    yield item
                if watch.content_gap_s == math.inf:
                    async for item in items:
                        yield item
                else:
                    async for item in items:
                        if is_content(item):
                            watch.content_at = progress.waited_s
                        yield item
        finally:
            watch.disarm()


class _Watch:
    """One timer for the stream: it looks when it fires, and arms itself again.

    It fires at least once in the shortest of the limits, so that none that begins to count in
    between is missed.
    """

    def __init__(self, call: Call, own: Limits) -> None:
        asked, declared = call.limits, call.declared_limits
        self.connect_s = first_set(asked.connect_s, own.connect_s, declared.connect_s, CONNECT_S)
        self.first_content_s = first_set(
            asked.first_content_s, own.first_content_s, declared.first_content_s, FIRST_CONTENT_S
        )
        self.idle_s = first_set(asked.idle_s, own.idle_s, declared.idle_s, IDLE_S)
        self.content_gap_s = first_set(
            asked.content_gap_s, own.content_gap_s, declared.content_gap_s, CONTENT_GAP_S
        )
        self.shortest_s = min(self.connect_s, self.first_content_s, self.idle_s, self.content_gap_s)
        self.content_at: float | None = None
        self._call = call
        self._error: LimitPassed | None = None
        self._timer: asyncio.TimerHandle | None = None

    def arm(self, wait_s: float) -> None:
        """Look again after a while."""
        if wait_s < math.inf:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._look)

    def disarm(self) -> None:
        """Stop looking; the attempt is over, and another one may wait again."""
        if self._timer is not None:
            self._timer.cancel()
        if self._error is not None and self._call.progress.interruption is self._error:
            self._call.progress.interruption = None

    def _look(self) -> None:
        progress = self._call.progress
        left_s = math.inf
        if progress.reader is not None and progress.interruption is None:
            waited_s = progress.waited()
            for kind, name, limit_s, since in self._running():
                if waited_s - since >= limit_s:
                    self._error = _passed(kind, name, limit_s, waited_s - since)
                    self._call.interrupt(self._error)
                    return
                left_s = min(left_s, limit_s - (waited_s - since))
        self.arm(min(left_s, self.shortest_s))

    def _running(self) -> list[tuple[type[LimitPassed], str, float, float]]:
        """List the limits that count now: class, name, seconds, and since when."""
        progress = self._call.progress
        if progress.connecting_at is not None:
            return [(ConnectTimeout, "connect_s", self.connect_s, progress.connecting_at)]
        running: list[tuple[type[LimitPassed], str, float, float]] = []
        is_streamed = self._call.operation is Operation.STREAM_CHAT and not progress.is_whole
        if self.content_at is not None:
            running.append(
                (ContentGapTimeout, "content_gap_s", self.content_gap_s, self.content_at)
            )
        elif is_streamed:
            since = progress.attempt_at if progress.sent_at is None else progress.sent_at
            running.append((FirstContentTimeout, "first_content_s", self.first_content_s, since))
        if progress.last_byte_at is not None and (self.content_at is not None or not is_streamed):
            running.append((IdleTimeout, "idle_s", self.idle_s, progress.last_byte_at))
        return running


_AWAITED: Final = {
    ConnectTimeout: "no connection was made",
    FirstContentTimeout: "no content came",
    IdleTimeout: "not one byte came",
    ContentGapTimeout: "bytes came but no content",
}


def _passed(kind: type[LimitPassed], name: str, limit_s: float, waited_s: float) -> LimitPassed:
    return kind(
        f"{_AWAITED[kind]} within {name}={limit_s:g} seconds; allow more with {name}",
        limit_s=limit_s,
        waited_s=waited_s,
    )
