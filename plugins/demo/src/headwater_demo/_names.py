"""The names of what goes wrong: a small grammar, read strictly.

    fault-KIND [-after-N] [-once | -twice | -N-times]

A name means the same wherever it is used; there is nothing else to set.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from headwater import ContextTooLong, HeadwaterError, ModelNotFound, QuotaExceeded

from ._answer import MODELS
from ._endings import blocked, emptied, endless, limited, misspelt, uncounted, unknown, unwilling
from ._faults import (
    Change,
    Fault,
    Silence,
    failed,
    garbled,
    overloaded,
    refused,
    reset,
    unconnected,
)

__all__ = ["FAULTS", "find"]


@attrs.frozen
class _Kind:
    """One kind of fault.

    Attributes:
        pattern: The names of this kind, without what all of them share.
        make: Makes the fault of a name that fits.
        examples: Names to list, each with what it does; their numbers may be others.
    """

    pattern: str
    make: Callable[[re.Match[str]], Fault]
    examples: Mapping[str, str]


def find(name: str, said: str) -> Fault:
    """Find what the model of a name does wrong.

    Shapes:
        "fault-cut-after-3" -> Fault(breaks=Silence.CUT, after=3)
        "fault-503-twice"   -> Fault(refuses=…, failures=2)
        "eliza"             -> Fault()

    Args:
        name: The model's name.
        said: What was said to the model: with the number it decides what `fault-random-N` does.

    Raises:
        ModelNotFound: The demo has no such model.
    """
    if name in MODELS:
        return Fault()
    fault = _read(name)
    if fault is None:
        raise ModelNotFound(
            f"the demo has no model {name!r}; it has {', '.join((*MODELS, *FAULTS))}, and the "
            "same with other numbers"
        )
    if name.startswith(_RANDOM):
        return find(_drawn(random.Random(f"{name} {said}")), said)
    return fault


def _read(name: str) -> Fault | None:
    for kind in _KINDS:
        match = re.fullmatch(_PREFIX + kind.pattern + _TIMES, name)
        if match is not None:
            return _passing(kind.make(match), match["times"])
    return None


def _passing(fault: Fault, times: str | None) -> Fault | None:
    """Make a fault pass after some attempts, where there can be another attempt at all."""
    if times is None:
        return fault
    failures = {"once": 1, "twice": 2}.get(times) or int(times.removesuffix("-times"))
    return attrs.evolve(fault, failures=failures) if fault.can_pass else None


def _drawn(dice: random.Random) -> str:
    """Draw a name; the caller sees an answer, if a late one, in about half of the cases."""
    after = dice.randrange(8)
    late = [f"late-{dice.randrange(1, 100)}ms"] * 5
    broken = [f"{kind}-after-{after}" for kind in ("cut", "reset", "stall", "garbage", "error")]
    passing = [f"{kind}-once" for kind in ("429", "500", "529", "connect-refused", "cut")]
    return _PREFIX + dice.choice([*late, *broken, *passing, "503", "quota", "length-after-3"])


def _of_status(match: re.Match[str]) -> Fault:
    name, status, wait_s = match[0], int(match["status"]), match["wait"]
    return Fault(refuses=lambda: refused(name, status, retry_after_s=wait_s))


def _of_code(
    status: int, code: str, kind: type[HeadwaterError]
) -> Callable[[re.Match[str]], Fault]:
    """Refuse with a code that says more than its status."""
    return lambda match: Fault(refuses=lambda: refused(match[0], status, kind=kind, code=code))


def _unconnected(why: str, *, is_retryable: bool) -> Callable[[re.Match[str]], Fault]:
    return lambda match: Fault(
        refuses=lambda: unconnected(match[0], why, is_retryable=is_retryable)
    )


def _silent(silence: Silence) -> Callable[[re.Match[str]], Fault]:
    return lambda match: Fault(breaks=silence, after=_after(match))


def _broken(error: Callable[[str], HeadwaterError]) -> Callable[[re.Match[str]], Fault]:
    return lambda match: Fault(breaks=lambda: error(match[0]), after=_after(match))


def _changed(change: Change) -> Callable[[re.Match[str]], Fault]:
    return lambda match: Fault(changes=change, after=_after(match))


def _after(match: re.Match[str]) -> int:
    return int(match.groupdict().get("after") or 0)


_NUMBER: Final = "(?:0|[1-9][0-9]{0,5})"
_AFTER: Final = f"(?:-after-(?P<after>{_NUMBER}))?"
_TIMES: Final = "(?:-(?P<times>once|twice|[1-9][0-9]{0,5}-times))?"
_PREFIX: Final = "fault-"
_RANDOM: Final = f"{_PREFIX}random-"

_KINDS: Final = (
    _Kind(
        f"(?P<status>[45][0-9][0-9])(?:-retry-after-(?P<wait>{_NUMBER})s)?",
        _of_status,
        {
            "fault-401": "refuses with status 401; any from 400 to 599",
            "fault-429": "refuses with status 429, each time",
            "fault-429-twice": "refuses two attempts of a call, then answers",
            "fault-503-once": "refuses one attempt of a call, then answers",
            "fault-503-retry-after-2s-once": "the same, and asks to wait 2 seconds",
        },
    ),
    _Kind(
        "quota",
        _of_code(429, "insufficient_quota", QuotaExceeded),
        {"fault-quota": "refuses, as the account is used up"},
    ),
    _Kind(
        "context-length",
        _of_code(400, "context_length_exceeded", ContextTooLong),
        {"fault-context-length": "refuses, as the conversation is too long"},
    ),
    _Kind(
        "connect-refused",
        _unconnected("Connection refused", is_retryable=True),
        {"fault-connect-refused": "cannot be connected to"},
    ),
    _Kind(
        "certificate",
        _unconnected("its certificate is not to be trusted", is_retryable=False),
        {"fault-certificate": "has a certificate that is not to be trusted"},
    ),
    _Kind(
        f"cut{_AFTER}",
        _silent(Silence.CUT),
        {"fault-cut-after-3": "ends after 3 pieces, without its end mark"},
    ),
    _Kind(
        f"reset{_AFTER}",
        _broken(reset),
        {"fault-reset-after-3": "breaks the connection after 3 pieces"},
    ),
    _Kind(
        f"stall{_AFTER}",
        _silent(Silence.STALL),
        {
            "fault-stall": "begins, and says nothing at all",
            "fault-stall-after-2": "falls silent after 2 pieces, and keeps the connection",
        },
    ),
    _Kind(
        f"pings{_AFTER}",
        _silent(Silence.PINGS),
        {"fault-pings-after-2": "just shows that it lives after 2 pieces"},
    ),
    _Kind(
        f"garbage{_AFTER}",
        _broken(garbled),
        {"fault-garbage-after-3": "sends what cannot be read after 3 pieces"},
    ),
    _Kind(
        f"error{_AFTER}",
        _broken(failed),
        {"fault-error-after-3": "reports an error of its own after 3 pieces"},
    ),
    _Kind(
        f"overloaded-in-stream{_AFTER}",
        _broken(overloaded),
        {"fault-overloaded-in-stream": "begins, and then has no room"},
    ),
    _Kind(
        f"length{_AFTER}",
        _changed(limited),
        {"fault-length-after-3": "stops after 3 words, at a limit"},
    ),
    _Kind(
        f"content-filter{_AFTER}",
        _changed(blocked),
        {"fault-content-filter-after-3": "is stopped after 3 words, by a filter"},
    ),
    _Kind("refusal", _changed(unwilling), {"fault-refusal": "says that it will not answer"}),
    _Kind("empty", _changed(emptied), {"fault-empty": "answers without a word"}),
    _Kind("no-usage", _changed(uncounted), {"fault-no-usage": "answers, and reports no usage"}),
    _Kind(
        "invalid-arguments",
        _changed(misspelt),
        {"fault-invalid-arguments": "calls the first tool, with broken JSON"},
    ),
    _Kind(
        "unknown-tool",
        _changed(unknown),
        {"fault-unknown-tool": "calls a tool that it was not offered"},
    ),
    _Kind(
        f"late-(?P<late>{_NUMBER})ms",
        lambda match: Fault(late_s=int(match["late"]) / 1000),
        {"fault-late-500ms": "waits 500 milliseconds, then answers"},
    ),
    _Kind(
        f"slow-(?P<slow>{_NUMBER})ms",
        lambda match: Fault(delay_s=int(match["slow"]) / 1000),
        {"fault-slow-50ms": "waits 50 milliseconds before each word"},
    ),
    _Kind("endless", _changed(endless), {"fault-endless": "never comes to an end"}),
    _Kind(
        f"random-{_NUMBER}",
        lambda _match: Fault(),
        {"fault-random-7": "goes well or wrong, as the number and the prompt decide"},
    ),
)

FAULTS: Final = {name: what for kind in _KINDS for name, what in kind.examples.items()}
