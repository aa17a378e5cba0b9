"""Statuses with their bodies, and error frames, to errors of ours; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from headwater.errors import (
    AuthenticationError,
    ContextTooLong,
    HeadwaterError,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    PermissionDenied,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    printable,
)
from headwater.wire.status import ErrorBody, status_error

__all__ = ["frame_error", "read_error"]

# Types that say at least as much as the status beside them.
_TELLING: Final[Mapping[str, type[HeadwaterError]]] = {
    "authentication_error": AuthenticationError,
    "billing_error": QuotaExceeded,
    "exceed_context_size_error": ContextTooLong,  # llama.cpp, which speaks this wire as well
    "not_found_error": ModelNotFound,
    "overloaded_error": Overloaded,
    "permission_error": PermissionDenied,
    "rate_limit_error": RateLimited,
}

# Types that say no more than their status, where an error inside a 200 has none.
_STATUS_WORDS: Final[Mapping[str, type[HeadwaterError]]] = {
    "api_error": ServerError,
    "invalid_request_error": InvalidRequest,
    "request_too_large": InvalidRequest,
    "timeout_error": ServerError,
}

# What the API says with the type `invalid_request_error` alone: there is no code to go by.
_INVALID_REQUEST: Final = "invalid_request_error"
_PHRASES: Final[Mapping[str, type[HeadwaterError]]] = {
    "prompt is too long": ContextTooLong,
    "exceed context limit": ContextTooLong,
    "credit balance is too low": QuotaExceeded,
    "reached your specified API usage limits": QuotaExceeded,
}


class _Envelope(msgspec.Struct, gc=False):
    request_id: str | None = None


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
    """Make the error of a response of status 400 and more.

    Shapes:
        {"type": "error", "error": {"type", "message"}, "request_id"}, and what is no JSON at all

    Args:
        status: Its status.
        headers: Its headers, names in lower case.
        body: Its body, as far as it came.

    Source:
        FORMATS 9.1 and 9.2.
    """
    error = ErrorBody.read(body)
    made = status_error(status, headers, error, kind=_told(error))
    made.request_id = made.request_id or _body_request_id(body)
    return made


def frame_error(value: Any, request_id: str | None = None) -> HeadwaterError:
    """Make the error of an error object that came inside a 200, in a stream or whole.

    Args:
        value: The payload: decoded JSON, or text that is none.
        request_id: What it names the request by.

    Source:
        FORMATS 4.3 and 9.3.
    """
    error = ErrorBody.read(value) if isinstance(value, str) else ErrorBody.of(value)
    kind = _told(error) or _STATUS_WORDS.get(error.type or "", ProviderError)
    return kind(
        error.message or "the provider broke off its answer with an error and said no more",
        code=error.code or error.type,
        request_id=printable(request_id) if request_id else None,
    )


def _told(error: ErrorBody) -> type[HeadwaterError] | None:
    """Find the class that the provider's own words name."""
    if error.type == _INVALID_REQUEST:
        found = (kind for phrase, kind in _PHRASES.items() if phrase in error.message)
        return next(found, None)
    return _TELLING.get(error.type or "")


def _body_request_id(body: bytes) -> str | None:
    try:
        request_id = msgspec.json.decode(body, type=_Envelope).request_id
    except (ValueError, RecursionError):
        return None
    return printable(request_id)[:200] if request_id else None
