"""What a sample answer says, whatever wire it goes over, and the frames that say it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import attrs

from ...parts import JSONValue

MODEL: Final = "sample-1"
RESPONSE_ID: Final = "sample-id-1"


class Phase(StrEnum):
    """Where in an answer a frame stands.

    Attributes:
        PREAMBLE: Before any content: a failure here can be tried again.
        CONTENT: Text, reasoning, tool calls.
        CLOSING: Why the model stopped, and the usage: the answer is complete from here on.
        END: The end mark.
    """

    PREAMBLE = "preamble"
    CONTENT = "content"
    CLOSING = "closing"
    END = "end"


@attrs.frozen
class Frame:
    """Hold one frame of a stream: an event, or a line."""

    data: bytes
    phase: Phase


@attrs.frozen
class SampleCall:
    """Say that the model calls a tool.

    Attributes:
        name: The tool.
        pieces: The JSON text of the arguments, in the pieces that a wire may send it in.
        call_id: Its id, where the wire has ids.
    """

    name: str = "get_weather"
    pieces: tuple[str, ...] = ('{"city": ', '"Oslo"}')
    call_id: str = "call_1"

    @property
    def raw_arguments(self) -> str:
        """Join the pieces."""
        return "".join(self.pieces)

    @property
    def arguments(self) -> JSONValue:
        """Decode the arguments."""
        value: JSONValue = json.loads(self.raw_arguments)
        return value


@attrs.frozen
class Said:
    """Say what a model said: first the reasoning, then the text, then the tool calls.

    Attributes:
        text: The text, in its deltas.
        reasoning: The reasoning, in its deltas.
        calls: The tool calls.
        input_tokens: What the usage says.
        output_tokens: What the usage says.
    """

    text: tuple[str, ...] = ("Hello", ", ", "world", "!")
    reasoning: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    calls: tuple[SampleCall, ...] = attrs.field(default=(), kw_only=True)
    input_tokens: int = attrs.field(default=11, kw_only=True)
    output_tokens: int = attrs.field(default=7, kw_only=True)

    @property
    def total_tokens(self) -> int:
        """Add both counts."""
        return self.input_tokens + self.output_tokens


def compact(value: JSONValue) -> bytes:
    """Encode JSON as the providers do, without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def event(value: JSONValue, name: str | None = None, end: str = "\n") -> bytes:
    """Make a server-sent event."""
    named = f"event: {name}{end}" if name else ""
    return named.encode() + b"data: " + compact(value) + (end * 2).encode()


def before_content(frames: Iterable[bytes]) -> list[Frame]:
    """Mark frames that come before any content."""
    return [Frame(data, Phase.PREAMBLE) for data in frames]


def content(frames: Iterable[bytes]) -> list[Frame]:
    """Mark frames that hold content."""
    return [Frame(data, Phase.CONTENT) for data in frames]
