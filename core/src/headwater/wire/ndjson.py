"""Newline-delimited JSON: bytes to lines, each a JSON text."""

from __future__ import annotations

from ..errors import ProtocolError
from .sse import DEFAULT_MAX_EVENT_BYTES, Frame

__all__ = ["NDJSONDecoder"]


class NDJSONDecoder:
    r"""Split a stream of JSON lines, fed in slices of any size, in linear time.

    Only LF ends a line (a CR before it is white space to JSON); blank lines are passed over.

    Shapes:
        b'{"a":1}\n\n{"b":2}\r\n' -> [b'{"a":1}', b'{"b":2}']

    Args:
        max_event_bytes: Bytes of one line. What is over it raises, after the lines before it were
            given.
    """

    def __init__(self, *, max_event_bytes: int = DEFAULT_MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._begun = bytearray()  # the line that has begun
        self._failure: ProtocolError | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes and give the lines that they complete.

        Raises:
            ProtocolError: A line is larger than the limit. Where this chunk completed others before
                it, they are given first, and the next `check`, `feed` or `close` raises.
        """
        self.check()
        limit = self._max_event_bytes
        ended = chunk.split(b"\n")
        rest = ended.pop()
        if ended and self._begun:
            self._begun += ended[0]
            ended[0] = bytes(self._begun)
            self._begun.clear()
        self._begun += rest
        lines: list[bytes] = []
        for line in ended:
            if len(line) > limit:
                self._failure = self._too_large()
                break
            if text := line.strip():
                lines.append(text)
        if len(self._begun) > limit:
            self._failure = self._too_large()
        if not lines:
            self.check()
        return lines

    def frames(self, chunk: bytes) -> list[Frame]:
        """Take the next bytes as `feed` does, and give each line as a frame.

        Raises:
            ProtocolError: As `feed`.
        """
        return [
            ("message", line if line.isascii() else _as_utf8(line), "", None)
            for line in self.feed(chunk)
        ]

    def check(self) -> None:
        """Raise what `feed` has kept back in favour of the lines before it."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> bytes | None:
        """Give the line that the bytes ended in, if they did not end at a line's end.

        Raises:
            ProtocolError: As `feed`.
        """
        lines = self.feed(b"\n")
        return lines[0] if lines else None

    def _too_large(self) -> ProtocolError:
        return ProtocolError(
            f"the server sent a line of more than {self._max_event_bytes} bytes; if that is what "
            "you expect, raise max_event_bytes of the Runner"
        )


def _as_utf8(line: bytes) -> bytes:
    return line.decode("utf-8", "replace").encode()
