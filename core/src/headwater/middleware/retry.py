"""Another attempt, as long as nobody can have seen the first one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final, TypeVar

from ..call import Call
from ..errors import HeadwaterError
from ..events import UsageUpdated, is_content
from ..limits import Limits
from .chain import Handler

__all__ = ["ATTEMPTS", "Retry"]

T = TypeVar("T")

ATTEMPTS: Final = 3
MAX_RETRY_AFTER_S: Final = 60.0


def _random() -> float:
    import random  # heavy, and needed when something has failed

    return random.random()


class Retry:
    """Try again after a transient failure, up to the first content and not after it.

    What precedes content is held back until then, so that nothing shows twice. Waits are uniform in
    0 … min(max_wait_s, initial_wait_s · 2ⁿ); what the server asks for (`Retry-After`) is a minimum,
    with up to a tenth on top. The calls to one provider object share a budget of ten retries, of
    which a success gives a tenth back, so that retries cannot amplify an outage.

    Args:
        attempts: How often to try; None: what the provider declares, else 3.
        initial_wait_s: The longest first wait, seconds.
        max_wait_s: The longest wait of our own choosing, seconds.
        max_retry_after_s: The longest wait that a server may ask for, seconds; beyond it the error
            is raised at once, with `retry_after_s` on it.
        sleep: Waits for some seconds.
        jitter: Gives a random number from 0 to 1.
        clock: Gives the time, as `time.monotonic` does.
    """

    def __init__(
        self,
        attempts: int | None = None,
        initial_wait_s: float = 0.5,
        max_wait_s: float = 8.0,
        *,
        max_retry_after_s: float = MAX_RETRY_AFTER_S,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = _random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = Limits(attempts=attempts)
        self._initial_wait_s = initial_wait_s
        self._max_wait_s = max_wait_s
        self._max_retry_after_s = max_retry_after_s
        self._sleep = sleep
        self._jitter = jitter
        self._clock = clock

    async def __call__(  # noqa: C901  # four short loops over one stream, and what ends them
        self, call: Call, call_next: Handler[T], /
    ) -> AsyncGenerator[T, None]:
        """Give the items of the first attempt that produced content."""
        attempts = (
            call.limits.attempts
            or self._limits.attempts
            or call.declared_limits.attempts
            or ATTEMPTS
        )
        number = 0
        while True:
            number += 1
            held: list[T] = []
            is_committed = False
            try:
                async with aclosing(call_next(call)) as items:
                    async for item in items:
                        if is_content(item):
                            is_committed = True
                            break
                        _hold(item, held)
                    for early in held:
                        yield early
                    if is_committed:
                        yield item
                    async for item in items:
                        yield item
            except HeadwaterError as error:
                call.progress.end_attempt()
                wait_s = None if is_committed else self._wait_s(error, number, attempts, call)
                if wait_s is None:
                    for early in () if is_committed else held:
                        yield early
                    raise
            else:
                call.retry_budget.give_back()
                return
            await call.wait(self._sleep(wait_s))

    def _wait_s(
        self, error: HeadwaterError, number: int, attempts: int, call: Call
    ) -> float | None:
        """Say how long to wait before another attempt, or None: there is to be none.

        Why there is none, although the failure may pass, is noted on the error.
        """
        if not error.is_retryable or number == attempts:
            return None
        wait_s = self._jitter() * min(self._max_wait_s, self._initial_wait_s * 2.0 ** (number - 1))
        if error.retry_after_s is not None:
            wait_s = max(wait_s, error.retry_after_s * (1 + self._jitter() / 10))
        if (error.retry_after_s or 0) > self._max_retry_after_s:
            error.not_retried = f"the provider asks to wait {error.retry_after_s:g} seconds"
        elif self._clock() + wait_s > call.deadline:
            error.not_retried = "no time is left before the deadline"
        elif not call.retry_budget.take():
            error.not_retried = "the retry budget of this provider is used up"
        if error.not_retried is not None:
            return None
        if call.progress.on_retried is not None:
            call.progress.on_retried(error, wait_s)
        return wait_s


def _hold(item: T, held: list[T]) -> None:
    """Hold what precedes content; of several counts only the last, which includes the others."""
    if isinstance(item, UsageUpdated):
        held[:] = [other for other in held if not isinstance(other, UsageUpdated)]
    held.append(item)
