"""What the model says, in a delta or in a whole message, to events; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from headwater import (
    Event,
    Message,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
)

from ._calls import CallAssembler
from ._reasoning import Details, text_of
from ._wire import Said

__all__ = ["Speech"]


class Speech:
    """Turn what the model says into events: one object for each answer.

    Args:
        messages: The conversation, whose tool calls' ids are taken.

    Attributes:
        has_refused: Whether it has said that it will not answer.
        is_whole: Whether what is taken is a whole message, each of its tool calls in one piece.

    Source:
        FORMATS 2.3 and 8.
    """

    def __init__(self, messages: Iterable[Message]) -> None:
        self.has_refused = False
        self.is_whole = False
        self._messages = messages
        self._calls: CallAssembler | None = None  # which few answers need, and the next
        self._details: Details | None = None  # those that have not been passed on
        self._shown: dict[str, object] = {}  # what was passed on as a provider event, by type

    @property
    def has_called(self) -> bool:
        """Tell whether the model has begun a tool call."""
        return self._calls is not None and self._calls.has_calls

    def take(self, said: Said, events: list[Event]) -> None:
        """Take a delta, or a whole message; a few checks for each token.

        Args:
            said: What is said.
            events: Where the events go.
        """
        if said.reasoning_content or said.reasoning or said.reasoning_details:
            self._take_reasoning(said, events)
        content = said.content
        if content:
            if self._details is not None:
                self._end_reasoning(events)
            if type(content) is str:
                events.append(TextDelta(content))
            else:
                self._take_parts(content, events)
        if said.refusal:
            self.has_refused = True
            events.append(RefusalDelta(said.refusal))
        if said.tool_calls:
            self._end_reasoning(events)
            self._calls = self._calls or CallAssembler(self._messages)
            events += self._calls.add(said.tool_calls, is_whole=self.is_whole)
        if said.annotations or said.audio or said.images or said.function_call:
            self._take_rarities(said, events)

    def show(self, kind: str, value: Any, events: list[Event]) -> None:
        """Pass on what has no event of its own, and some servers repeat in every chunk, once."""
        if self._shown.get(kind) != value:
            self._shown[kind] = value
            events.append(ProviderEvent(kind, {kind: value}))

    def finish(self, events: list[Event]) -> None:
        """End the reasoning and the tool calls."""
        self._end_reasoning(events)
        if self._calls is not None:
            events += self._calls.finish()

    def _take_reasoning(self, said: Said, events: list[Event]) -> None:
        """Take reasoning, once where a server gives it in two fields."""
        thought = said.reasoning_content or said.reasoning
        if said.reasoning_details:
            self._details = self._details or Details()
            self._details.add(said.reasoning_details)
            thought = thought or text_of(said.reasoning_details)
        if thought:
            events.append(ReasoningDelta(thought))

    def _end_reasoning(self, events: list[Event]) -> None:
        if self._details is not None:
            events.append(ReasoningDelta("", self._details.replay()))
            self._details = None

    def _take_parts(self, parts: Iterable[Any], events: list[Event]) -> None:
        """Take content that is a list of parts, as Mistral gives it when it reasons."""
        for part in parts:
            match part:
                case {"type": "text", "text": str(text)} | str(text):
                    if text:
                        events.append(TextDelta(text))
                case {"type": "thinking", "thinking": thinking}:
                    thought = _thinking(thinking)
                    if thought:
                        events.append(ReasoningDelta(thought))
                case {"type": str(kind)}:
                    events.append(ProviderEvent(kind, part))
                case _:
                    pass  # nothing that a part of content is known to be

    def _take_rarities(self, said: Said, events: list[Event]) -> None:
        for kind in ("annotations", "images"):
            value = getattr(said, kind)
            if value:
                self.show(kind, value, events)
        for kind in ("audio", "function_call"):
            value = getattr(said, kind)
            if value:
                events.append(ProviderEvent(kind, _object(kind, value)))


def _thinking(value: object) -> str:
    """Join the text of a thinking part, which is a text or a list of text parts."""
    if isinstance(value, str):
        return value
    pieces = value if isinstance(value, list) else ()
    texts = (piece.get("text") for piece in pieces if isinstance(piece, dict))
    return "".join(text for text in texts if isinstance(text, str))


def _object(kind: str, value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {kind: value}
