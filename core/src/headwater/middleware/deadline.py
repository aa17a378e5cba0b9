"""The limit on a whole call."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final, TypeVar

from ..call import Call
from ..limits import Limits
from .chain import Handler

__all__ = ["Deadline", "TOTAL_S"]

T = TypeVar("T")

TOTAL_S: Final = 600.0


class Deadline:
    """Limit the whole call: all attempts, the waits between them, and the consumer's own time.

    A wait for the wire is cut short; the consumer's own code never is: it gets the error at its
    next `anext`. An answer that is complete stays so. The call's `Watch` sees to it, so that this
    layer stands in nobody's way: it gives the inner stream itself.

    Args:
        total_s: Seconds; None: what the provider declares, else 600. `math.inf`: no limit.
    """

    def __init__(self, total_s: float | None = None) -> None:
        self._limits = Limits(total_s=total_s)

    def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        """Have `DeadlineExceeded` raised once the time is over."""
        call.watch.limit_total(
            call.limits.total_s or self._limits.total_s or call.declared_limits.total_s or TOTAL_S
        )
        return call_next(call)
