"""Every error that Headwater raises.

    HeadwaterError               category, is_retryable, attempts, partial, provider, model, status,
    │                            request_id, retry_after_s
    ├── PluginError              a plugin is missing, broken, or breaks its contract
    │   ├── UnknownProvider      no plugin has that name
    │   ├── DuplicateProvider    two distributions claim one name
    │   └── PluginLoadError      the plugin cannot be imported or made
    ├── ConfigurationError       a key, base URL or proxy that cannot be used
    │   ├── MissingKey           no key was given and none is in the environment
    │   ├── MalformedKey         a key that cannot be one
    │   └── StorageError         a kept conversation that cannot be read or written
    ├── RequestError             our caller's fault
    │   ├── InvalidRequest       malformed, or refused by the provider as such
    │   ├── UnsupportedFeature   the provider cannot do what was asked
    │   ├── ContextTooLong       more input than the model takes
    │   ├── ModelNotFound        the provider has no such model
    │   ├── SessionBusy          a turn of the session is under way
    │   └── BudgetExceeded       a limit on tokens, money or rounds is used up: limit, spent
    ├── ProviderError            the provider said no, by status or in mid-stream
    │   ├── AuthenticationError  the key was refused
    │   ├── PermissionDenied     the key is good, but not for this
    │   ├── RateLimited          too many requests or tokens; try later
    │   ├── QuotaExceeded        the account is used up; trying later does not help
    │   ├── Overloaded           the provider has no room; try later
    │   └── ServerError          the provider failed
    ├── TransportError           the network failed
    │   ├── ConnectFailed        no connection could be made
    │   ├── StreamInterrupted    the answer ended before its end mark
    │   └── LimitPassed          a limit of ours ran out: limit_s, waited_s
    │       ├── ConnectTimeout
    │       ├── FirstContentTimeout
    │       ├── IdleTimeout
    │       ├── ContentGapTimeout
    │       └── DeadlineExceeded
    └── ProtocolError            bytes or JSON that we do not understand

Whether a failure is worth another attempt is a property of the error (`is_retryable`), set where it
is raised.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from decimal import Decimal

    from .responses import ChatResponse

__all__ = [
    "AuthenticationError",
    "BudgetExceeded",
    "Category",
    "ConfigurationError",
    "ConnectFailed",
    "ConnectTimeout",
    "ContentGapTimeout",
    "ContextTooLong",
    "DeadlineExceeded",
    "DuplicateProvider",
    "FirstContentTimeout",
    "HeadwaterError",
    "IdleTimeout",
    "InvalidRequest",
    "LimitPassed",
    "MalformedKey",
    "MissingKey",
    "ModelNotFound",
    "Overloaded",
    "PermissionDenied",
    "PluginError",
    "PluginLoadError",
    "ProtocolError",
    "ProviderError",
    "QuotaExceeded",
    "RateLimited",
    "RequestError",
    "ServerError",
    "SessionBusy",
    "StorageError",
    "StreamInterrupted",
    "TransportError",
    "UnknownProvider",
    "UnsupportedFeature",
    "printable",
]

EXCERPT_CHARS = 200
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BYTE_OFFSET = re.compile(r"byte (\d+)")


def printable(text: str) -> str:
    r"""Escape what would steer a terminal or forge a log line.

    Shapes:
        "a\x1b[2Jb" -> "a\\x1b[2Jb"; tab and newline stay
    """
    return _CONTROLS.sub(lambda match: ascii(match[0])[1:-1], text)


class Category(StrEnum):
    """Coarse kind of a failure, one for each class of error."""

    AUTH = "auth"
    RATE_LIMIT = "rate_limit"
    BAD_REQUEST = "bad_request"
    NOT_FOUND = "not_found"
    SERVER = "server"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    PROTOCOL = "protocol"
    PROVIDER_STREAM = "provider_stream"
    CONFIG = "config"
    PLUGIN = "plugin"


class HeadwaterError(Exception):
    """Be the base of all errors of Headwater.

    The runner completes `provider`, `model`, `attempts` and `partial` as the error leaves; whoever
    raises it gives the rest.

    Args:
        message: What was expected, what came, and what to do. No key, header or message text.
        is_retryable: Whether another attempt may succeed; None: as the class says.
        status: HTTP status, where one came.
        code: The provider's own word for the error, where it gave one.
        request_id: The provider's name for the request, to cite in a support case.
        retry_after_s: Seconds that the provider asks us to wait.

    Attributes:
        attempts: How many attempts the call made.
        partial: What the caller had been handed, None before the runner has set it.
        provider: Name of the provider.
        model: The model's id; None where the provider was asked about itself.
        advice: What to do about it, where the message does not say.
        not_retried: Why a retryable failure was not tried again, None where it was or could not be.
    """

    category: ClassVar[Category] = Category.PLUGIN
    retryable_by_default: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        is_retryable: bool | None = None,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.is_retryable = self.retryable_by_default if is_retryable is None else is_retryable
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        self.attempts = 0
        self.partial: ChatResponse | None = None
        self.provider: str | None = None
        self.model: str | None = None
        self.advice: str | None = None
        self.not_retried: str | None = None

    def reword(self, message: str) -> None:
        """Replace the message, for example by one without a key in it."""
        self.message = message
        self.args = (message,)

    def __str__(self) -> str:
        facts = [f"status {self.status}"] if self.status is not None else []
        if self.request_id is not None:
            facts.append(f"request id {printable(self.request_id)}")
        advice = f" ({self.advice})" if self.advice else ""
        suffix = f" [{', '.join(facts)}]" if facts else ""
        return self.message + advice + suffix


class PluginError(HeadwaterError):
    """Say that a plugin is missing, broken, or breaks its contract."""

    category = Category.PLUGIN


class UnknownProvider(PluginError):
    """Say that no installed plugin provides that name."""


class DuplicateProvider(PluginError):
    """Say that two distributions claim one provider name."""


class PluginLoadError(PluginError):
    """Say that a plugin cannot be imported, made or registered."""


class ConfigurationError(HeadwaterError):
    """Say that a key, base URL, proxy or other setting cannot be used."""

    category = Category.CONFIG


class MissingKey(ConfigurationError):
    """Say that the provider needs a key and none was found."""


class MalformedKey(ConfigurationError):
    """Say that what was given as a key cannot be one."""


class StorageError(ConfigurationError):
    """Say that a kept conversation, in a file or the store, cannot be read or written."""


class RequestError(HeadwaterError):
    """Say that the request is wrong: our caller has to change it."""

    category = Category.BAD_REQUEST


class InvalidRequest(RequestError):
    """Say that the request is malformed, by our own rules or the provider's."""


class UnsupportedFeature(RequestError):
    """Say that the provider or model cannot do what was asked."""


class ContextTooLong(RequestError):
    """Say that the input is longer than the model takes."""


class ModelNotFound(RequestError):
    """Say that the provider has no such model, or not at this address."""

    category = Category.NOT_FOUND


class SessionBusy(RequestError):
    """Say that a turn of the session is under way, and a session takes one at a time."""


class BudgetExceeded(RequestError):
    """Say that a limit of the application on tokens, money or rounds of tools is used up.

    Args:
        message: Which limit, and how much is spent.
        limit: The limit: tokens, US dollars, or answers.
        spent: What was spent when it was passed, in the same unit.
    """

    category = Category.RATE_LIMIT

    # Defaults, for the reason that LimitPassed has.
    def __init__(self, message: str, *, limit: Decimal | int = 0, spent: Decimal | int = 0) -> None:
        super().__init__(message)
        self.limit = limit
        self.spent = spent


class ProviderError(HeadwaterError):
    """Say that the provider refused or failed, in a way that we know no better name for."""

    category = Category.PROVIDER_STREAM


class AuthenticationError(ProviderError):
    """Say that the provider refused the key."""

    category = Category.AUTH


class PermissionDenied(ProviderError):
    """Say that the key is good, but not for this."""

    category = Category.AUTH


class RateLimited(ProviderError):
    """Say that there were too many requests or tokens in a time."""

    category = Category.RATE_LIMIT
    retryable_by_default = True


class QuotaExceeded(ProviderError):
    """Say that the account's credit or quota is used up."""

    category = Category.RATE_LIMIT


class Overloaded(ProviderError):
    """Say that the provider has no room just now."""

    category = Category.SERVER
    retryable_by_default = True


class ServerError(ProviderError):
    """Say that the provider failed."""

    category = Category.SERVER
    retryable_by_default = True


class TransportError(HeadwaterError):
    """Say that the network failed."""

    category = Category.CONNECTION
    retryable_by_default = True


class ConnectFailed(TransportError):
    """Say that no connection could be made."""


class StreamInterrupted(TransportError):
    """Say that the answer ended before its end mark."""


class LimitPassed(TransportError):
    """Say that a time limit ran out.

    Args:
        message: What was waited for, and which setting allows more.
        limit_s: The limit.
        waited_s: How long was waited when it ran out.
    """

    category = Category.TIMEOUT

    # Defaults, since Python copies an exception with its message alone, and the rest thereafter.
    def __init__(self, message: str, *, limit_s: float = 0.0, waited_s: float = 0.0) -> None:
        super().__init__(message)
        self.limit_s = limit_s
        self.waited_s = waited_s


class ConnectTimeout(LimitPassed):
    """Say that no connection was made within `connect_s`."""


class FirstContentTimeout(LimitPassed):
    """Say that no content came within `first_content_s` of the send."""


class IdleTimeout(LimitPassed):
    """Say that not one byte came for `idle_s`."""


class ContentGapTimeout(LimitPassed):
    """Say that bytes came, but no content for `content_gap_s`."""


class DeadlineExceeded(LimitPassed):
    """Say that the whole call took longer than `total_s`."""

    retryable_by_default = False


class ProtocolError(HeadwaterError):
    """Say that bytes or JSON came that we do not understand, or more than a size limit allows."""

    category = Category.PROTOCOL

    @classmethod
    def malformed(cls, expected: str, data: bytes | str, cause: Exception) -> ProtocolError:
        """Make the error for data that a decoder refused.

        Args:
            expected: What should have come, for example "a Chat Completions chunk".
            data: What came.
            cause: The decoder's exception; its byte offset is used when it names one.

        Returns:
            An error that names the offset and shows 200 sanitised characters round it.
        """
        raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
        named = _BYTE_OFFSET.search(str(cause))
        offset = int(named[1]) if named else 0
        start = max(0, offset - EXCERPT_CHARS // 2)
        excerpt = raw[start : start + EXCERPT_CHARS].decode("utf-8", "replace")
        problem = "nested too deeply" if isinstance(cause, RecursionError) else str(cause)
        return cls(
            f"expected {expected}, got {len(raw)} bytes that do not fit at byte {offset} "
            f"({printable(problem)[:EXCERPT_CHARS]}): {excerpt!r}"
        )
