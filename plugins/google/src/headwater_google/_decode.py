"""Frames to events: a state machine for each answer; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any, Final

import attrs
import msgspec

from headwater import (
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    JSONValue,
    Message,
    ProtocolError,
    Provenance,
    ProviderEvent,
    Started,
    TextDelta,
    Usage,
    UsageUpdated,
)

from ._contents import ORIGIN
from ._errors import array_problem, frame_error
from ._parts import Frame, Parts
from ._usage import answer_tokens, read_plain_usage, read_usage
from ._wire import Candidate, Chunk, PlainChunk, PlainCounts

__all__ = ["Decoder"]

_CHUNK: Final = msgspec.json.Decoder(Chunk)
_PLAIN: Final = msgspec.json.Decoder(PlainChunk)
_MAX_MISTAKES: Final = 3  # a server whose chunks look plain and are not is believed no more

_REASONS: Final[Mapping[str, FinishReason]] = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "FUNCTION_CALL": FinishReason.TOOL_CALLS,  # not Google's word, but that of some who imitate it
    **dict.fromkeys(
        (
            "SAFETY",
            "RECITATION",
            "BLOCKLIST",
            "PROHIBITED_CONTENT",
            "SPII",
            "MODEL_ARMOR",
            "IMAGE_SAFETY",
            "IMAGE_PROHIBITED_CONTENT",
            "IMAGE_RECITATION",
        ),
        FinishReason.CONTENT_FILTER,
    ),
}
# The wire's words for what is passed on beside the parts.
_FACTS: Final = {
    "groundingMetadata": "grounding_metadata",
    "citationMetadata": "citation_metadata",
    "urlContextMetadata": "url_context_metadata",
    "safetyRatings": "safety_ratings",
    "logprobsResult": "logprobs_result",
    "avgLogprobs": "avg_logprobs",
    "finishMessage": "finish_message",
}
_facts_of: Final = attrgetter(*_FACTS.values())
_NO_FACTS: Final = (None,) * len(_FACTS)


class Decoder:
    """Decode one answer, given frame by frame or whole.

    After each frame look at `is_settled`: once it is True, `check` raises what the frame said was
    wrong, and otherwise the answer is complete but for what may follow its end mark. Where the
    bytes end, `close` gives what completes the answer, or nothing if it was cut.

    Args:
        messages: The conversation, whose tool calls' ids are taken.
        dropped: What of it could not be sent.

    Attributes:
        is_settled: Whether the end mark was seen, or an error.
        is_done: Never, as counts may follow until the bytes end.

    Source:
        FORMATS 5.2: the end mark is a `finishReason`, or a `blockReason`, and then the end of the
        bytes; the counts are in every chunk, of which the last one counts.
    """

    def __init__(self, messages: Iterable[Message] = (), dropped: tuple[str, ...] = ()) -> None:
        self.is_settled = self.is_done = False
        self._dropped = dropped
        self._failure: HeadwaterError | None = None
        self._has_started = False
        self._expects_text = False  # whether the next chunk is likely to be text and counts alone
        self._mistakes = 0  # how often it was not
        self._has_end = False
        self._reason: str | None = None
        self._block_reason: str | None = None
        self._usage: Usage | None = None
        self._untold: PlainCounts | Usage | None = None  # newer, and not passed on yet
        self._tell_at = 0  # how many tokens of the answer are worth an event
        self._is_usage_final = False
        self._shown: dict[str, Any] = {}
        self._open_candidates: set[int] = set()  # those past the first that have not finished
        self._parts = Parts(messages)

    def feed(self, data: str | bytes, name: str = "message") -> list[Event]:
        """Take the payload of one frame, whatever the event that it came in is called.

        Raises:
            ProtocolError: It is no chunk.
        """
        if self._expects_text:
            try:
                chunk = _PLAIN.decode(data)
            except (ValueError, RecursionError):
                self._mistakes += 1
            else:
                text = chunk.candidates[0].content.parts[0].text
                events: list[Event] = [TextDelta(text)] if text else []
                if (counts := chunk.usage_metadata) is not None:
                    self._untold = counts
                    if counts.candidates_token_count >= self._tell_at:
                        self._tell(events)
                return events
        return self._read(data)

    def _read(self, data: str | bytes) -> list[Event]:
        if data[:1] != b"{":
            text = data.decode() if isinstance(data, bytes) else data
            if text.strip() in ("", "[DONE]"):  # no word of this wire, but of proxies
                return []
        return self._take(self._decoded(data, "a Gemini chunk"), data)

    def whole(self, body: bytes) -> list[Event]:
        """Take a whole answer that did not come as a stream, as the one frame of one that did.

        Raises:
            ProtocolError: It is no answer.
            HeadwaterError: It is an error.
        """
        answer = self._decoded(body, "a Gemini answer")
        events = self._take(answer, body)
        self.check()
        if not (answer.candidates or answer.prompt_feedback or answer.usage_metadata):
            raise ProtocolError.malformed(
                "a Gemini answer", body, ValueError("it has no candidates")
            )
        return events + self.close()

    def close(self) -> list[Event]:
        """Take the end of the bytes.

        Returns:
            What completes an answer whose end mark was seen; the last counts of one that was cut.
        """
        events: list[Event] = []
        self._tell(events)
        if not self._has_end:
            return events
        if not self._has_started:  # an end mark may be all that comes
            self._start(Chunk(), events)
        usage = self._usage
        if not self._is_usage_final:
            usage = attrs.evolve(usage or Usage(), provenance=Provenance.PARTIAL)
        events.append(Finished(self._finish_reason(), self._reason or self._block_reason, usage))
        return events

    def check(self) -> None:
        """Raise the error that the answer held, if it did."""
        if self._failure is not None:
            raise self._failure

    def _decoded(self, data: str | bytes, expected: str) -> Chunk:
        try:
            return _CHUNK.decode(data)
        except (ValueError, RecursionError) as error:  # bad UTF-8 is a ValueError
            problem = array_problem(data) or ProtocolError.malformed(expected, data, error)
            raise problem from None

    def _take(self, chunk: Chunk, data: str | bytes) -> list[Event]:
        events: list[Event] = []
        if not self._has_started and (chunk.model_version or chunk.response_id):
            self._start(chunk, events)
        if chunk.candidates:
            self._take_candidates(chunk.candidates, Frame(data), events)
        if chunk.prompt_feedback is not None:
            self._take_feedback(chunk, data, events)
        if chunk.usage_metadata is not None:
            self._take_usage(read_usage(chunk.usage_metadata), events)
        if chunk.error is not None:
            self._tell(events)
            self._failure = frame_error({"error": chunk.error})
            self.is_settled = True
        if events and not self._has_started:
            self._start(chunk, events)
        self._expects_text = (
            self._parts.is_in_text and not self._has_end and self._mistakes < _MAX_MISTAKES
        )
        return events

    def _start(self, chunk: Chunk, events: list[Event]) -> None:
        self._has_started = True
        started = Started(
            chunk.model_version or None,
            chunk.response_id or None,
            dropped=self._dropped,
            origin=ORIGIN,
        )
        events.insert(0, started)

    def _take_candidates(
        self, candidates: list[Candidate], frame: Frame, events: list[Event]
    ) -> None:
        for place, candidate in enumerate(candidates):
            if candidate.index or (place and candidate.index is None):
                self._take_other(candidate, place, frame, events)
            else:
                self._take_candidate(candidate, place, frame, events)

    def _take_candidate(
        self, candidate: Candidate, place: int, frame: Frame, events: list[Event]
    ) -> None:
        if candidate.content is not None:
            self._parts.take(candidate.content, place, frame, events)
        facts = _facts_of(candidate)
        if facts != _NO_FACTS:
            for name, value in zip(_FACTS, facts, strict=True):
                if value and value != self._shown.get(name):  # some repeat them in every chunk
                    self._shown[name] = value
                    events.append(_fact(name, value))
        if candidate.finish_reason is not None:
            self._parts.close(events)
            self._reason = str(candidate.finish_reason)
            self._settle()

    def _take_other(
        self, candidate: Candidate, place: int, frame: Frame, events: list[Event]
    ) -> None:
        """Pass on a candidate past the first as it came; only who asks for several gets them."""
        index = candidate.index or place
        if candidate.finish_reason is None:
            self._open_candidates.add(index)
        else:
            self._open_candidates.discard(index)
        events.append(ProviderEvent("candidate", frame.candidate(place)))
        self._settle()

    def _take_feedback(self, chunk: Chunk, data: str | bytes, events: list[Event]) -> None:
        feedback: JSONValue = Frame(data).field("promptFeedback")
        if feedback:
            events.append(_fact("promptFeedback", feedback))
        block_reason = chunk.prompt_feedback.block_reason if chunk.prompt_feedback else None
        if block_reason is not None:
            self._parts.close(events)
            self._block_reason = str(block_reason)
            self._settle()

    def _take_usage(self, usage: Usage | None, events: list[Event]) -> None:
        if usage is not None:
            self._is_usage_final = self._has_end
            self._untold = usage
            if self._has_end or answer_tokens(usage) >= self._tell_at:
                self._tell(events)

    def _tell(self, events: list[Event]) -> None:
        """Pass on the newest counts, which most chunks do not: an event each doubles their price.

        They are worth it where the answer has grown by an eighth and 16 tokens, and at any end.
        """
        counts, self._untold = self._untold, None
        if counts is None:
            return
        usage = read_plain_usage(counts) if isinstance(counts, PlainCounts) else counts
        if self._usage is None or usage != self._usage:
            self._usage = usage
            self._tell_at = answer_tokens(usage) * 9 // 8 + 16
            events.append(UsageUpdated(usage))

    def _settle(self) -> None:
        """Note whether nothing but counts can still come."""
        self._has_end = self._reason is not None or self._block_reason is not None
        self.is_settled = self._has_end and not self._open_candidates

    def _finish_reason(self) -> FinishReason:
        """Say why the model stopped; the wire has no word of its own for tool calls."""
        if self._reason is None:
            return FinishReason.CONTENT_FILTER
        reason = _REASONS.get(self._reason, FinishReason.OTHER)
        if reason is FinishReason.STOP and self._parts.has_called:
            return FinishReason.TOOL_CALLS
        return reason


def _fact(name: str, value: Any) -> ProviderEvent:
    return ProviderEvent(name, {name: value})
