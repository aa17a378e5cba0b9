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
_END = b"\n\n"  # of a block
_LF, _CR = b"\n\r"  # as numbers: to look for one costs a ninth of looking for bytes
_MAX_NAMES = 64
_MAX_NAME_BYTES = 64  # of a line that is kept with its name
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
        self._is_amid = False  # whether a block has begun
        self._rest = bytearray()  # its line that has begun
        self._data: list[bytes] = []
        self._size = 0
        self._names: dict[bytes, str] = {}
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

    def frames(self, chunk: bytes) -> list[Frame]:
        """Take the next bytes as `feed` does, and give the events as frames.

        Raises:
            ProtocolError: As `feed`.
        """
        self.check()
        if not self._is_amid and (frame := self._one(chunk)) is not None:
            return [frame]
        if self._head is not None:
            chunk = self._without_bom(self._head + chunk)
        if self._after_cr or _CR in chunk:
            chunk = self._with_lf(chunk)
        frames: list[Frame] = []
        if self._is_amid:
            begun, end, chunk = chunk.partition(_END)
            frames += self._lines(begun + end)
        ended = chunk.rfind(_END) + len(_END)
        if ended >= len(_END) and self._failure is None:
            frames += self._blocks(chunk[:ended])
            chunk = chunk[ended:]
        if chunk and self._failure is None:
            frames += self._lines(chunk)
        if not frames:
            self.check()
        return frames

    def check(self) -> None:
        """Raise what `feed` has kept back in favour of the events before it."""
        if self._failure is not None:
            raise self._failure

    def close(self) -> ServerSentEvent | None:
        """Give what an unterminated last event would have been; the standard drops it.

        Raises:
            ProtocolError: As `feed`.
        """
        events = self.feed(_END)  # ends its line and its block, or its block alone
        return events[0] if events else None

    def _one(self, chunk: bytes) -> Frame | None:
        """Read what is one event with one line of data: tokens come so while one waits for them."""
        if chunk[-2:] == _END:
            data = chunk[:-2]
        elif chunk[-4:] == b"\r\n\r\n":
            data = chunk[:-4]
        else:
            return None
        name = "message"
        if data[:7] == b"event: ":
            named, _, data = data.partition(b"\n")
            if _CR in (named := named[7:].removesuffix(b"\r")):
                return None
            name = named.decode("utf-8", "replace") or name
        is_one = data[:6] == b"data: " and _LF not in data and _CR not in data and data.isascii()
        if not is_one or self._head is not None or self._after_cr:
            return None
        return (name, data[6:], self._id, None) if len(chunk) <= self._max_event_bytes else None

    def _blocks(self, blocks: bytes) -> list[Frame]:
        """Read whole blocks, each with the empty line that ends it; they are mostly alike."""
        if len(blocks) > self._max_event_bytes:
            return self._lines(blocks)
        text = blocks if blocks.isascii() else blocks.decode("utf-8", "replace").encode()
        lines, last_id = text.split(b"\n")[:-1], self._id
        frames: list[Frame] = []
        if not any(lines[1::2]):  # one line each
            frames = [
                ("message", data[6:], last_id, None) for data in lines[::2] if data[:6] == b"data: "
            ]
        elif not any(lines[2::3]):  # two
            named = self._names.get
            frames = [
                (name, data[6:], last_id, None)
                for line, data in zip(lines[::3], lines[1::3], strict=False)
                if (name := named(line) or self._name_in(line)) and data[:6] == b"data: "
            ]
        return frames if len(frames) == lines.count(b"") else self._lines(blocks)

    def _name_in(self, line: bytes) -> str:
        """Read the name of an event, of which a stream has few; "" where the line has none."""
        if line[:7] != b"event: ":
            return ""
        name = line[7:].decode() or "message"
        if len(self._names) < _MAX_NAMES and len(line) <= _MAX_NAME_BYTES:
            self._names[line] = name
        return name

    def _lines(self, chunk: bytes) -> list[Frame]:
        """Read any bytes line by line, and keep the block that they end in."""
        frames: list[Frame] = []
        limit, rest = self._max_event_bytes, self._rest
        for line in self._ended(chunk):
            if line:
                self._take_field(line)
            else:
                self._end_block(frames)
            if self._size > limit or len(line) > limit:
                break
        else:  # the line that has begun counts, so that a giant is refused early
            if len(rest) + (0 if rest[:1] == b":" else self._size) <= limit:
                return frames
        self._failure = ProtocolError(
            f"the server sent an event of more than {limit} bytes; if that is what you expect, "
            "raise max_event_bytes of the Runner"
        )
        return frames

    def _ended(self, chunk: bytes) -> list[bytes]:
        """Give the lines that the bytes complete, in linear time also when a long one drips in."""
        lines = chunk.split(b"\n")
        rest = lines.pop()
        if self._rest and lines:
            lines[0] = bytes(self._rest) + lines[0]
            self._rest.clear()
        self._rest += rest
        self._is_amid = bool(self._rest) or (bool(lines[-1]) if lines else self._is_amid)
        return lines

    def _without_bom(self, begun: bytes) -> bytes:
        if len(begun) < len(_BOM) and _BOM.startswith(begun):
            self._head = begun
            return b""
        self._head = None
        return begun.removeprefix(_BOM)

    def _with_lf(self, chunk: bytes) -> bytes:
        """End all lines with LF; a CRLF may be cut in two."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        self._after_cr = self._after_cr or chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _take_field(self, line: bytes) -> None:
        """Take a line of a block."""
        field, _, value = line.partition(b":")
        if field:
            self._size += len(line)  # nothing of a comment is kept
        value = value.removeprefix(b" ")  # one space, no more
        if field == b"event":
            self._name = value.decode("utf-8", "replace") or "message"
        elif field == b"data":
            self._data.append(value)
        elif field == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif field == b"retry" and value.isdigit() and len(value) <= _MAX_RETRY_DIGITS:
            self._retry = int(value)

    def _end_block(self, frames: list[Frame]) -> None:
        """Give the event of a block, if it had data, and begin another."""
        if self._data:
            data = b"\n".join(self._data).decode("utf-8", "replace").encode()
            frames.append((self._name, data, self._id, self._retry))
            self._data.clear()
        self._name, self._retry, self._size = "message", None, 0
