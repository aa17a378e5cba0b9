"""Frames to events: a state machine for each answer; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from headwater import (
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    Message,
    ProtocolError,
    ProviderEvent,
    Started,
    TextDelta,
    Usage,
    UsageUpdated,
)

from ._errors import frame_error
from ._output import Output
from ._wire import Answer, Frame, Head, InputDetails, OutputDetails, PlainFrame, TokenCounts
from .quirks import Quirks

__all__ = ["Decoder"]

_FRAME: Final = msgspec.json.Decoder(Frame)
_PLAIN: Final = msgspec.json.Decoder(PlainFrame)
_HEAD: Final = msgspec.json.Decoder(Head)
_ANSWER: Final = msgspec.json.Decoder(Answer)

_TEXT: Final = "response.output_text.delta"
_TEXT_NAMES: Final = (_TEXT, "message")  # the latter where a server names no events
_WHOLE: Final = "response"
_MAX_MISTAKES: Final = 3  # a server whose deltas look plain and are not is believed no more
_CUTS: Final[Mapping[str, FinishReason]] = {
    "max_output_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}
# What a user interface may want to show before the item that it belongs to is complete.
_SHOWN: Final = frozenset(
    {
        "response.audio.delta",
        "response.audio.transcript.delta",
        "response.code_interpreter_call_code.delta",
        "response.custom_tool_call_input.delta",
        "response.image_generation_call.partial_image",
    }
)


class Decoder:
    """Decode one answer, given frame by frame or whole.

    After each frame look at `is_done`: once it is True, `check` raises what the frame said was
    wrong, and nothing more is to come. Bytes that end before that were cut.

    Args:
        quirks: How the server deviates.
        messages: The conversation, whose tool calls' ids are taken.
        dropped: What of it could not be sent.

    Attributes:
        is_settled: As `is_done`; nothing trails an answer.
        is_done: Whether one of the events that end an answer was seen.

    Source:
        FORMATS 3.2 and 3.3.
    """

    def __init__(
        self, quirks: Quirks, messages: Iterable[Message] = (), dropped: tuple[str, ...] = ()
    ) -> None:
        self.is_settled = False
        self.is_done = False
        self._quirks = quirks
        self._dropped = dropped
        self._failure: HeadwaterError | None = None
        self._has_started = False
        self._mistakes = 0  # how often a delta that was likely to be text and no more was not
        self._output = Output(messages)

    def feed(self, data: str | bytes, name: str = "message") -> Sequence[Event]:
        """Take the payload of one frame.

        Args:
            data: The payload.
            name: The name of the event that it came in, for servers that put the type there alone.

        Raises:
            ProtocolError: It is no event of this dialect.
        """
        speaking = self._output.speaking
        if speaking is not None and name in _TEXT_NAMES and self._mistakes < _MAX_MISTAKES:
            try:
                plain = _PLAIN.decode(data)
            except (ValueError, RecursionError):
                self._mistakes += 1
            else:
                if plain.output_index == speaking:
                    text = plain.delta
                    return (TextDelta(text),) if text else ()
        return self._read(data, name)

    def _read(self, data: str | bytes, name: str) -> list[Event]:
        try:
            frame = _FRAME.decode(data)
        except (ValueError, RecursionError) as error:
            return self._take_no_frame(data, name, error)
        events: list[Event] = []
        if not self.is_done:
            self._take(frame.type or name, frame, data, events)
        if events and not self._has_started:
            self._start(Head(), events)
        return events

    def whole(self, body: bytes | str) -> list[Event]:
        """Take a whole answer that did not come as a stream.

        Raises:
            ProtocolError: It is no answer.
            HeadwaterError: It is an error, or a response that failed.
        """
        answer = self._answer(body)
        if answer.output is None and answer.status is None and answer.error is None:
            problem = ValueError("it has neither output nor status")
            raise ProtocolError.malformed("a response", body, problem)
        events: list[Event] = []
        self._start(Head(answer.id, answer.model), events)
        self._end(answer, answer.status, events)
        self.check()
        return events

    def close(self) -> list[Event]:
        """Take the end of the bytes: an answer that is not complete by then was cut."""
        return []

    def check(self) -> None:
        """Raise the error that ended the answer, if one did."""
        if self._failure is not None:
            raise self._failure

    def _take(self, kind: str, frame: Frame, data: str | bytes, events: list[Event]) -> None:
        """Take an event; one that nobody knows is passed over, as more are added without notice."""
        if (add := _ADDERS.get(kind)) is not None:
            add(self._output, frame, events)
        elif kind == "response.output_item.done":
            self._output.end(frame.output_index, frame.item, events)
        elif kind in ("response.created", "response.in_progress", "response.queued"):
            self._begin(frame, data, events)
        elif kind in _ENDINGS:
            answer = self._answer(bytes(frame.response) or b"{}")
            self._begin(frame, data, events)
            self._end(answer, answer.status or _ENDINGS[kind], events)
        elif kind in _SHOWN:
            events.append(ProviderEvent(kind, _untyped(data)))
        elif kind == "error" or (frame.type is None and frame.error):
            self._fail(_untyped(data))
        elif frame.type is None and frame.object == _WHOLE:
            events += self.whole(data)  # a server that answers whole, whatever it was asked

    def _take_no_frame(self, data: str | bytes, name: str, error: Exception) -> list[Event]:
        text = data.decode() if isinstance(data, bytes) else data
        if name == "error":
            self._fail(text)
        elif text.strip() not in ("", "[DONE]"):
            raise ProtocolError.malformed("an event of a response", data, error) from None
        return []

    def _begin(self, frame: Frame, data: str | bytes, events: list[Event]) -> None:
        if self._has_started:
            return
        try:
            head = _HEAD.decode(bytes(frame.response) or b"{}")
        except (ValueError, RecursionError) as error:
            raise ProtocolError.malformed("an event of a response", data, error) from None
        self._start(head, events)

    def _start(self, head: Head, events: list[Event]) -> None:
        if not self._has_started:
            self._has_started = True
            origin = self._quirks.origin
            started = Started(
                head.model or None, head.id or None, dropped=self._dropped, origin=origin
            )
            events.insert(0, started)

    def _end(self, answer: Answer, status: str | None, events: list[Event]) -> None:
        """Take the whole response: of a stream it adds the usage and how it ended."""
        usage = _usage(answer.usage) if answer.usage is not None else None
        if status == "failed" or (answer.error and status != "completed"):
            if usage is not None:
                events.append(UsageUpdated(usage))
            self._fail({"error": answer.error} if answer.error else {})
            return
        self.is_settled = self.is_done = True
        self._output.complete(answer.output or (), events)
        self._output.finish(events)
        details = answer.incomplete_details
        cut = details.get("reason") if isinstance(details, dict) else None
        events.append(Finished(self._reason(status, cut), status, usage))

    def _reason(self, status: str | None, cut: object) -> FinishReason:
        """Say why the model stopped, which this wire leaves to be seen from what it did."""
        if status == "incomplete":
            return (
                _CUTS.get(cut, FinishReason.OTHER) if isinstance(cut, str) else FinishReason.OTHER
            )
        if self._output.has_called:
            return FinishReason.TOOL_CALLS
        if self._output.has_refused:
            return FinishReason.REFUSAL
        return FinishReason.STOP if status == "completed" else FinishReason.OTHER

    def _fail(self, value: Any) -> None:
        self._failure = self._failure or frame_error(self._quirks, value)
        self.is_settled = self.is_done = True
        self._output.speaking = None

    def _answer(self, data: bytes | str) -> Answer:
        try:
            return _ANSWER.decode(data)
        except (ValueError, RecursionError) as error:
            raise ProtocolError.malformed("a response", data, error) from None


_ADDERS: Final[Mapping[str, Callable[[Output, Frame, list[Event]], None]]] = {
    _TEXT: Output.add_text,
    "response.output_item.added": Output.add,
    "response.output_text.annotation.added": Output.annotate,
    "response.refusal.delta": Output.add_refusal,
    "response.reasoning_summary_text.delta": Output.add_reasoning,
    "response.reasoning_text.delta": Output.add_reasoning,
    "response.function_call_arguments.delta": Output.add_arguments,
    "response.function_call_arguments.done": Output.end_arguments,
}
# The events that end an answer, each with the status that it stands for.
_ENDINGS: Final[Mapping[str, str]] = {
    "response.completed": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
    "response.cancelled": "cancelled",
}


def _usage(counts: TokenCounts) -> Usage | None:
    """Read a usage object; None where it holds no count.

    Source:
        FORMATS 1.3.
    """
    inputs = counts.input_tokens_details or InputDetails()
    outputs = counts.output_tokens_details or OutputDetails()
    usage = Usage(
        _whole(counts.input_tokens),
        _whole(counts.output_tokens),
        cached_input_tokens=_whole(inputs.cached_tokens),
        cache_write_tokens=_whole(inputs.cache_write_tokens),
        reasoning_tokens=_whole(outputs.reasoning_tokens),
    )
    return usage if usage.is_known else None


def _whole(count: int | float | None) -> int | None:
    return None if count is None else int(count)


def _untyped(data: str | bytes) -> dict[str, Any]:
    """Decode an event once more, for all that is in it."""
    value: dict[str, Any] = msgspec.json.decode(data)
    return value
