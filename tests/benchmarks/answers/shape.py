"""What the answers of all wires share: their shape, and how text and JSON are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import attrs

__all__ = [
    "INPUT_TOKENS",
    "JSON",
    "SSE",
    "Streamed",
    "Wire",
    "data",
    "encoded",
    "named",
    "text",
    "word",
]

JSON: TypeAlias = Mapping[str, object]

INPUT_TOKENS: Final = 10
SSE: Final = "text/event-stream"


@attrs.frozen
class Streamed:
    """Hold a streamed answer, event by event.

    Attributes:
        head: What precedes the text.
        deltas: One event for each token.
        tail: What ends the answer.
    """

    head: list[bytes]
    deltas: list[bytes]
    tail: list[bytes]

    def events(self) -> list[bytes]:
        """Give all of it."""
        return [*self.head, *self.deltas, *self.tail]


@attrs.frozen
class Wire:
    """Hold how one wire looks from outside.

    Attributes:
        title: Its name in tables.
        path: What a request's path contains.
        content_type: What a stream is said to be.
        streamed: Makes an answer of so many tokens.
        whole: Makes it in one piece.
    """

    title: str
    path: bytes
    content_type: str
    streamed: Callable[[int], Streamed]
    whole: Callable[[int], bytes]


def word(number: int) -> str:
    """Give a token of text."""
    return f" word{number % 10}"


def text(tokens: int) -> str:
    """Give so many tokens of text."""
    return "".join(word(number) for number in range(tokens))


def encoded(value: JSON) -> bytes:
    """Write JSON as vendors do, without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


def data(value: JSON) -> bytes:
    """Write an event."""
    return b"data: %s\n\n" % encoded(value)


def named(value: JSON) -> bytes:
    """Write an event that has a name, which is its type."""
    return b"event: %s\n%s" % (str(value["type"]).encode(), data(value))
