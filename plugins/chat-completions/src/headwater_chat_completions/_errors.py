"""Statuses with their bodies, and error frames, to errors of ours; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

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
    "invalid_model": ModelNotFound,  # Mistral, Perplexity
    "DeploymentNotFound": ModelNotFound,  # Azure
}

# Codes and types that stand for a status, where an error inside a 200 has none.
_STATUS_WORDS: Final[Mapping[str, type[HeadwaterError]]] = {
    "invalid_request_error": InvalidRequest,
    "BadRequestError": InvalidRequest,  # vLLM
    "authentication_error": AuthenticationError,
    "permission_error": PermissionDenied,
    "billing_error": QuotaExceeded,
    "not_found_error": ModelNotFound,
    "NotFoundError": ModelNotFound,  # vLLM
    "rate_limit_exceeded": RateLimited,
    "rate_limit_error": RateLimited,
    "rate_limited": RateLimited,  # Mistral
    "overloaded": Overloaded,
    "overloaded_error": Overloaded,
    "unavailable_error": Overloaded,  # llama.cpp
    "UNAVAILABLE": Overloaded,
    "service_unavailable": Overloaded,
    "timeout_error": ServerError,
    "api_error": ServerError,
    "server_error": ServerError,
    "internal_error": ServerError,
    "internal_server_error": ServerError,  # Mistral
    "InternalServerError": ServerError,  # vLLM
}

_REFUSED_STATUSES: Final = frozenset({400, 413, 422})
# OpenAI says this of one request that is over the limit of a whole minute: to wait does not help.
_TOO_LARGE_FOR_ANY_MINUTE: Final = "Request too large"


def read_error(
    quirks: Quirks, status: int, headers: Mapping[str, str], body: bytes
) -> HeadwaterError:
    """Make the error of a response of status 400 and more.

    Shapes:
        {"error": {"message", "type", "code", "param"}}, {"error": "text", "code"},
        {"message", …}, {"detail": …}, and what is no JSON at all

    Args:
        quirks: How the server deviates.
        status: Its status.
        headers: Its headers, names in lower case.
        body: Its body, as far as it came.

    Source:
        FORMATS 9.1 and 9.2.
    """
    error = _with_cause(ErrorBody.read(body))
    kind = _told(quirks, error, status)
    return status_error(
        status,
        headers,
        error,
        kind=kind,
        is_retryable=_stated_retry(kind or error_class(status), error),
    )


def frame_error(quirks: Quirks, value: Any) -> HeadwaterError:
    """Make the error of an error object that came inside a 200, in a stream or whole.

    A status inside it (`status_code`, `status`, or a `code` that is one) counts as if it were the
    response's own, but does not become the error's `status`: that of the response was 200.

    Args:
        quirks: How the server deviates.
        value: The payload: decoded JSON, or text that is none.

    Source:
        FORMATS 9.3.
    """
    error = _with_cause(ErrorBody.read(value) if isinstance(value, str) else ErrorBody.of(value))
    status = _inner_status(error.details)
    kind = _told(quirks, error, status)
    if kind is None:
        kind = error_class(status) if status is not None else _by_word(error)
    return kind(
        error.message or "the provider broke off its answer with an error and said no more",
        is_retryable=_stated_retry(kind, error),
        code=error.word(status),
    )


def _with_cause(error: ErrorBody) -> ErrorBody:
    """Add what the provider behind this one said, where the error just says that there is more.

    Source:
        FORMATS 8, OpenRouter: `metadata.raw` holds the body of the error that it passes on.
    """
    metadata = error.details.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else None
    said = ErrorBody.read(raw).message if isinstance(raw, str) else ""
    if not said or said in error.message:
        return error
    return attrs.evolve(error, message=f"{error.message}: {said}" if error.message else said)


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
        phrases |= dict.fromkeys(quirks.model_phrases, ModelNotFound)
    return next((kind for phrase, kind in phrases.items() if phrase in message), None)


def _by_word(error: ErrorBody) -> type[HeadwaterError]:
    return _STATUS_WORDS.get(error.code or "") or _STATUS_WORDS.get(error.type or "", ProviderError)


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
