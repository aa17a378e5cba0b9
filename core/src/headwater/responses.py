"""The whole answer, and how events fold into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, cast

import attrs

from .errors import PluginError
from .events import (
    Event,
    Finished,
    FinishReason,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    UsageUpdated,
)
from .messages import Message, Role
from .parts import JSONObject, Part, ProviderPart, Reasoning, Text, ToolCall
from .usage import Provenance, Usage

__all__ = ["ChatResponse", "Folder", "fold", "unfold"]


@attrs.frozen
class ChatResponse:
    """Hold one answer, whole or partial.

    Attributes:
        message: The answer as a message; append it to the conversation as it is.
        finish_reason: Why the model stopped; None: the answer is partial.
        raw_reason: The provider's own word for that.
        usage: The token counts and how far to trust them.
        model: The model that answered, as the provider names it.
        response_id: The provider's name for the answer.
        dropped: What of the conversation could not be sent to this provider, in words.
        provider_events: What the model did that has no place in the message: citations, log
            probabilities, further choices.
    """

    message: Message
    finish_reason: FinishReason | None = attrs.field(default=None, kw_only=True)
    raw_reason: str | None = attrs.field(default=None, kw_only=True)
    usage: Usage = attrs.field(default=Usage(provenance=Provenance.PARTIAL), kw_only=True)
    model: str | None = attrs.field(default=None, kw_only=True)
    response_id: str | None = attrs.field(default=None, kw_only=True)
    dropped: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    provider_events: tuple[ProviderEvent, ...] = attrs.field(default=(), kw_only=True)

    @property
    def text(self) -> str:
        """Join the text."""
        return self.message.text

    @property
    def refusal(self) -> str | None:
        """Join the model's words for not answering; None when it did not refuse in words."""
        refused = [p.text for p in self.message.parts if isinstance(p, Text) and p.is_refusal]
        return "".join(refused) if refused else None

    @property
    def reasoning(self) -> str:
        """Join the reasoning."""
        return "".join(p.text for p in self.message.parts if isinstance(p, Reasoning))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """List the tool calls in order."""
        return self.message.tool_calls


_NOT_STARTED: Final = Started()


class Folder:
    """Fold events into a response, one at a time: one object for each stream."""

    def __init__(self) -> None:
        self._started = _NOT_STARTED
        self._finished: Finished | None = None
        self._usage: Usage | None = None
        self._parts: list[Part] = []
        self._provider_events: list[ProviderEvent] = []
        self._open: type | None = None  # the kind of delta that the pieces belong to
        self._pieces: list[str] = []

    def add(self, event: Any) -> None:
        """Take the next event; one that adds nothing is passed over."""
        kind = type(event)
        if kind is TextDelta and self._open is TextDelta and event.replay is None:
            self._pieces.append(event.text)  # what most events are
        elif (take := _TAKERS.get(kind)) is not None:
            take(self, event)

    def response(self) -> ChatResponse:
        """Give the answer as far as it has come; it is complete once `Finished` was taken."""
        started, finished = self._started, self._finished
        return ChatResponse(
            Message(Role.ASSISTANT, self._parts_so_far(), origin=started.origin),
            finish_reason=finished.reason if finished else None,
            raw_reason=finished.raw_reason if finished else None,
            usage=(finished and finished.usage) or self._partial_usage(),
            model=started.model,
            response_id=started.response_id,
            dropped=started.dropped,
            provider_events=tuple(self._provider_events),
        )

    def _partial_usage(self) -> Usage:
        return attrs.evolve(self._usage or Usage(), provenance=Provenance.PARTIAL)

    def _parts_so_far(self) -> list[Part]:
        return self._parts if self._open is None else [*self._parts, self._open_part(None)]

    def _open_part(self, replay: JSONObject | None) -> Part:
        text = "".join(self._pieces)
        if self._open is ReasoningDelta:
            return Reasoning(text, replay=replay)
        return Text(text, is_refusal=self._open is RefusalDelta, replay=replay)

    def _close(self, replay: JSONObject | None = None) -> None:
        if self._open is not None:
            self._parts.append(self._open_part(replay))
            self._open = None
            self._pieces = []

    def _take_delta(self, event: TextDelta | ReasoningDelta) -> None:
        if type(event) is not self._open:
            self._close()
            self._open = type(event)
        self._pieces.append(event.text)
        if event.replay is not None:
            self._close(event.replay)

    def _take_refusal(self, event: RefusalDelta) -> None:
        if self._open is not RefusalDelta:
            self._close()
            self._open = RefusalDelta
        self._pieces.append(event.text)

    def _take_tool_call(self, event: ToolCallFinished) -> None:
        self._close()
        self._parts.append(
            ToolCall(
                event.call_id,
                event.name,
                arguments=event.arguments,
                raw_arguments=event.raw_arguments,
                is_valid=event.is_valid,
                replay=event.replay,
            )
        )

    def _take_provider_event(self, event: ProviderEvent) -> None:
        if event.is_part:
            self._close()
            self._parts.append(ProviderPart(event.type, event.data))
        else:
            self._provider_events.append(event)

    def _take_started(self, event: Started) -> None:
        self._started = event

    def _take_usage(self, event: UsageUpdated) -> None:
        self._usage = event.usage

    def _take_finished(self, event: Finished) -> None:
        self._finished = event


_TAKERS: Final = cast(
    "dict[type, Callable[[Folder, object], None]]",
    {
        TextDelta: Folder._take_delta,
        ReasoningDelta: Folder._take_delta,
        RefusalDelta: Folder._take_refusal,
        ToolCallFinished: Folder._take_tool_call,
        ProviderEvent: Folder._take_provider_event,
        Started: Folder._take_started,
        UsageUpdated: Folder._take_usage,
        Finished: Folder._take_finished,
    },
)


def fold(events: Iterable[Event]) -> ChatResponse:
    """Fold the events of a stream into the response that they amount to."""
    folder = Folder()
    for event in events:
        folder.add(event)
    return folder.response()


def unfold(response: ChatResponse) -> Iterator[Event]:
    """Give the events of a stream that amounts to a response: the reverse of `fold`.

    Yields:
        The grammar of `headwater.events`, with one delta a part.
    """
    yield Started(
        response.model,
        response.response_id,
        dropped=response.dropped,
        origin=response.message.origin,
        is_whole=True,
    )
    for part in response.message.parts:
        yield from _unfold_part(part)
    yield from response.provider_events
    if response.finish_reason is not None:
        yield Finished(response.finish_reason, response.raw_reason, response.usage)


def _unfold_part(part: Part) -> Iterator[Event]:
    match part:
        case Text(is_refusal=True):
            yield RefusalDelta(part.text)
        case Text():
            yield TextDelta(part.text, part.replay)
        case Reasoning():
            yield ReasoningDelta(part.text, part.replay)
        case ProviderPart():
            yield ProviderEvent(part.type, part.data, is_part=True)
        case ToolCall():
            yield ToolCallStarted(part.call_id, part.name)
            yield ToolCallDelta(part.call_id, part.raw_arguments)
            yield ToolCallFinished(
                part.call_id,
                part.name,
                arguments=part.arguments,
                raw_arguments=part.raw_arguments,
                is_valid=part.is_valid,
                replay=part.replay,
            )
        case _:
            raise PluginError(
                f"expected an answer of text, reasoning and tool calls, got {type(part).__name__}"
            )
