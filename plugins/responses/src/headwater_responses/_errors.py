"""Statuses with their bodies, and error frames, to errors of ours; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

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
)
from headwater.wire.status import ErrorBody, error_class, status_error

from .quirks import Quirks

__all__ = ["frame_error", "read_error"]

# Codes and types that say more than the status beside them.
_TELLING: Final[Mapping[str, type[HeadwaterError]]] = {
    "context_length_exceeded": ContextTooLong,
    "exceed_context_size_error": ContextTooLong,  # llama.cpp
    "insufficient_quota": QuotaExceeded,
    "invalid_api_key": AuthenticationError,
    "model_not_found": ModelNotFound,
}

# Codes and types that stand for a status, where an error inside a 200 has none.
_STATUS_WORDS: Final[Mapping[str, type[HeadwaterError]]] = {
    "invalid_request_error": InvalidRequest,
    "invalid_prompt": InvalidRequest,
    "bio_policy": InvalidRequest,
    "data_residency_mismatch": InvalidRequest,
    "authentication_error": AuthenticationError,
    "permission_error": PermissionDenied,
    "not_found_error": ModelNotFound,
    "rate_limit_exceeded": RateLimited,
    "rate_limit_error": RateLimited,
    "tokens": RateLimited,  # what OpenAI calls the type where too many tokens came in a minute
    "requests": RateLimited,
    "overloaded_error": Overloaded,
    "unavailable_error": Overloaded,  # llama.cpp
    "server_error": ServerError,
    "internal_error": ServerError,
    "api_error": ServerError,
    "timeout_error": ServerError,
    "vector_store_timeout": ServerError,
}
_IMAGE_CODES: Final = ("invalid_image", "image_", "failed_to_download_image", "empty_image_file")

_REFUSED_STATUSES: Final = frozenset({400, 413, 422})
# OpenAI says this of one request that is over the limit of a whole minute: to wait does not help.
_TOO_LARGE_FOR_ANY_MINUTE: Final = "Request too large"


def read_error(
    quirks: Quirks, status: int, headers: Mapping[str, str], body: bytes
) -> HeadwaterError:
    """Make the error of a response of status 400 and more.

    Shapes:
        {"error": {"message", "type", "code", "param"}}, {"error": "text", "code"} (xAI), and what
        is no JSON at all

    Args:
        quirks: How the server deviates.
        status: Its status.
        headers: Its headers, names in lower case.
        body: Its body, as far as it came.

    Source:
        FORMATS 6, 9.1 and 9.2.
    """
    error = ErrorBody.read(body)
    kind = _told(quirks, error, status)
    return status_error(
        status,
        headers,
        error,
        kind=kind,
        is_retryable=_stated_retry(kind or error_class(status), error),
    )


def frame_error(quirks: Quirks, value: Any) -> HeadwaterError:
    """Make the error of an `error` event or of a failed response, both inside a 200.

    Shapes:
        {"type": "error", "error": {"type", "code", "message", "param"}}
        {"type": "error", "code", "message", "param"}
        {"error": {"code", "message"}}, of `response.failed`
        {"error": "text", "code"}, of xAI

    Args:
        quirks: How the server deviates.
        value: The payload: decoded JSON, or text that is none.

    Source:
        FORMATS 3.3, 9.2 and 9.3.
    """
    if isinstance(value, str):
        error = ErrorBody.read(value)
    else:
        error = ErrorBody.of(value if value.get("error") else _without_type(value))
    status = _inner_status(error.details)
    kind = _told(quirks, error, status)
    if kind is None:
        kind = error_class(status) if status is not None else _by_word(error)
    return kind(
        error.message or "the provider broke off its answer with an error and said no more",
        is_retryable=_stated_retry(kind, error),
        code=error.code or error.type,
    )


def _without_type(event: Mapping[str, Any]) -> dict[str, Any]:
    """Take the event's own type out of an error that stands flat in it."""
    return {key: value for key, value in event.items() if key not in ("type", "error")}


def _told(quirks: Quirks, error: ErrorBody, status: int | None) -> type[HeadwaterError] | None:
    """Find the class that the provider's own words name, where they say more than the status."""
    for word in (error.code, error.type):
        kind = quirks.error_codes.get(word or "") or _TELLING.get(word or "")
        if kind is not None:
            return kind
    return _by_phrase(quirks, error.message, status)


def _by_phrase(quirks: Quirks, message: str, status: int | None) -> type[HeadwaterError] | None:
    phrases = dict(quirks.error_phrases)
    if status in _REFUSED_STATUSES:
        phrases |= dict.fromkeys(quirks.context_phrases, ContextTooLong)
        phrases |= dict.fromkeys(quirks.key_phrases, AuthenticationError)
    return next((kind for phrase, kind in phrases.items() if phrase in message), None)


def _by_word(error: ErrorBody) -> type[HeadwaterError]:
    for word in (error.code, error.type):
        kind = _STATUS_WORDS.get(word or "")
        if kind is not None:
            return kind
        if word is not None and word.startswith(_IMAGE_CODES):
            return InvalidRequest
    return ProviderError


def _stated_retry(kind: type[HeadwaterError], error: ErrorBody) -> bool | None:
    if kind is RateLimited and error.message.startswith(_TOO_LARGE_FOR_ANY_MINUTE):
        return False
    return None


def _inner_status(details: Mapping[str, Any]) -> int | None:
    for key in ("status_code", "status", "code"):
        value = details.get(key)
        text = str(value) if isinstance(value, int | str) else ""
        if len(text) == 3 and text.isascii() and text.isdigit() and 400 <= int(text) < 600:
            return int(text)
    return None
