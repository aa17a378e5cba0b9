"""Waiting for what a server sees, from its own loop, another one, or no loop at all."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future


class Changes:
    """Tell whoever waits, in whatever thread, that something was seen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Future[None]] = []

    def tell(self) -> None:
        """Wake all who wait."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_result(None)

    async def until(self, condition: Callable[[], bool], within_s: float) -> None:
        """Wait in a loop until a condition holds.

        Raises:
            TimeoutError: It did not in that time.
        """
        async with asyncio.timeout(within_s):
            await self._until(condition)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while (change := self._next_unless(condition)) is not None:
            await asyncio.wrap_future(change)

    def wait_until(self, condition: Callable[[], bool], within_s: float) -> None:
        """Wait without a loop until a condition holds.

        Raises:
            TimeoutError: It did not in that time.
        """
        ends_at = time.monotonic() + within_s
        while (change := self._next_unless(condition)) is not None:
            change.result(max(0.0, ends_at - time.monotonic()))

    def _next_unless(self, condition: Callable[[], bool]) -> Future[None] | None:
        """Give what the next change ends; None where the condition holds.

        It is asked for before the condition is looked at, so that no change is missed between.
        """
        change: Future[None] = Future()
        with self._lock:
            self._waiting.append(change)
        return None if condition() else change
