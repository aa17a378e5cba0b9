"""Frames to events: a state machine for each answer; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from headwater import (
    Event,
    Finished,
    FinishReason,
    Message,
    ProtocolError,
    ProviderEvent,
    Started,
    TextDelta,
    UsageUpdated,
)

from . import _wire as wire
from ._blocks import Blocks
from ._errors import frame_error
from ._messages import ORIGIN
from ._usage import UsageCount

__all__ = ["Decoder"]

_FRAME: Final = msgspec.json.Decoder(wire.Frame)
_PLAIN: Final = msgspec.json.Decoder(wire.PlainFrame)
_MESSAGE: Final = msgspec.json.Decoder(wire.Message)
_NAMELESS: Final = wire.Message()

_BLOCK_DELTA: Final = "content_block_delta"
_MAX_MISTAKES: Final = 3  # a server whose deltas look plain and are not is believed no more
_REASONS: Final[Mapping[str, FinishReason]] = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "pause_turn": FinishReason.PAUSE,
    "refusal": FinishReason.REFUSAL,
}
_KNOWN_DELTAS: Final = frozenset(
    {"text_delta", "thinking_delta", "signature_delta", "input_json_delta"}
)


class Decoder:
    """Decode one answer, given frame by frame or whole.

    After each frame look at `is_done`, which tells whether the answer is complete, and at
    `is_settled`: once it is True only the end mark is missing. Where the bytes end before that,
    `close` gives what completes the answer, or nothing if it was cut.

    Args:
        messages: The conversation, whose tool calls' ids are taken.
        dropped: What of it could not be sent.

    Attributes:
        is_settled: Whether the model has said why it stopped.
        is_done: Whether nothing at all can still come.

    Source:
        FORMATS 4.2 and 4.3.
    """

    def __init__(self, messages: Iterable[Message] = (), dropped: tuple[str, ...] = ()) -> None:
        self.is_settled = False
        self.is_done = False
        self._dropped = dropped
        self._has_started = False
        self._speaking: int | None = None  # the block of which text, and no more, is likely next
        self._mistakes = 0  # how often it was not
        self._reason: str | None = None
        self._usage = UsageCount()
        self._blocks = Blocks(messages)

    def feed(self, data: str | bytes, name: str = "message") -> Sequence[Event]:
        """Take the payload of one frame.

        Args:
            data: The payload.
            name: The name of the event that it came in.

        Raises:
            ProtocolError: It is nothing that this wire sends.
            HeadwaterError: It is an error.
        """
        speaking = self._speaking
        if speaking is not None and name == _BLOCK_DELTA:
            try:
                frame = _PLAIN.decode(data)
            except (ValueError, RecursionError):
                self._mistakes += 1
            else:
                if frame.index == speaking:
                    text = frame.delta.text
                    return (TextDelta(text),) if text else ()
        return self._read(data, name)

    def _read(self, data: str | bytes, name: str) -> Sequence[Event]:
        try:
            frame = _FRAME.decode(data)
        except (ValueError, RecursionError) as error:
            return self._take_oddity(data, name, error)
        events: list[Event] = []
        take = _TAKERS.get(frame.type)
        if take is not None:
            take(self, frame, data, events)
        elif frame.error is not None:
            raise frame_error({"error": frame.error}, frame.request_id)
        elif not frame.type:
            raise _malformed(data, ValueError("it has no type"))
        self._speaking = self._blocks.text_index if self._mistakes < _MAX_MISTAKES else None
        return events

    def whole(self, body: str | bytes) -> list[Event]:
        """Take a whole answer that did not come as a stream.

        Raises:
            ProtocolError: It is no answer.
            HeadwaterError: It is an error.
        """
        try:
            message = _MESSAGE.decode(body)
        except (ValueError, RecursionError) as error:
            raise ProtocolError.malformed("an answer of the Messages API", body, error) from None
        if message.error is not None:
            raise frame_error({"error": message.error}, message.request_id)
        if message.content is None:
            raise ProtocolError.malformed(
                "an answer of the Messages API", body, ValueError("it has no content")
            )
        events: list[Event] = []
        self._start(message, events)
        if message.usage is not None:
            self._usage.take(message.usage, is_final=True)
        self._take_content(message.content, events)
        self._take_outcome(message, events)
        _show("context_management", message.context_management, events)
        self._finish(events)
        return events

    def check(self) -> None:
        """Do nothing: what a frame says is wrong is raised as it is fed."""

    def close(self) -> list[Event]:
        """Take the end of the bytes.

        Returns:
            What completes an answer that has said why it stopped; nothing for one that was cut.
        """
        events: list[Event] = []
        if self._reason is not None and not self.is_done:
            self._finish(events)
        return events

    def _take_message_start(
        self, frame: wire.Frame, data: str | bytes, events: list[Event]
    ) -> None:
        message = frame.message or _NAMELESS
        self._start(message, events)
        self._take_usage(message.usage, events, is_final=False)
        self._take_content(message.content or (), events)

    def _take_block_start(self, frame: wire.Frame, data: str | bytes, events: list[Event]) -> None:
        self._start(_NAMELESS, events)
        if not bytes(frame.content_block):
            raise _malformed(data, ValueError("it has no content_block"))
        self._blocks.begin(frame.index, frame.content_block, events)

    def _take_block_delta(self, frame: wire.Frame, data: str | bytes, events: list[Event]) -> None:
        self._start(_NAMELESS, events)
        if frame.delta is None or not frame.delta.type:
            raise _malformed(data, ValueError("it has no delta, or one without a type"))
        self._blocks.add(frame.index, frame.delta, data, events)

    def _take_block_stop(self, frame: wire.Frame, data: str | bytes, events: list[Event]) -> None:
        self._blocks.end(frame.index, events)

    def _take_message_delta(
        self, frame: wire.Frame, data: str | bytes, events: list[Event]
    ) -> None:
        self._start(_NAMELESS, events)
        if frame.delta is not None:
            self._take_outcome(frame.delta, events)
        _show("context_management", frame.context_management, events)
        self._take_usage(frame.usage, events, is_final=True)

    def _take_message_stop(self, frame: wire.Frame, data: str | bytes, events: list[Event]) -> None:
        self._finish(events)

    def _take_error(self, frame: wire.Frame, data: str | bytes, events: list[Event]) -> None:
        raise frame_error({"error": frame.error}, frame.request_id)

    def _take_whole(self, frame: wire.Frame, data: str | bytes, events: list[Event]) -> None:
        """Take the answer of a server that was asked for a stream and gave no stream."""
        events += self.whole(data)

    def _start(self, message: wire.Message, events: list[Event]) -> None:
        if not self._has_started:
            self._has_started = True
            events.append(
                Started(
                    message.model or None, message.id or None, dropped=self._dropped, origin=ORIGIN
                )
            )

    def _take_content(self, content: Iterable[msgspec.Raw], events: list[Event]) -> None:
        """Take whole blocks, one after the other."""
        for index, block in enumerate(content):
            self._blocks.begin(index, block, events, is_whole=True)
            self._blocks.end(index, events)

    def _take_usage(
        self, counts: wire.Counts | None, events: list[Event], *, is_final: bool
    ) -> None:
        if counts is None:
            return
        self._usage.take(counts, is_final=is_final)
        usage = self._usage.read()
        if usage is not None:
            events.append(UsageUpdated(usage))

    def _take_outcome(self, said: wire.Delta | wire.Message, events: list[Event]) -> None:
        """Take why the model stopped, and what it says of that."""
        if said.stop_reason:
            self._reason = said.stop_reason
            self.is_settled = True
        _show("stop_sequence", said.stop_sequence, events)
        _show("stop_details", said.stop_details, events)
        _show("container", said.container, events)

    def _finish(self, events: list[Event]) -> None:
        if self.is_done:
            return
        self.is_settled = self.is_done = True
        self._start(_NAMELESS, events)
        self._blocks.end_all(events)
        reason = _REASONS.get(self._reason or "", FinishReason.OTHER)
        events.append(Finished(reason, self._reason, self._usage.final()))

    def _take_oddity(self, data: str | bytes, name: str, error: Exception) -> Sequence[Event]:
        """Take a frame that does not fit: new to us, an error of its own form, or malformed."""
        text = data.decode() if isinstance(data, bytes) else data
        if not text.strip():
            return ()
        value = _untyped(data)
        if name == "error":
            raise frame_error(text if value is None else value) from None
        match value:
            case {"type": str(kind)} if kind not in _TAKERS:
                return ()
            case {"type": "content_block_delta", "delta": {"type": str(kind)} as delta} if (
                kind and kind not in _KNOWN_DELTAS
            ):
                events: list[Event] = []
                self._start(_NAMELESS, events)
                return [*events, ProviderEvent(kind, delta)]
            case _:
                raise _malformed(data, error)


_TAKERS: Final[Mapping[str, Callable[[Decoder, wire.Frame, str | bytes, list[Event]], None]]] = {
    "message_start": Decoder._take_message_start,
    "content_block_start": Decoder._take_block_start,
    _BLOCK_DELTA: Decoder._take_block_delta,
    "content_block_stop": Decoder._take_block_stop,
    "message_delta": Decoder._take_message_delta,
    "message_stop": Decoder._take_message_stop,
    "message": Decoder._take_whole,
    "error": Decoder._take_error,
}


def _show(kind: str, value: Any, events: list[Event]) -> None:
    """Pass on what has no event of its own, under the name of its field."""
    if value is not None:
        events.append(ProviderEvent(kind, value if isinstance(value, dict) else {kind: value}))


def _untyped(data: str | bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return None


def _malformed(data: str | bytes, error: Exception) -> ProtocolError:
    return ProtocolError.malformed("an event of the Messages API", data, error)
