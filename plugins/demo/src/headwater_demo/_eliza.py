"""ELIZA: a conversation by keywords. It is a script of 1966's kind and no language model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ._script import GREETING, MEMORIES, NOTHING_FOUND, REFLECTIONS, RULES, Rule

__all__ = ["answer"]

_WORD = re.compile(r"[\w']+")
_CLAUSE_END = re.compile(r"[.!?;,\n]")
_MEMORY = re.compile(r"\bmy ([\w' ]{2,40})", re.IGNORECASE)


def answer(said: Sequence[str], seed: int = 0) -> str:
    """Answer the last of the things said.

    The same conversation and seed give the same answer: what is taken in turn is counted from the
    conversation, so that nothing has to be remembered between calls.

    Args:
        said: What the person has said, in order.
        seed: Where to begin in each list of answers.
    """
    if not said:
        return GREETING
    turn = seed + len(said) - 1
    found = max(
        ((rule, match) for rule in RULES if (match := rule.pattern.search(said[-1]))),
        key=lambda pair: pair[0].rank,
        default=None,
    )
    if found is not None:
        return _reply(*found, turn)
    memories = [match[1] for text in said[:-1] for match in _MEMORY.finditer(text)]
    if memories:
        return MEMORIES[turn % len(MEMORIES)].format(_reflected(memories[turn % len(memories)]))
    return NOTHING_FOUND[turn % len(NOTHING_FOUND)]


def _reply(rule: Rule, match: re.Match[str], turn: int) -> str:
    template = rule.answers[turn % len(rule.answers)]
    heard = next((group for group in match.groups() if group), "")
    return template.format(_reflected(heard))


def _reflected(heard: str) -> str:
    """Say a clause from the other side: "hurt my arm" becomes "hurt your arm"."""
    clause = _CLAUSE_END.split(heard, maxsplit=1)[0].strip()
    return _WORD.sub(lambda word: REFLECTIONS.get(word[0].lower(), word[0]), clause)
