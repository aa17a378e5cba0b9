"""Statuses with their bodies, and error frames, to errors of ours; pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs
import msgspec

from headwater.errors import (
    AuthenticationError,
    ContextTooLong,
    HeadwaterError,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    ServerError,
)
from headwater.wire.status import ErrorBody, error_class, status_error

__all__ = ["array_problem", "frame_error", "read_error"]

# https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
_STATUS_WORDS: Final[Mapping[str, type[HeadwaterError]]] = {
    "INVALID_ARGUMENT": InvalidRequest,
    "FAILED_PRECONDITION": InvalidRequest,
    "OUT_OF_RANGE": InvalidRequest,
    "UNIMPLEMENTED": InvalidRequest,
    "UNAUTHENTICATED": AuthenticationError,
    "PERMISSION_DENIED": PermissionDenied,
    "NOT_FOUND": ModelNotFound,
    "RESOURCE_EXHAUSTED": RateLimited,
    "CANCELLED": ServerError,
    "ABORTED": ServerError,
    "DEADLINE_EXCEEDED": ServerError,
    "INTERNAL": ServerError,
    "UNKNOWN": ServerError,
    "UNAVAILABLE": Overloaded,
}
_KEY_REASONS: Final = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED"})
# The wire has no code for this, but these words: FORMATS 9.2.
_TOO_LONG: Final = ("input token count", "exceeds")
_A_DAY: Final = "PerDay"


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
    """Make the error of a response of status 400 and more.

    Shapes:
        {"error": {"code": 429, "message", "status": "RESOURCE_EXHAUSTED", "details": […]}}, the
        same in a list, and what is no JSON at all

    Args:
        status: Its status.
        headers: Its headers, names in lower case.
        body: Its body, as far as it came.

    Source:
        FORMATS 9.1, 9.2 and 10.
    """
    error = _with_word(ErrorBody.read(body))
    kind = _told(error, error_class(status))
    return status_error(status, headers, error, kind=kind, retry_after=_retry_delay_s(error))


def frame_error(value: Mapping[str, Any]) -> HeadwaterError:
    """Make the error of an error object that came inside a 200, in a stream or whole.

    Its status word counts, else its code, as if it were the response's own, but does not become
    the error's `status`: that of the response was 200.

    Source:
        FORMATS 9.3.
    """
    error = _with_word(ErrorBody.of(value))
    kind = _told(error, _STATUS_WORDS.get(error.code or "") or _by_number(error))
    return kind(
        error.message or "the provider broke off its answer with an error and said no more",
        code=error.code,
        retry_after_s=_retry_delay_s(error),
    )


def array_problem(data: str | bytes) -> HeadwaterError | None:
    """Say what is wrong with an array, which is how a stream comes that was not asked for as SSE.

    Shapes:
        [{"error": {…}}] -> that error; [{"candidates": […]}, …] -> ProtocolError; {…} -> None
    """
    try:
        items: Any = msgspec.json.decode(data)
    except (ValueError, RecursionError):  # bad UTF-8 is a ValueError
        return None
    if not isinstance(items, list):
        return None
    if items and isinstance(items[0], dict) and items[0].get("error"):
        return frame_error(items[0])
    return ProtocolError(
        "expected server-sent events of Gemini, got one JSON array: the query alt=sse was lost on "
        "the way; check the base URL, and what stands between"
    )


def _with_word(error: ErrorBody) -> ErrorBody:
    """Take the status word as the code: the number beside it says no more than the status."""
    word = error.details.get("status")
    return attrs.evolve(error, code=word) if isinstance(word, str) and word else error


def _by_number(error: ErrorBody) -> type[HeadwaterError]:
    code = error.details.get("code")
    if isinstance(code, int) and 400 <= code < 600:
        return error_class(code)
    return ProviderError


def _told(error: ErrorBody, kind: type[HeadwaterError]) -> type[HeadwaterError]:
    """Find the class that the details name, where they say more than the status."""
    details = list(_details(error))
    if any(str(detail.get("reason")) in _KEY_REASONS for detail in details):
        return AuthenticationError
    if kind is InvalidRequest and all(words in error.message for words in _TOO_LONG):
        return ContextTooLong
    if kind is RateLimited and any(map(_is_for_a_day, details)):
        return QuotaExceeded
    return kind


def _details(error: ErrorBody) -> Iterator[Mapping[str, Any]]:
    details = error.details.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, Mapping):
            yield detail


def _is_for_a_day(detail: Mapping[str, Any]) -> bool:
    """Tell whether a quota is used up that comes back the next day, and not in a minute."""
    violations = detail.get("violations")
    return any(
        isinstance(violation, Mapping) and _A_DAY in str(violation.get("quotaId"))
        for violation in (violations if isinstance(violations, list) else ())
    )


def _retry_delay_s(error: ErrorBody) -> float | None:
    """Read how long the server asks us to wait; a hint that we cannot read is none.

    Shapes:
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.4s"} -> 34.4
    """
    for detail in _details(error):
        delay = detail.get("retryDelay")
        if isinstance(delay, str) and delay.endswith("s"):
            try:
                seconds = float(delay[:-1])
            except ValueError:
                continue
            if math.isfinite(seconds) and seconds > 0:
                return seconds
    return None
