"""What sets one family of Claude models apart from another, declared as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final

import attrs

__all__ = ["UNKNOWN_MAX_TOKENS", "Family", "Thinking", "family_of"]

UNKNOWN_MAX_TOKENS: Final = 32_000
"""The longest answer of a model that is in no family below; the newer of these all do more."""


class Thinking(StrEnum):
    """How a family is asked to think."""

    NONE = "none"
    BUDGET = "budget"
    ADAPTIVE = "adaptive"


@attrs.frozen
class Family:
    """Declare what the wire wants to know of a family.

    Attributes:
        max_tokens: Its longest answer; the API insists on a limit.
        thinking: How it is asked to think: not at all, by a budget of tokens, or by an effort.
        can_rest: Whether it can be told not to think.
        shows_thoughts: Whether it gives a summary of its thoughts unasked.
    """

    max_tokens: int
    thinking: Thinking = Thinking.ADAPTIVE
    can_rest: bool = attrs.field(default=True, kw_only=True)
    shows_thoughts: bool = attrs.field(default=False, kw_only=True)


_OLDEST = Family(4_096, Thinking.NONE)
_BEFORE_THINKING = Family(8_192, Thinking.NONE)
_BUDGET = Family(64_000, Thinking.BUDGET)
_SMALLER_BUDGET = Family(32_000, Thinking.BUDGET)
_FIRST_ADAPTIVE = Family(128_000, shows_thoughts=True)
_ADAPTIVE = Family(128_000)
_ALWAYS_THINKING = Family(128_000, can_rest=False)
_UNKNOWN = Family(UNKNOWN_MAX_TOKENS)

# Source: platform.claude.com, "Models overview" and the migration guides, November 2026.
_FAMILIES: Final[Mapping[str, Family]] = {
    "claude-3-haiku": _OLDEST,
    "claude-3-opus": _OLDEST,
    "claude-3-sonnet": _OLDEST,
    "claude-3-5-haiku": _BEFORE_THINKING,
    "claude-3-5-sonnet": _BEFORE_THINKING,
    "claude-3-7-sonnet": _BUDGET,
    "claude-opus-4": _SMALLER_BUDGET,
    "claude-opus-4-0": _SMALLER_BUDGET,
    "claude-opus-4-1": _SMALLER_BUDGET,
    "claude-opus-4-5": _BUDGET,
    "claude-opus-4-6": _FIRST_ADAPTIVE,
    "claude-opus-4-7": _ADAPTIVE,
    "claude-opus-4-8": _ADAPTIVE,
    "claude-opus-5": _ADAPTIVE,
    "claude-opus-5-5": _ALWAYS_THINKING,
    "claude-sonnet-4": _BUDGET,
    "claude-sonnet-4-0": _BUDGET,
    "claude-sonnet-4-5": _BUDGET,
    "claude-sonnet-4-6": _FIRST_ADAPTIVE,
    "claude-sonnet-5": _ADAPTIVE,
    "claude-sonnet-5-5": _ADAPTIVE,
    "claude-haiku-4-5": _BUDGET,
    "claude-haiku-5-5": _ADAPTIVE,
    "claude-fable-5": _ALWAYS_THINKING,
    "claude-fable-5-1": _ALWAYS_THINKING,
    "claude-fable-5-2": _ALWAYS_THINKING,
}
# A version has at most two digits; more are a date.
_FAMILY_NAME: Final = re.compile(
    r"claude-(?:[a-z]+-\d{1,2}(?:-\d{1,2})?(?!\d)|\d{1,2}(?:-\d{1,2})?-[a-z]+)"
)


@lru_cache
def family_of(model: str) -> Family:
    """Find the family of a model; one that is not known is taken for a new one.

    Shapes:
        "claude-opus-4-20250514"               -> that of "claude-opus-4"
        "anthropic/claude-sonnet-4.5"          -> that of "claude-sonnet-4-5"
        "us.anthropic.claude-opus-4-1-20250805-v1:0" -> that of "claude-opus-4-1"
        "claude-opus-6", "qwen3"               -> thinks by effort, `UNKNOWN_MAX_TOKENS`
    """
    named = _FAMILY_NAME.search(model.lower().replace(".", "-"))
    return _FAMILIES.get(named[0], _UNKNOWN) if named else _UNKNOWN
