"""The limits on one attempt."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from typing import Final, TypeVar

from ..call import Call
from ..limits import Limits
from .chain import Handler

__all__ = ["CONNECT_S", "CONTENT_GAP_S", "FIRST_CONTENT_S", "IDLE_S", "Timeout"]

T = TypeVar("T")

CONNECT_S: Final = 10.0
FIRST_CONTENT_S: Final = 120.0
IDLE_S: Final = 30.0
CONTENT_GAP_S: Final = math.inf


class Timeout:
    """Limit one attempt where users feel it; the time in which the consumer is busy does not count.

    The call's `Watch` sees to it, so that this layer stands in nobody's way: it gives the inner
    stream itself. None means: what the provider declares, else the default; `math.inf`: no limit.

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

    def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        """Have the error of the limit raised that runs out."""
        # no limit is ever 0, so the first that is set is the first that counts
        asked, own, declared = call.limits, self._limits, call.declared_limits
        call.watch.limit_attempts(
            asked.connect_s or own.connect_s or declared.connect_s or CONNECT_S,
            asked.first_content_s
            or own.first_content_s
            or declared.first_content_s
            or FIRST_CONTENT_S,
            asked.idle_s or own.idle_s or declared.idle_s or IDLE_S,
            asked.content_gap_s or own.content_gap_s or declared.content_gap_s or CONTENT_GAP_S,
        )
        return call_next(call)
