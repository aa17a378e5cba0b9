"""Waiting for what a server sees, from its own loop, another one, or no loop at all."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Final

LOOK_UP_S: Final = 0.05  # that the other side has taken bytes is told by nobody


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
            try:
                await asyncio.wait([asyncio.wrap_future(change)], timeout=LOOK_UP_S)
            finally:
                self._forget(change)

    def wait_until(self, condition: Callable[[], bool], within_s: float) -> None:
        """Wait without a loop until a condition holds.

        Raises:
            TimeoutError: It did not in that time.
        """
        ends_at = time.monotonic() + within_s
        while (change := self._next_unless(condition)) is not None:
            left_s = ends_at - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            with suppress(TimeoutError):
                change.result(min(left_s, LOOK_UP_S))
            self._forget(change)

    def _next_unless(self, condition: Callable[[], bool]) -> Future[None] | None:
        """Give what the next change ends; None where the condition holds.

        It is asked for before the condition is looked at, so that no change is missed between.
        """
        change: Future[None] = Future()
        with self._lock:
            self._waiting.append(change)
        if not condition():
            return change
        self._forget(change)
        return None

    def _forget(self, change: Future[None]) -> None:
        """Wait for it no more."""
        with self._lock, suppress(ValueError):  # it has come
            self._waiting.remove(change)
