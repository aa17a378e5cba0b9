"""The limit on a whole call."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, TypeVar

from ..call import Call, Limits
from ..errors import DeadlineExceeded
from ..events import Finished
from .chain import Handler, first_set

__all__ = ["Deadline", "TOTAL_S"]

T = TypeVar("T")

TOTAL_S: Final = 600.0


class Deadline:
    """Limit the whole call: all attempts, the waits between them, and the consumer's own time.

    A wait for the wire is cut short; the consumer's own code never is: it gets the error at its
    next `anext`. An answer that is complete stays so.

    Args:
        total_s: Seconds; None: what the provider declares, else 600. `math.inf`: no limit.
    """

    def __init__(self, total_s: float | None = None) -> None:
        self._limits = Limits(total_s=total_s)

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        """Raise `DeadlineExceeded` once the time is over."""
        total_s = first_set(
            call.limits.total_s, self._limits.total_s, call.declared_limits.total_s, TOTAL_S
        )
        error = DeadlineExceeded(
            f"the call took longer than total_s={total_s:g} seconds; allow more with total_s",
            limit_s=total_s,
            waited_s=total_s,
        )
        call.progress.deadline = min(call.progress.deadline, time.monotonic() + total_s)
        timer = None
        if total_s < math.inf:
            timer = asyncio.get_running_loop().call_later(total_s, call.interrupt, error)
        try:
            async with aclosing(call_next(call)) as items:
                async for item in items:
                    yield item
                    if call.progress.interruption is error and not isinstance(item, Finished):
                        raise error
        finally:
            if timer is not None:
                timer.cancel()
