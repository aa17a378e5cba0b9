"""What a stream yields.

    Started (TextDelta | RefusalDelta | ReasoningDelta | ToolCallStarted | ToolCallDelta
             | ToolCallFinished | UsageUpdated | ProviderEvent)* Finished

With `raw=True` a `RawFrame` stands before the events that were decoded from it. A `ToolCallDelta`
carries the id of a call that has started, since calls may interleave.

Events are plain `attrs.define` classes, as one is made for each token and freezing doubles the cost
of that. Treat them as frozen all the same.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from enum import StrEnum
from typing import Final, TypeAlias

import attrs

from .parts import JSONObject
from .usage import Usage

__all__ = [
    "Event",
    "EventStream",
    "FinishReason",
    "Finished",
    "ProviderEvent",
    "RawFrame",
    "ReasoningDelta",
    "RefusalDelta",
    "Started",
    "TextDelta",
    "ToolCallDelta",
    "ToolCallFinished",
    "ToolCallStarted",
    "UsageUpdated",
    "is_content",
]


class FinishReason(StrEnum):
    """Why the model stopped; the provider's own word stays beside it as `raw_reason`."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    PAUSE = "pause"
    OTHER = "other"


@attrs.define
class Started:
    """Say that an answer has begun.

    Attributes:
        model: The model that answers, as the provider names it, else as it was asked for.
        response_id: The provider's name for the answer, None where it has none.
        dropped: What of the conversation could not be sent to this provider, in words.
        origin: The wire that writes the answer; see `Message.origin`.
        is_whole: Whether the answer comes in one piece, from a provider that cannot stream.
    """

    model: str | None = None
    response_id: str | None = None
    dropped: tuple[str, ...] = ()
    origin: str | None = attrs.field(default=None, kw_only=True)
    is_whole: bool = attrs.field(default=False, kw_only=True)


@attrs.define
class TextDelta:
    """Add to the text.

    Attributes:
        text: What is added; empty only to carry `replay`.
        replay: See `Text.replay`; ends the part that it is given for.
    """

    text: str
    replay: JSONObject | None = None


@attrs.define
class RefusalDelta:
    """Add to the model's words for not answering."""

    text: str


@attrs.define
class ReasoningDelta:
    """Add to the reasoning.

    Attributes:
        text: What is added; empty only to carry `replay`.
        replay: See `Reasoning.replay`: a signature, or a sealed thought; ends its part.
    """

    text: str
    replay: JSONObject | None = None


@attrs.define
class ToolCallStarted:
    """Say that the model has begun to write a tool call."""

    call_id: str
    name: str


@attrs.define
class ToolCallDelta:
    """Add to the JSON text of a call's arguments."""

    call_id: str
    arguments: str


@attrs.define
class ToolCallFinished:
    """Say that a tool call is complete, and whether it can be run.

    Attributes:
        call_id: What the result has to cite.
        name: The tool.
        arguments: The JSON object, `{}` for no text at all; None when the text is something else.
        raw_arguments: The text as it came.
        is_valid: Whether `arguments` can be used.
        replay: See `ToolCall.replay`.
    """

    call_id: str
    name: str
    arguments: JSONObject | None
    raw_arguments: str
    is_valid: bool
    replay: JSONObject | None = attrs.field(default=None, kw_only=True)


@attrs.define
class UsageUpdated:
    """Report a count that may still change."""

    usage: Usage


@attrs.define
class ProviderEvent:
    """Pass on what has no event of its own: citations, server-side tools, images.

    Attributes:
        type: The provider's own word for it.
        data: What it said.
        is_part: Whether the block belongs to the message, to be sent back in its place.
    """

    type: str
    data: JSONObject
    is_part: bool = attrs.field(default=False, kw_only=True)


@attrs.define
class Finished:
    """Say that the answer is complete.

    Attributes:
        reason: Why it stopped.
        raw_reason: The provider's own word, None where it gave none.
        usage: The final count; a plugin that got none leaves None, and the core estimates.
    """

    reason: FinishReason
    raw_reason: str | None = None
    usage: Usage | None = None


@attrs.define
class RawFrame:
    """Show the payload of one frame as it came, for debugging."""

    data: bytes


Event: TypeAlias = (
    Started
    | TextDelta
    | RefusalDelta
    | ReasoningDelta
    | ToolCallStarted
    | ToolCallDelta
    | ToolCallFinished
    | UsageUpdated
    | ProviderEvent
    | Finished
    | RawFrame
)
EventStream: TypeAlias = AsyncGenerator[Event, None]

_PREAMBLE: Final = frozenset({Started, UsageUpdated, RawFrame})


def is_content(item: object) -> bool:
    """Tell whether an item is something that a retry would repeat.

    Every event is but `Started`, `UsageUpdated` and `RawFrame`; so is a value that is no event, as
    `chat` and `count_usage` give.
    """
    return type(item) not in _PREAMBLE
