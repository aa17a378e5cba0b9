"""Frames to events: a state machine for each answer; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs
import msgspec

from headwater import (
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    Message,
    ProtocolError,
    Provenance,
    ProviderError,
    ProviderEvent,
    Started,
    TextDelta,
    Usage,
    UsageUpdated,
)

from ._errors import frame_error
from ._speech import Speech
from ._usage import read_usage
from ._wire import Choice, Chunk, PlainChunk, Said
from .quirks import Quirks

__all__ = ["Decoder"]

_CHUNK: Final = msgspec.json.Decoder(Chunk)
_PLAIN: Final = msgspec.json.Decoder(PlainChunk)
_MAX_MISTAKES: Final = 3  # a server whose chunks look plain and are not is believed no more

_REASONS: Final[Mapping[str, FinishReason]] = {
    "stop": FinishReason.STOP,
    "eos": FinishReason.STOP,  # Together, in its early days
    "length": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,  # Mistral
    "tool_calls": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
    "refusal": FinishReason.REFUSAL,
}
_ERROR_REASON: Final = "error"  # OpenRouter


class Decoder:
    """Decode one answer, given frame by frame or whole.

    After each frame look at `is_settled`: once it is True, `check` raises what the frame said was
    wrong, and `is_done` tells whether the answer is complete. Where the bytes end before that,
    `close` gives what completes it, or nothing if it was cut.

    Args:
        quirks: How the server deviates.
        messages: The conversation, whose tool calls' ids are taken.
        dropped: What of it could not be sent.

    Attributes:
        is_settled: Whether nothing but usage and an end mark can still come.
        is_done: Whether nothing at all can still come.

    Source:
        FORMATS 2.3 and 8.
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
        self._is_whole = False
        self._expects_text = False  # whether the next chunk is likely to be text and no more
        self._mistakes = 0  # how often it was not
        self._reason: str | None = None
        self._usage: Usage | None = None
        self._is_usage_final = False
        self._open_choices: set[int] = set()  # those past the first that have not finished
        self._speech = Speech(messages)

    def feed(self, data: str | bytes, name: str = "message") -> Sequence[Event]:
        """Take the payload of one frame.

        Args:
            data: The payload.
            name: The name of the event that it came in.

        Raises:
            ProtocolError: It is no chunk.
        """
        if self._expects_text and name == "message":
            try:
                text = _PLAIN.decode(data).choices[0].delta.content
            except (ValueError, RecursionError):
                self._mistakes += 1
            else:
                return (TextDelta(text),) if text else ()
        return self._read(data, name)

    def _read(self, data: str | bytes, name: str) -> list[Event]:
        if name == "error":
            self._fail(frame_error(self._quirks, _decoded_or_text(data)))
            return []
        if data[:1] != b"{":
            text = (data.decode() if isinstance(data, bytes) else data).strip()
            if text == "[DONE]":
                return self._finish(has_end_mark=True)
            if not text:
                return []
        try:
            chunk = _CHUNK.decode(data)
        except (ValueError, RecursionError) as error:
            if name != "message":
                return []  # an event that is none of the dialect
            raise ProtocolError.malformed("a Chat Completions chunk", data, error) from None
        return self._take(chunk, data)

    def whole(self, body: bytes) -> list[Event]:
        """Take a whole answer that did not come as a stream.

        Raises:
            ProtocolError: It is no answer.
            HeadwaterError: It is an error.
        """
        try:
            answer = _CHUNK.decode(body)
        except (ValueError, RecursionError) as error:  # bad UTF-8 is a ValueError
            raise ProtocolError.malformed("a Chat Completions answer", body, error) from None
        for choice in answer.choices or ():
            if choice.message is not None:
                choice.delta = None  # Perplexity gives both, and an empty delta
        events = self._take(answer, body)
        self.check()
        if not answer.choices:
            raise ProtocolError.malformed(
                "a Chat Completions answer", body, ValueError("it has no choices")
            )
        return events + self._finish(has_end_mark=True)

    def close(self) -> list[Event]:
        """Take the end of the bytes.

        Returns:
            What completes an answer whose end mark was seen; nothing for one that was cut.
        """
        if self.is_done or (self._reason is None and not self._is_whole):
            return []
        return self._finish(has_end_mark=self._is_whole)

    def check(self) -> None:
        """Raise the error that the answer held, if it did."""
        if self._failure is not None:
            raise self._failure

    def _take(self, chunk: Chunk, data: str | bytes) -> list[Event]:  # noqa: C901  # the path of each token
        events: list[Event] = []
        self._expects_text = False
        if not self._has_started and (chunk.id or chunk.model):
            self._start(chunk, events)
        if chunk.error is not None:
            self._fail(frame_error(self._quirks, _untyped(data)))
        if chunk.choices:
            for choice in chunk.choices:
                if choice.index:
                    self._take_other(choice, chunk.choices, data, events)
                    continue
                said = choice.delta or self._whole_message(choice)
                if said is not None:
                    self._speech.take(said, events)
                if choice.finish_reason or choice.logprobs or choice.error is not None:
                    self._take_end(choice, events)
        elif chunk.choices is None:
            self._take_oddity(chunk, data)
        if chunk.usage is not None or chunk.x_groq is not None:
            self._take_usage(chunk, events)
        if chunk.citations or chunk.search_results:
            self._take_sources(chunk, events)
        if events and not self._has_started:
            self._start(chunk, events)
        if events and self._mistakes < _MAX_MISTAKES:
            self._expects_text = type(events[-1]) is TextDelta
        return events

    def _whole_message(self, choice: Choice) -> Said | None:
        """Give the message of a server that answers in one piece, whatever it was asked."""
        self._is_whole = self._speech.is_whole = choice.message is not None
        return choice.message

    def _start(self, chunk: Chunk, events: list[Event]) -> None:
        self._has_started = True
        origin = self._quirks.origin
        started = Started(
            chunk.model or None, chunk.id or None, dropped=self._dropped, origin=origin
        )
        events.insert(0, started)

    def _take_end(self, choice: Choice, events: list[Event]) -> None:
        """Take what stands beside a delta, as a rule at the end of the first choice."""
        if choice.logprobs:
            events.append(ProviderEvent("logprobs", {"logprobs": choice.logprobs}))
        if choice.error is not None:
            self._fail(frame_error(self._quirks, {"error": choice.error}))
        if choice.finish_reason:
            self._take_reason(choice.finish_reason)

    def _take_sources(self, chunk: Chunk, events: list[Event]) -> None:
        for kind, value in (
            ("citations", chunk.citations),
            ("search_results", chunk.search_results),
        ):
            if value:
                self._speech.show(kind, value, events)

    def _take_reason(self, reason: str) -> None:
        self._reason = reason
        if reason == _ERROR_REASON and self._failure is None:
            self._fail(ProviderError("the provider broke off its answer and said no more"))
        self.is_settled = self.is_settled or not self._open_choices

    def _take_other(
        self, choice: Choice, beside: Sequence[Choice], data: str | bytes, events: list[Event]
    ) -> None:
        """Pass on a choice past the first as it came; only who asks for several gets them."""
        index = choice.index or 0
        place = next(place for place, other in enumerate(beside) if other is choice)
        if choice.finish_reason:
            self._open_choices.discard(index)
            self.is_settled = self.is_settled or (
                self._reason is not None and not self._open_choices
            )
        else:
            self._open_choices.add(index)
            self.is_settled = self._failure is not None
        events.append(ProviderEvent("choice", _untyped(data)["choices"][place]))

    def _take_oddity(self, chunk: Chunk, data: str | bytes) -> None:
        """Take an object without choices: an error in one of its flat shapes, or nothing."""
        if chunk.error is not None or chunk.usage is not None:
            return
        value = _untyped(data)
        if value.get("object") == "error" or any(value.get(key) for key in ("message", "detail")):
            self._fail(frame_error(self._quirks, value))

    def _take_usage(self, chunk: Chunk, events: list[Event]) -> None:
        counts = chunk.usage
        if chunk.x_groq is not None:
            counts = counts or chunk.x_groq.usage
            if chunk.x_groq.error is not None:
                self._fail(frame_error(self._quirks, {"error": chunk.x_groq.error}))
        usage = None
        if counts is not None:
            is_beside = self._quirks.reasoning_is_beside
            usage = read_usage(counts, reasoning_is_beside=is_beside)
        if usage is not None:
            self._usage = usage
            self._is_usage_final = self._reason is not None
            events.append(UsageUpdated(usage))

    def _fail(self, error: HeadwaterError) -> None:
        self._failure = self._failure or error
        self.is_settled = True

    def _finish(self, *, has_end_mark: bool) -> list[Event]:
        """Give what ends the answer."""
        self.is_settled = self.is_done = True
        events: list[Event] = []
        if not self._has_started:
            self._start(Chunk(), events)
        self._speech.finish(events)
        usage = self._usage
        if not has_end_mark and not self._is_usage_final:
            usage = attrs.evolve(usage or Usage(), provenance=Provenance.PARTIAL)
        events.append(Finished(self._finish_reason(), self._reason, usage))
        return events

    def _finish_reason(self) -> FinishReason:
        """Say why the model stopped; what it did counts for more than a mere "stop"."""
        reason = _REASONS.get(self._reason or "") or FinishReason.OTHER
        if self._speech.has_called and reason is FinishReason.STOP:
            return FinishReason.TOOL_CALLS
        if self._speech.has_refused and reason is FinishReason.STOP:
            return FinishReason.REFUSAL
        return reason


def _untyped(data: str | bytes) -> dict[str, Any]:
    """Decode a chunk once more, for all that is in it."""
    try:
        value: dict[str, Any] = msgspec.json.decode(data)
    except (ValueError, RecursionError) as error:
        raise ProtocolError.malformed("a Chat Completions chunk", data, error) from None
    return value


def _decoded_or_text(data: str | bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return data.decode() if isinstance(data, bytes) else data
