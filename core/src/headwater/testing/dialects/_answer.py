"""An answer in the abstract, which a dialect writes as bytes, and what a provider makes of it."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Final

import attrs

from ...events import FinishReason
from ...usage import Usage
from ..samples import Expected, ExpectedCall

__all__ = ["PLAIN", "Ability", "Answer", "CallStyle", "WrittenCall"]


class Ability(StrEnum):
    """Name what a wire can say, and not every wire does.

    Attributes:
        REASONING: The model's reasoning.
        SEALS: A signature of the reasoning, which has to go back.
        CACHED_COUNT: How many input tokens came out of a cache.
        CACHE_WRITES: How many were put into one.
        REASONING_COUNT: How many output tokens were reasoning.
        BROKEN_ARGUMENTS: Arguments of a tool call as text, which may be broken.
        CALL_IDS: Ids of tool calls.
        SEVERAL_CALLS: More than one tool call in an answer.
        RAW_REASONS: Why the model stopped, in words of its own.
    """

    REASONING = "reasoning"
    SEALS = "seals"
    CACHED_COUNT = "cached_count"
    CACHE_WRITES = "cache_writes"
    REASONING_COUNT = "reasoning_count"
    BROKEN_ARGUMENTS = "broken_arguments"
    CALL_IDS = "call_ids"
    SEVERAL_CALLS = "several_calls"
    RAW_REASONS = "raw_reasons"


class CallStyle(StrEnum):
    """Name the ways in which servers write several tool calls.

    Attributes:
        IN_TURN: One after the other, each in its pieces.
        INTERLEAVED: Piece by piece in turn.
        EQUAL_INDEXES: All with the same index, told apart by their ids.
        WITHOUT_IDS: With no ids.
        AT_ONCE: All in one frame, whole.
    """

    IN_TURN = "in_turn"
    INTERLEAVED = "interleaved"
    EQUAL_INDEXES = "equal_indexes"
    WITHOUT_IDS = "without_ids"
    AT_ONCE = "at_once"


@attrs.frozen
class WrittenCall:
    """Hold a tool call as it is written.

    Attributes:
        name: The tool.
        pieces: The JSON text of its arguments, as it is sent.
        call_id: Its id.
    """

    name: str
    pieces: tuple[str, ...] = ()
    call_id: str = "call_1"

    @property
    def raw(self) -> str:
        """Join the pieces."""
        return "".join(self.pieces)

    def expected(self, *, has_id: bool, has_text: bool) -> ExpectedCall:
        """Say what a provider makes of it."""
        try:
            arguments = json.loads(self.raw) if self.raw.strip() else {}
        except ValueError:
            arguments = None
        return ExpectedCall(
            self.name,
            arguments if isinstance(arguments, dict) else None,
            raw=self.raw if has_text else None,
            call_id=self.call_id if has_id else None,
        )


@attrs.frozen(kw_only=True)
class Answer:
    """Hold an answer: first the reasoning, then the text, then the tool calls.

    Attributes:
        reasoning: Its pieces.
        seal: The signature of the reasoning.
        text: Its pieces.
        calls: The tool calls.
        style: How they are written.
        reason: Why the model stopped.
        usage: The counts, by our own rules; a dialect does its arithmetic backwards.
    """

    reasoning: tuple[str, ...] = ()
    seal: str | None = None
    text: tuple[str, ...] = ()
    calls: tuple[WrittenCall, ...] = ()
    style: CallStyle = CallStyle.IN_TURN
    reason: FinishReason = FinishReason.STOP
    usage: Usage | None = None

    def expected(self, *, has_ids: bool, has_text: bool) -> Expected:
        """Say what a provider makes of it.

        Args:
            has_ids: Whether the wire has ids of tool calls.
            has_text: Whether it has their arguments as text.
        """
        has_id = has_ids and self.style is not CallStyle.WITHOUT_IDS
        return Expected(
            text="".join(self.text),
            reasoning="".join(self.reasoning),
            tool_calls=tuple(c.expected(has_id=has_id, has_text=has_text) for c in self.calls),
            finish_reason=self.reason,
            usage=self.usage or Usage(),
            sealed=() if self.seal is None else (self.seal,),
        )


PLAIN: Final = Answer(
    text=("The river ", "runs, ", "and the stone ", "stays."),
    usage=Usage(19, 11),
)
