"""Answers that are complete and not what was hoped for; pure."""

from __future__ import annotations

import itertools

import attrs

from headwater import ChatRequest, FinishReason, InvalidRequest

from ._answer import Answer

__all__ = [
    "blocked",
    "emptied",
    "endless",
    "limited",
    "misspelt",
    "uncounted",
    "unknown",
    "unwilling",
]

_REFUSAL = ("I", " will", " not", " answer", " that.")
UNKNOWN_TOOL = "no_such_tool"
BROKEN_ARGUMENTS = '{"city": "Os'


def limited(answer: Answer, _request: ChatRequest, count: int) -> Answer:
    """Stop at a limit after some words."""
    return _with_words(answer, tuple(answer.words)[:count], FinishReason.LENGTH)


def blocked(answer: Answer, _request: ChatRequest, count: int) -> Answer:
    """Stop after some words, as a filter would."""
    return _with_words(answer, tuple(answer.words)[:count], FinishReason.CONTENT_FILTER)


def unwilling(answer: Answer, _request: ChatRequest, _count: int) -> Answer:
    """Say in the model's words that it will not."""
    said = _with_words(answer, _REFUSAL, FinishReason.REFUSAL)
    return attrs.evolve(said, is_refusal=True)


def emptied(answer: Answer, _request: ChatRequest, _count: int) -> Answer:
    """Say nothing, and stop as if all had been said."""
    return _with_words(answer, (), FinishReason.STOP)


def uncounted(answer: Answer, _request: ChatRequest, _count: int) -> Answer:
    """Report no usage."""
    return attrs.evolve(answer, usage=None)


def endless(answer: Answer, _request: ChatRequest, _count: int) -> Answer:
    """Say the same again and again."""
    words = tuple(answer.words) or ("…",)
    return attrs.evolve(answer, words=itertools.cycle((*words, "\n")), tool_call=None)


def misspelt(answer: Answer, request: ChatRequest, _count: int) -> Answer:
    """Call the first tool, with arguments that are cut.

    Raises:
        InvalidRequest: There is no tool to call.
    """
    if not request.tools:
        raise InvalidRequest(
            f"demo/{request.model.name} calls a tool, and the request has none: give it tools=[…]"
        )
    return _calling(answer, request.tools[0].name, BROKEN_ARGUMENTS)


def unknown(answer: Answer, _request: ChatRequest, _count: int) -> Answer:
    """Call a tool that nobody has offered."""
    return _calling(answer, UNKNOWN_TOOL, "{}")


def _calling(answer: Answer, name: str, raw_arguments: str) -> Answer:
    silent = _with_words(answer, (), FinishReason.TOOL_CALLS)
    return attrs.evolve(silent, tool_call=(name, raw_arguments))


def _with_words(answer: Answer, words: tuple[str, ...], reason: FinishReason) -> Answer:
    usage = answer.usage
    if usage is not None:
        usage = attrs.evolve(usage, output_tokens=len(words) + (usage.reasoning_tokens or 0))
    return attrs.evolve(answer, words=words, tool_call=None, reason=reason, usage=usage)
