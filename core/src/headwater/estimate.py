"""Token counts where nobody reports any: estimates from the text, said to be such."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import attrs

from .events import (
    Finished,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageUpdated,
)
from .messages import Message
from .parts import (
    Audio,
    Document,
    Image,
    Media,
    Part,
    ProviderPart,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from .requests import ChatRequest
from .responses import ChatResponse
from .usage import Provenance, Usage

__all__ = ["LiveUsage", "count_input", "count_message", "count_text", "estimated"]

# What a tokenizer of the byte-pair kind makes of text, roughly: short words whole, longer ones in
# pieces of four letters, digits by threes, each sign and each ideograph on its own.
_PIECES: Final = (
    r"[^\W\d_\u2e80-\U0003ffff]{1,7}(?![^\W\d_])"  # a short word
    r"|[^\W\d_\u2e80-\U0003ffff]{1,4}"  # a piece of a longer one
    r"|\d{1,3}"
    r"|[\u2e80-\U0003ffff]"
    r"|\n+"
    r"|[^\w\s]{1,2}"
    r"|_"
)

MESSAGE_TOKENS: Final = 4  # role and separators
TOOL_TOKENS: Final = 12
IMAGE_TOKENS: Final = 1000  # between a small one (85) and a large one (over 1,500)
UNKNOWN_MEDIA_TOKENS: Final = 1000  # only the provider can fetch it
_BYTES_PER_TOKEN: Final[Mapping[type, int]] = {Audio: 1_000, Video: 4_000, Document: 200}


def count_text(text: str) -> int:
    """Estimate how many tokens a text is.

    Within a fifth of what OpenAI's o200k tokenizer makes of English prose, code, JSON and Chinese.
    """
    return sum(1 for _ in re.finditer(_PIECES, text))  # compiled at first use, which takes long


def count_input(request: ChatRequest) -> int:
    """Estimate the input tokens of a request: text, media, tools and the answer's schema."""
    tools = sum(
        TOOL_TOKENS + count_text(f"{tool.name} {tool.description} {tool.parameters}")
        for tool in request.tools
    )
    schema = request.response_format.schema if request.response_format else None
    return (
        sum(map(count_message, request.messages))
        + tools
        + (count_text(str(schema)) if schema else 0)
    )


def estimated(request: ChatRequest, output: Iterable[str]) -> Usage:
    """Estimate the usage of an answer from what was sent and what was written."""
    return Usage(count_input(request), count_text("".join(output)), provenance=Provenance.ESTIMATED)


class LiveUsage:
    """Count an answer while it comes: what is reported so far, the rest estimated.

    Args:
        count_input: Estimates the input, where it is wanted before it is reported.
    """

    def __init__(self, count_input: Callable[[], int]) -> None:
        self.has_begun = False
        self._count_input = count_input
        self._input: int | None = None
        self._output = 0
        self._pieces: list[str] = []  # not counted yet
        self._reported = Usage()
        self._final: Usage | None = None

    def add(self, item: object) -> None:
        """Take the next event, or the whole answer."""
        self.has_begun = True
        if type(item) is TextDelta:  # nearly always: a match costs four times as much
            self._pieces.append(item.text)
            return
        match item:
            case ReasoningDelta() | RefusalDelta():
                self._pieces.append(item.text)
            case ToolCallDelta(arguments=arguments):
                self._pieces.append(arguments)
            case UsageUpdated(usage=usage):
                self._reported = usage
            case Finished(usage=Usage() as usage) | ChatResponse(usage=usage):
                self._final = usage
            case _:
                pass

    @property
    def output_tokens(self) -> int:
        """Count what has been written so far."""
        self._output += sum(map(count_text, self._pieces))
        self._pieces.clear()
        return max(self._output, self._reported.output_tokens or 0)

    @property
    def usage(self) -> Usage:
        """Count the answer so far; as it was reported, once it is complete."""
        if self._final is not None and self._final.is_known:
            return self._final
        read = self._reported.input_tokens
        if read is None:
            if self._input is None:
                self._input = self._count_input()
            read = self._input
        return attrs.evolve(
            self._reported,
            input_tokens=read,
            output_tokens=self.output_tokens,
            provenance=Provenance.ESTIMATED,
        )


def count_message(message: Message) -> int:
    """Estimate the tokens of one message."""
    return MESSAGE_TOKENS + sum(map(_count_part, message.parts))


def _count_part(part: Part | Media) -> int:
    match part:
        case Text() | Reasoning():
            return count_text(part.text)
        case ToolCall():
            return TOOL_TOKENS + count_text(f"{part.name} {part.raw_arguments}")
        case ToolResult():
            return TOOL_TOKENS + sum(map(_count_part, part.content))
        case ProviderPart():
            return count_text(str(part.data))
        case Image():
            return IMAGE_TOKENS
        case _:
            return _count_media(part)


def _count_media(part: Media) -> int:
    per_token = _BYTES_PER_TOKEN[type(part)]
    return len(part.data) // per_token if part.data else UNKNOWN_MEDIA_TOKENS
