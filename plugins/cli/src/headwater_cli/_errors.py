"""How a run ends: exit codes, and what people are told."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from headwater import (
    AuthenticationError,
    ConnectFailed,
    ConnectTimeout,
    ContentGapTimeout,
    DeadlineExceeded,
    FirstContentTimeout,
    HeadwaterError,
    IdleTimeout,
    InvalidRequest,
    LimitPassed,
    MalformedKey,
    MissingKey,
    PermissionDenied,
    PluginLoadError,
    QuotaExceeded,
    RateLimited,
    StreamInterrupted,
    UnknownProvider,
    UnsupportedFeature,
)
from headwater.errors import printable

__all__ = ["ExitCode", "exit_code", "message_of"]


class ExitCode(IntEnum):
    """What a shell is told."""

    OK = 0
    FAILED = 1
    USAGE = 2
    KEY = 3
    RATE_LIMIT = 4
    TIMEOUT = 5
    HUNG_UP = 129
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


_CODES: Final[Mapping[type[HeadwaterError], ExitCode]] = {
    UnknownProvider: ExitCode.USAGE,
    MissingKey: ExitCode.KEY,
    MalformedKey: ExitCode.KEY,
    AuthenticationError: ExitCode.KEY,
    PermissionDenied: ExitCode.KEY,
    RateLimited: ExitCode.RATE_LIMIT,
    QuotaExceeded: ExitCode.RATE_LIMIT,
    LimitPassed: ExitCode.TIMEOUT,
}

_LIMITS: Final[Mapping[type[HeadwaterError], str]] = {
    ConnectTimeout: "connect_s",
    ContentGapTimeout: "content_gap_s",
    DeadlineExceeded: "total_s",
    FirstContentTimeout: "first_content_s",
    IdleTimeout: "idle_s",
}

_HINTS: Final[Mapping[type[HeadwaterError], str]] = {
    ConnectFailed: "check the network, and that the server runs",
    MissingKey: "or keep one with `headwater keys set {provider}`",
    PermissionDenied: "use a key that is allowed this model, or another model",
    PluginLoadError: "`headwater plugins` shows how each plugin stands; the others work",
    QuotaExceeded: "top up the account, or choose another provider with -m",
    RateLimited: "try again {later}, or choose another provider with -m",
    StreamInterrupted: "ask again; what came is no complete answer",
    UnsupportedFeature: "leave it out, or choose another model with -m",
    **{kind: f"allow more with -o {name} SECONDS" for kind, name in _LIMITS.items()},
}

# Told beside what the error itself advises: it knows the variables, and not what is kept.
_MORE_HINTS: Final[Mapping[type[HeadwaterError], str]] = {
    AuthenticationError: "`headwater keys list` tells which key was used, and where it was found",
}


def exit_code(error: HeadwaterError) -> ExitCode:
    """Choose the exit code of an error.

    A request that is refused before the provider has seen it is a wrong argument; one that the
    provider refuses is its answer.
    """
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            return code
    is_local = error.status is None and error.code is None
    if isinstance(error, InvalidRequest | UnsupportedFeature) and is_local:
        return ExitCode.USAGE
    return ExitCode.FAILED


def message_of(error: HeadwaterError) -> str:
    """Say what is wrong, and what to do."""
    wait_s = error.retry_after_s
    later = "later" if wait_s is None else f"in {wait_s:.0f} s"
    is_about_a_model = error.model is not None or not isinstance(error, UnsupportedFeature)
    has_hint = error.advice is None and is_about_a_model  # what an error advises itself is enough
    hint = _MORE_HINTS.get(type(error), _HINTS.get(type(error), "") if has_hint else "")
    hint = hint.format(later=later, provider=error.provider or "PROVIDER")
    said = f"Error: {printable(str(error))}"
    return f"{said}\nHint: {hint}." if hint else said
