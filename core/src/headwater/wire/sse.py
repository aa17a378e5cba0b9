"""Server-sent events: bytes to events."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from ..errors import ProtocolError

__all__ = ["DEFAULT_MAX_EVENT_BYTES", "Frame", "SSEDecoder", "ServerSentEvent"]

Frame: TypeAlias = tuple[str, bytes, str, int | None]
"""What a `ServerSentEvent` holds, the payload as bytes (valid UTF-8): a third of its price."""

DEFAULT_MAX_EVENT_BYTES = 8 * 2**20
_BOM = b"\xef\xbb\xbf"
_LF, _CR = b"\n\r"  # as numbers: to look for one costs a ninth of looking for bytes
_MAX_RETRY_DIGITS = 18  # Python refuses to read numbers of thousands of digits


@attrs.define
class ServerSentEvent:
    """Hold one event of an event stream; treat it as frozen.

    Attributes:
        event: Its name.
        data: The data lines, joined by newlines.
        id: The last event id that the stream has set.
        retry: Milliseconds to wait before reconnecting, if this event's block said so.
    """

    event: str
    data: str
    id: str = ""
    retry: int | None = None


class SSEDecoder:
    r"""Decode an event stream, fed in slices of any size.

    Lines end with LF, CRLF or CR, and with nothing else: U+2028, U+0085, VT and FF stand raw inside
    JSON strings. UTF-8 is decoded with replacement; one BOM at the start is skipped; comments and
    unknown fields are passed over; a block without data is no event. The cost is linear in the
    input, also when a long line drips in.

    Shapes:
        b"data: a\ndata: b\n\n"        -> ServerSentEvent("message", "a\nb")
        b"event: ping\ndata: {}\n\n"   -> ServerSentEvent("ping", "{}")
        b": keep-alive\n\n"            -> nothing

    Args:
        max_event_bytes: Bytes of the lines of one event, and of one comment. What is over it
            raises, after the events before it were given.

    Source:
        WHATWG HTML, section 9.2.6 "Interpreting an event stream".
    """

    def __init__(self, *, max_event_bytes: int = DEFAULT_MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._head: bytes | None = b""  # what may be the start of a BOM; None once that is settled
        self._after_cr = False
        self._rest = bytearray()  # the line that has begun
        self._data: bytes | None = None  # from here on: the block that has begun
        self._more: list[bytes] = []  # its data lines after the first
        self._size = 0
        self._name = "message"
        self._retry: int | None = None
        self._id = ""
        self._failure: ProtocolError | None = None

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take the next bytes and give the events that they complete.

        Raises:
            ProtocolError: An event is larger than the limit. Where this chunk completed others
                before it, they are given first, and the next `check`, `feed` or `close` raises.
        """
        return [
            ServerSentEvent(name, data.decode(), last_id, retry)
            for name, data, last_id, retry in self.frames(chunk)
        ]

    def frames(self, chunk: bytes) -> list[Frame]:  # noqa: C901  # the loop of each token
        """Take the next bytes as `feed` does, and give the events as frames.

        Raises:
            ProtocolError: As `feed`.
        """
        if self._failure is not None:
            raise self._failure
        if self._size == 0 and (frame := self._one(chunk)) is not None:
            return [frame]
        frames: list[Frame] = []
        limit, size, data = self._max_event_bytes, self._size, self._data
        for line in self._lines(chunk):
            if not line:
                if size > limit:
                    break
                if data is not None:
                    text = self._joined(data) if self._more else data
                    if not text.isascii():
                        text = text.decode("utf-8", "replace").encode()
                    frames.append((self._name, text, self._id, self._retry))
                    data = None
                self._name, self._retry, size = "message", None, 0
            elif data is None and line[:6] == b"data: ":  # what most lines are
                size += len(line)
                data = line[6:]
            elif line[:7] == b"event: ":
                size += len(line)
                self._name = line[7:].decode("utf-8", "replace") or "message"
            else:
                value = self._take_field(line)
                size += 0 if line[:1] == b":" else len(line)  # nothing of a comment is kept
                if size > limit or len(line) > limit:
                    break
                if data is None:
                    data = value
                elif value is not None:
                    self._more.append(value)
        else:
            self._size, self._data = size, data
            rest = self._rest  # the line that has begun, so that a giant is refused early
            if len(rest) + (0 if rest[:1] == b":" else size) <= limit:
                return frames
        self._failure = ProtocolError(
            f"the server sent an event of more than {limit} bytes; if that is what you expect, "
            "raise max_event_bytes of the Runner"
        )
        if not frames:
            self.check()
        return frames

    def _one(self, chunk: bytes) -> Frame | None:
        """Read what is one event with one line of data: tokens come so while one waits for them."""
        if chunk[-2:] == b"\n\n":
            data = chunk[:-2]
        elif chunk[-4:] == b"\r\n\r\n":
            data = chunk[:-4]
        else:
            return None
        name = "message"
        if data[:7] == b"event: ":
            named, _, data = data.partition(b"\n")
            name = named[7:].rstrip(b"\r").decode("utf-8", "replace") or name
        if (
            data[:6] != b"data: "
            or _LF in data
            or _CR in data
            or not data.isascii()
            or self._rest
            or self._head is not None
            or self._after_cr
            or len(chunk) > self._max_event_bytes
        ):
            return None
        return name, data[6:], self._id, None

    def _joined(self, first: bytes) -> bytes:
        """Join the data lines of a block that has several."""
        lines, self._more = [first, *self._more], []
        return b"\n".join(lines)

    def check(self) -> None:
        """Raise what `feed` has kept back in favour of the events before it."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> ServerSentEvent | None:
        """Give what an unterminated last event would have been; the standard drops it.

        Raises:
            ProtocolError: As `feed`.
        """
        events = self.feed(b"\n\n")  # ends its line and its block, or its block alone
        return events[0] if events else None

    def _lines(self, chunk: bytes) -> list[bytes]:
        """Give the lines that the bytes complete, in linear time also when a long one drips in."""
        if self._head is not None:
            chunk = self._without_bom(self._head + chunk)
        if self._after_cr or _CR in chunk:
            chunk = self._with_lf(chunk)
        lines = chunk.split(b"\n")
        rest = lines.pop()
        if self._rest and lines:
            lines[0] = bytes(self._rest) + lines[0]
            self._rest.clear()
        if rest:
            self._rest += rest
        return lines

    def _without_bom(self, head: bytes) -> bytes:
        if len(head) < len(_BOM) and _BOM.startswith(head):
            self._head = head
            return b""
        self._head = None
        return head.removeprefix(_BOM)

    def _with_lf(self, chunk: bytes) -> bytes:
        """End all lines with LF; a CRLF may be cut in two."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        self._after_cr = self._after_cr or chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _take_field(self, line: bytes) -> bytes | None:
        """Take a line that is not plainly data, and give the data if it is."""
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")  # one space, no more
        if field == b"event":
            self._name = value.decode("utf-8", "replace") or "message"
        elif field == b"data":
            return value
        elif field == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif field == b"retry" and value.isdigit() and len(value) <= _MAX_RETRY_DIGITS:
            self._retry = int(value)
        return None
