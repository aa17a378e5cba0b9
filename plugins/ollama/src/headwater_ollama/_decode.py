"""Lines to events: a state machine for each answer; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from headwater import (
    Event,
    Finished,
    FinishReason,
    Message,
    ProtocolError,
    ProviderEvent,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallStarted,
    Usage,
)
from headwater.wire.calls import CallIds, finished_call

from ._errors import line_error
from ._messages import ORIGIN
from ._wire import Call, Function, Line, PlainLine, Said

__all__ = ["Decoder"]

_LINE: Final = msgspec.json.Decoder(Line)
_PLAIN: Final = msgspec.json.Decoder(PlainLine)
_MAX_MISTAKES: Final = 3  # a server whose lines look plain and are not is believed no more

_REASONS: Final[Mapping[str, FinishReason]] = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
}
_DURATIONS: Final = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")


class Decoder:
    """Decode one answer, line by line or whole.

    Args:
        messages: The conversation, whose tool calls' ids are taken.
        dropped: What of it could not be sent.

    Attributes:
        is_settled: As `is_done`; nothing trails an answer.
        is_done: Whether the end mark was seen, and `Finished` given.

    Source:
        FORMATS 7.
    """

    def __init__(self, messages: Iterable[Message] = (), dropped: tuple[str, ...] = ()) -> None:
        self.is_settled = False
        self.is_done = False
        self._dropped = dropped
        self._ids = CallIds(messages)
        self._has_started = False
        self._expects_text = False  # whether the next line is likely to be text and no more
        self._mistakes = 0  # how often it was not
        self._has_called = False

    def feed(self, line: bytes, name: str = "message") -> Sequence[Event]:
        """Take a line.

        Raises:
            ProtocolError: It is none of Ollama's.
            HeadwaterError: It is an error.
        """
        if self._expects_text:
            try:
                plain = _PLAIN.decode(line)
            except (ValueError, RecursionError):
                self._mistakes += 1
            else:
                if not plain.done:
                    text = plain.message.content
                    return (TextDelta(text),) if text else ()
        return self._read(line)

    def _read(self, line: bytes) -> list[Event]:
        try:
            read = _LINE.decode(line)
        except (ValueError, RecursionError) as error:  # bad UTF-8 is a ValueError
            raise ProtocolError.malformed("a line of Ollama's chat", line, error) from None
        if read.error:
            raise line_error(read.error)
        events: list[Event] = []
        is_known = read.model or read.message is not None or read.done
        if is_known and not self._has_started:  # a line of a type new to us names no model
            self._has_started = True
            events.append(Started(read.model or None, dropped=self._dropped, origin=ORIGIN))
        if read.message is not None:
            self._take(read.message, events)
        if read.logprobs:
            events.append(ProviderEvent("logprobs", {"logprobs": read.logprobs}))
        if read.done:
            self._finish(read, events)
        if events and self._mistakes < _MAX_MISTAKES:
            self._expects_text = type(events[-1]) is TextDelta
        return events

    def check(self) -> None:
        """Do nothing: what a line says is wrong is raised as it is fed."""

    def close(self) -> list[Event]:
        """Take the end of the bytes: an answer that is not complete by then was cut."""
        return []

    def whole(self, body: bytes) -> list[Event]:
        """Take a whole body: one line as a rule, a stream where the server gives nothing else.

        Raises:
            ProtocolError: It is none of Ollama's.
            HeadwaterError: It is an error.
        """
        events: list[Event] = []
        for line in body.split(b"\n"):
            if line.strip() and not self.is_done:
                events += self.feed(line)
        return events

    def _take(self, said: Said, events: list[Event]) -> None:
        """Take what the model says, a few checks for each token."""
        if said.thinking:
            events.append(ReasoningDelta(said.thinking))
        if said.content:
            events.append(TextDelta(said.content))
        for call in said.tool_calls or ():
            self._take_call(call, events)

    def _take_call(self, call: Call, events: list[Event]) -> None:
        """Take a tool call, which comes whole."""
        self._has_called = True
        function = call.function or Function()
        call_id, name = self._ids.unique(call.id), function.name or ""
        raw = _raw(function.arguments)
        events.append(ToolCallStarted(call_id, name))
        if raw:
            events.append(ToolCallDelta(call_id, raw))
        events.append(finished_call(call_id, name, raw))

    def _finish(self, line: Line, events: list[Event]) -> None:
        """Take the end mark, and what it says of the answer."""
        self.is_settled = self.is_done = True
        spent: dict[str, Any] = {}
        for name in _DURATIONS:
            if (value := getattr(line, name)) is not None:
                spent[name] = value
        if spent:
            events.append(ProviderEvent("durations", spent))
        reason = _REASONS.get(line.done_reason or "", FinishReason.OTHER)
        if reason is FinishReason.STOP and self._has_called:
            reason = FinishReason.TOOL_CALLS  # the wire says "stop" of these too
        usage = Usage(line.prompt_eval_count, line.eval_count)
        events.append(Finished(reason, line.done_reason, usage if usage.is_known else None))


def _raw(arguments: Any) -> str:
    """Give arguments as JSON text; the wire has an object, on some gateways text as elsewhere."""
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return json.dumps(arguments, ensure_ascii=False)
