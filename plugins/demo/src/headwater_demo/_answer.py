"""What a model of the demo answers to a request: pure, and the same each time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

import attrs

from headwater import (
    ChatRequest,
    Event,
    FinishReason,
    Part,
    ReasoningDelta,
    ReasoningEffort,
    RefusalDelta,
    Role,
    Text,
    TextDelta,
    Tool,
    ToolCallDelta,
    ToolCallStarted,
    ToolChoice,
    ToolResult,
    UnsupportedFeature,
    Usage,
)
from headwater.parts import Media
from headwater.wire.calls import finished_call

from ._eliza import answer as eliza
from ._sample import sample

__all__ = ["MODELS", "Answer", "count_words", "input_words", "plan"]

MODELS = {
    "eliza": "converses by keywords, in the manner of ELIZA (1966); it is no language model",
    "echo": "repeats what it is told, and tells what files it was sent",
}
_WORDS = re.compile(r"\s*\S+\s*$|\s*\S+")


@attrs.frozen(kw_only=True)
class Answer:
    """Hold what to stream.

    Attributes:
        reasoning: Words to think aloud first.
        words: The words of the answer, each with the white space before it; perhaps endless.
        is_refusal: Whether they say that there will be no answer.
        tool_call: Name and arguments, as JSON text, of the tool to ask for.
        reason: Why it stops.
        usage: The count, a token being a word; None to report none.
    """

    reasoning: tuple[str, ...] = ()
    words: Iterable[str] = ()
    is_refusal: bool = False
    tool_call: tuple[str, str] | None = None
    reason: FinishReason
    usage: Usage | None

    def deltas(self, call_id: str) -> Iterator[Event]:
        """Give the pieces of the answer, in order.

        Args:
            call_id: A name for the tool call.
        """
        yield from map(ReasoningDelta, self.reasoning)
        yield from map(RefusalDelta if self.is_refusal else TextDelta, self.words)
        if self.tool_call is not None:
            name, raw_arguments = self.tool_call
            yield ToolCallStarted(call_id, name)
            yield ToolCallDelta(call_id, raw_arguments)
            yield finished_call(call_id, name, raw_arguments)


def count_words(text: str) -> int:
    """Count the words of a text: the demo's tokens."""
    return len(text.split())


def input_words(request: ChatRequest) -> int:
    """Count what a request costs."""
    return sum(
        count_words(part.text)
        for message in request.messages
        for part in message.parts
        if isinstance(part, Text | ToolResult)
    )


def plan(request: ChatRequest) -> Answer:
    """Decide what to answer.

    Raises:
        UnsupportedFeature: The conversation holds what the demo cannot read.
    """
    said = _said(request)
    thoughts = _thoughts(request, said)
    tool = _tool_to_call(request, said)
    if tool is not None:
        arguments = sample(tool.parameters, said)
        raw = json.dumps(arguments if isinstance(arguments, dict) else {})
        return Answer(
            reasoning=thoughts,
            tool_call=(tool.name, raw),
            reason=FinishReason.TOOL_CALLS,
            usage=_usage(request, thoughts, count_words(raw)),
        )
    words, reason = _limited(_text(request, said), request)
    return Answer(
        reasoning=thoughts, words=words, reason=reason, usage=_usage(request, thoughts, len(words))
    )


def _said(request: ChatRequest) -> str:
    """Give the last thing said to the model, a tool's result included."""
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, Media) and request.model.name == "eliza":
                raise UnsupportedFeature(
                    f"{request.model} reads text alone, not {type(part).__name__}; demo/echo tells "
                    "what it was sent"
                )
    last = request.messages[-1]
    return " ".join(filter(None, map(_told, last.parts)))


def _told(part: Part) -> str:
    match part:
        case Text() | ToolResult():
            return part.text
        case Media():
            what = f"{len(part.data)} bytes" if part.data is not None else "by its address"
            return f"[{type(part).__name__.lower()}: {part.media_type or 'of some type'}, {what}]"
        case _:
            return ""  # what only an answer holds, at the end of a history


def _thoughts(request: ChatRequest, said: str) -> tuple[str, ...]:
    if request.reasoning in (None, ReasoningEffort.NONE):
        return ()
    return tuple(_WORDS.findall(f"They said {count_words(said)} words. I shall answer them."))


def _tool_to_call(request: ChatRequest, said: str) -> Tool | None:
    if request.tool_choice is ToolChoice.NONE or request.messages[-1].role is Role.TOOL:
        return None
    must = request.tool_choice is ToolChoice.REQUIRED
    for tool in request.tools:
        if must or request.tool_choice == tool.name or tool.name in said:
            return tool
    return None


def _text(request: ChatRequest, said: str) -> str:
    if request.response_format is not None:
        schema = request.response_format.schema or {"properties": {"answer": {"type": "string"}}}
        return json.dumps(sample(schema, said), ensure_ascii=False)
    if request.messages[-1].role is Role.TOOL or request.model.name != "eliza":
        return said
    heard = [message.text for message in request.messages if message.role is Role.USER]
    return eliza(heard, request.seed or 0)


def _limited(text: str, request: ChatRequest) -> tuple[tuple[str, ...], FinishReason]:
    """Cut a text at the first stop text and at the limit of words."""
    for stop in request.stop:
        text = text.partition(stop)[0]
    words = tuple(_WORDS.findall(text))
    limit = request.max_output_tokens
    if limit is not None and len(words) > limit:
        return words[:limit], FinishReason.LENGTH
    return words, FinishReason.STOP


def _usage(request: ChatRequest, thoughts: tuple[str, ...], output: int) -> Usage:
    return Usage(
        input_words(request),
        output + len(thoughts),
        reasoning_tokens=len(thoughts) if thoughts else None,
    )
