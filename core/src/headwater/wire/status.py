"""HTTP status, headers and error bodies to errors of ours: what providers have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs
import msgspec

from ..errors import (
    AuthenticationError,
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

__all__ = ["ErrorBody", "error_class", "request_id", "retry_after_s", "status_error"]

MAX_MESSAGE_CHARS: Final = 500

_CLASSES: Final[Mapping[int, type[HeadwaterError]]] = {
    401: AuthenticationError,
    402: QuotaExceeded,
    403: PermissionDenied,
    404: ModelNotFound,
    408: ServerError,
    409: ServerError,
    425: ServerError,
    429: RateLimited,
    503: Overloaded,
    529: Overloaded,
}
_REQUEST_ID_HEADERS: Final = (
    "x-request-id",
    "request-id",
    "x-generation-id",
    "apim-request-id",
    "x-kong-request-id",
    "cf-ray",
)


def error_class(status: int) -> type[HeadwaterError]:
    """Choose the class of error for a status: its category and whether to retry come with it.

    Shapes:
        400, 405, 413, 415, 422, other 4xx -> InvalidRequest; 401, 402, 403, 404, 429 -> their own
        408, 409, 425, 5xx -> ServerError; 503, 529 -> Overloaded
    """
    if status in _CLASSES:
        return _CLASSES[status]
    if 400 <= status < 500:
        return InvalidRequest
    return ServerError if 500 <= status < 600 else ProviderError


def request_id(headers: Mapping[str, str]) -> str | None:
    """Find the provider's name for the request.

    Source:
        FORMATS 9.1: `x-request-id` (OpenAI, Groq), `request-id` (Anthropic), `x-generation-id`
        (OpenRouter), `apim-request-id` (Azure).
    """
    for name in _REQUEST_ID_HEADERS:
        if value := headers.get(name):
            return printable(value)[:200]
    return None


def retry_after_s(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Read how long the server asks us to wait.

    A hint that we cannot read counts as no hint: a malformed header must not turn a failure worth
    retrying into a crash.

    Shapes:
        {"retry-after-ms": "1500"}                         -> 1.5; it wins over retry-after
        {"retry-after-ms": "0", "retry-after": "1"}        -> 1.0; nothing and less is no hint
        {"retry-after": "0.7"}                             -> 0.7
        {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}   -> seconds from `now`
        {"retry-after": "soon"}                            -> None

    Args:
        headers: Response headers; names in lower case, or a mapping that compares without case.
        now: Aware time, passed in so that tests need no clock.

    Returns:
        Seconds, finite and above 0; None when there is no usable hint.

    Source:
        RFC 9110, section 10.2.3; `retry-after-ms`: FORMATS section 10.
    """
    milliseconds = _positive(headers.get("retry-after-ms"))
    if milliseconds is not None and milliseconds / 1000 > 0:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _positive(value)
    if seconds is not None or value is None:
        return seconds
    from email.utils import parsedate_to_datetime  # needed for a date alone

    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a zone of centuries
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return _positive((until - (now or datetime.now(UTC))).total_seconds())


def _positive(value: str | float | None) -> float | None:
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


@attrs.frozen
class ErrorBody:
    """Hold what a provider says of an error, whatever shape it chose.

    Attributes:
        message: Its words, at most 500 characters, fit for a terminal; "" when it said nothing.
        type: Its word for the kind.
        code: Its code, as text.
        param: The parameter that it complains of.
        details: The error object whole, for what only this provider has in it.
    """

    message: str
    type: str | None = attrs.field(default=None, kw_only=True)
    code: str | None = attrs.field(default=None, kw_only=True)
    param: str | None = attrs.field(default=None, kw_only=True)
    details: Mapping[str, Any] = attrs.field(factory=dict, kw_only=True)

    def word(self, status: int | None = None) -> str | None:
        """Give the provider's own word: its code, or its type where the code says less.

        Shapes:
            (code="model_not_found", type="invalid_request_error") -> "model_not_found"
            (code="401", type="invalid_api_key"), status 401       -> "invalid_api_key"

        Args:
            status: The status beside it, which a code may just repeat.
        """
        is_repeated = self.code is not None and self.code == str(status)
        return (self.type or self.code) if is_repeated else (self.code or self.type)

    @classmethod
    def read(cls, body: bytes | str) -> ErrorBody:
        """Read the body of an error response, or the payload of an error frame.

        Source:
            FORMATS 9.1, which lists the shapes.
        """
        try:
            value: Any = msgspec.json.decode(body)
            return cls.of(value[0] if isinstance(value, list) and value else value)
        except (ValueError, RecursionError):  # bad UTF-8 is a ValueError
            text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
            return cls(_clean(text))

    @classmethod
    def of(cls, value: Any) -> ErrorBody:
        """Read an error that is decoded already."""
        if not isinstance(value, Mapping):
            return cls(_clean(str(value)) if value else "")
        inner = value.get("error", value)
        if not isinstance(inner, Mapping):
            inner = {**value, "message": inner}
        code = inner.get("code")
        return cls(
            _clean(_message(inner)),
            type=_word(inner.get("type")),
            code=None if code is None else str(code),
            param=_word(inner.get("param")),
            details=inner,
        )


def _message(error: Mapping[str, Any]) -> str:
    for key in ("message", "detail", "msg"):
        value = error.get(key)
        if isinstance(value, str):
            return value
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            return "; ".join(_message(item) for item in value if isinstance(item, Mapping))
        if isinstance(value, Mapping):
            return _message(value)
    return ""


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _clean(text: str) -> str:
    return printable(text.strip()[:MAX_MESSAGE_CHARS])


def status_error(
    status: int,
    headers: Mapping[str, str],
    body: ErrorBody,
    *,
    kind: type[HeadwaterError] | None = None,
    is_retryable: bool | None = None,
    retry_after: float | None = None,
) -> HeadwaterError:
    """Make the error for a response of status 400 and more.

    Args:
        status: Its status.
        headers: Its headers; `x-should-retry` in them overrides the rest.
        body: What `ErrorBody.read` made of its body.
        kind: The class, where the provider's code says more than the status.
        is_retryable: Whether to retry, where it says more than the class.
        retry_after: Seconds to wait that the body named, where the headers name none.
    """
    chosen = kind or error_class(status)
    stated = {"true": True, "false": False}.get(headers.get("x-should-retry", "").lower())
    return chosen(
        body.message or f"the provider answered with status {status} and said no more",
        is_retryable=is_retryable if stated is None else stated,
        status=status,
        code=body.word(status),
        request_id=request_id(headers),
        retry_after_s=retry_after_s(headers) or retry_after,
    )
