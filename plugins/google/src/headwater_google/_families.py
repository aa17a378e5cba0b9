"""What sets the families of models apart, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import attrs

from headwater import ReasoningEffort

__all__ = ["Family", "family_of"]


@attrs.frozen
class Family:
    """Describe models that take the same.

    Attributes:
        names: The beginning of their names.
        thinking: The `thinkingConfig` of each reasoning effort that they take; empty for one that
            needs none.
        signs_calls: Whether they refuse a function call that has no thought signature.
        takes_result_files: Whether a function's result may hold files.
    """

    names: re.Pattern[str]
    thinking: Mapping[ReasoningEffort, Mapping[str, object]]
    signs_calls: bool = True
    takes_result_files: bool = True


def _budget(tokens: int) -> Mapping[str, object]:
    return {"includeThoughts": True, "thinkingBudget": tokens}


def _levels(*efforts: ReasoningEffort) -> Mapping[ReasoningEffort, Mapping[str, object]]:
    return {effort: {"includeThoughts": True, "thinkingLevel": effort.value} for effort in efforts}


_NONE, _MINIMAL, _LOW, _MEDIUM, _HIGH = ReasoningEffort
# The budgets are those of Google's own mapping of `reasoning_effort`:
# https://ai.google.dev/gemini-api/docs/openai#thinking
_BUDGETS: Final = {
    _MINIMAL: _budget(1024),
    _LOW: _budget(1024),
    _MEDIUM: _budget(8192),
    _HIGH: _budget(24576),
}
# What each family can turn off: https://ai.google.dev/gemini-api/docs/thinking
_FAMILIES: Final = (
    Family(
        re.compile(r"gemini-(1|2\.0|2\.5-.*(image|tts))|gemma-[123]|learnlm"),
        {_NONE: {}},
        signs_calls=False,
        takes_result_files=False,
    ),
    Family(re.compile(r"gemini-2\.5-pro"), _BUDGETS, signs_calls=False, takes_result_files=False),
    Family(
        re.compile(r"gemini-2\.5|gemini-robotics-er-1\.5"),
        {_NONE: {"thinkingBudget": 0}, **_BUDGETS},
        signs_calls=False,
        takes_result_files=False,
    ),
    Family(re.compile(r"gemini-3-pro"), _levels(_LOW, _HIGH)),
    Family(re.compile(r"gemini-.*pro"), _levels(_LOW, _MEDIUM, _HIGH)),
    Family(re.compile(""), _levels(_MINIMAL, _LOW, _MEDIUM, _HIGH)),
)


@lru_cache
def family_of(model: str) -> Family:
    """Find the family of a model by its name; one that nobody knows is tried as the newest.

    Shapes:
        "gemini-2.5-flash", "models/gemini-2.5-flash-lite" -> thinking by budget, can be turned off
        "gemini-9-ultra"                                    -> thinking by level, always on
    """
    name = model.rpartition("/")[2].lower()
    return next(family for family in _FAMILIES if family.names.match(name))
