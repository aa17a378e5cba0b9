"""What goes wrong with an answer, and the errors of it; how it is named stands in `_names`."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeAlias

import attrs

from headwater import (
    ChatRequest,
    ConnectFailed,
    HeadwaterError,
    Overloaded,
    ProtocolError,
    ServerError,
    StreamInterrupted,
)
from headwater.wire.status import ErrorBody, status_error

from ._answer import Answer

__all__ = [
    "Change",
    "Fault",
    "Silence",
    "failed",
    "garbled",
    "overloaded",
    "refused",
    "reset",
    "unconnected",
]

REQUEST_ID: Final = "req_demo"

Change: TypeAlias = Callable[[Answer, ChatRequest, int], Answer]
"""Makes another answer of the one that there would be, with the number that the name holds."""


class Silence(StrEnum):
    """How an answer breaks off without a word of why."""

    CUT = "cut"
    STALL = "stall"
    PINGS = "pings"


@attrs.frozen(kw_only=True)
class Fault:
    """Hold what goes wrong; as it stands, nothing does.

    Attributes:
        refuses: Makes the error that comes in place of an answer.
        breaks: Makes the error that breaks the answer off, or how it falls silent.
        after: The pieces that come before it breaks off, or what else the name counts.
        changes: Makes another answer.
        late_s: The wait before everything else.
        delay_s: The wait before each word, None where the name does not say.
        failures: How many attempts of a call go wrong.
    """

    refuses: Callable[[], HeadwaterError] | None = None
    breaks: Callable[[], HeadwaterError] | Silence | None = None
    after: int = 0
    changes: Change | None = None
    late_s: float = 0.0
    delay_s: float | None = None
    failures: float = math.inf

    @property
    def can_pass(self) -> bool:
        """Tell whether another attempt could go better: nothing was said before it went wrong."""
        is_early = self.breaks is not None and not self.after
        return is_early or self.refuses is not None or self.late_s > 0


def refused(
    name: str,
    status: int,
    *,
    kind: type[HeadwaterError] | None = None,
    code: str | None = None,
    retry_after_s: str | None = None,
) -> HeadwaterError:
    """Make the error of a status, as every wire makes it.

    Args:
        name: The fault that asks for it.
        status: The status.
        kind: The class, where the code says more than the status.
        code: The provider's own word.
        retry_after_s: The header of that name.
    """
    headers = {"x-request-id": REQUEST_ID}
    if retry_after_s is not None:
        headers["retry-after"] = retry_after_s
    return status_error(
        status, headers, ErrorBody(f"rehearsed: {name} refuses", code=code), kind=kind
    )


def unconnected(name: str, why: str, *, is_retryable: bool) -> HeadwaterError:
    """Make the error of a connection that cannot be made."""
    return ConnectFailed(
        f"cannot connect to the demo: {why} (rehearsed by {name})", is_retryable=is_retryable
    )


def reset(name: str) -> HeadwaterError:
    """Make the error of a connection that breaks."""
    return StreamInterrupted(
        f"the connection broke in the middle of the answer (rehearsed by {name})"
    )


def garbled(name: str) -> HeadwaterError:
    """Make the error of a piece that cannot be read."""
    cause = ValueError(f"truncated, rehearsed by {name}")
    return ProtocolError.malformed("a piece of an answer", '{"text": "wo', cause)


def failed(name: str) -> HeadwaterError:
    """Make the error that a provider reports of itself in mid-stream."""
    said = f"rehearsed: {name} fails in mid-stream"
    return ServerError(said, code="server_error", request_id=REQUEST_ID)


def overloaded(name: str) -> HeadwaterError:
    """Make the error of a provider that has no room after all."""
    said = f"rehearsed: {name} has no room in mid-stream"
    return Overloaded(said, code="overloaded_error", request_id=REQUEST_ID)
