"""Server-sent events: the decoder against a slow reading of the standard, in any slices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Self

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headwater import ProtocolError
from headwater.testing.strategies import sse_streams
from headwater.wire.sse import ServerSentEvent, SSEDecoder

raws = sse_streams()
cuts = st.lists(st.integers(0, 200), max_size=12)

_ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\r\n", b"\r", b"\r\r\n", b"\n\n"])
_NAMES = st.sampled_from([
    b"", b"", b"event: e", b"event: e", b"event: ", b"event:e", b"event: \xff", b"event: a\rid: 1",
    "event: é".encode(), b"\xef\xbb\xbfevent: e", b"\nevent: e",
])  # fmt: skip
_DATA = st.sampled_from([
    b"data: a", b"data: a", b'data: {"a": [1]}', b"data: " + b"x" * 40, b"data: \xff\xff\xff",
    "data: é😀".encode(), b"data: a\rb", b"data: a\ndata: b", b"data:a", b"data", b"data: ",
    b"id: 7\ndata: a", b"retry: 5\ndata: a", b": ping", b"x", b"\xef\xbb\xbfdata: a",
])  # fmt: skip
_BEGUN = st.sampled_from([b"data: a", b"data: a\n", b"event: e\n", b"\xef\xbb", b"\r", b"", b":"])


@st.composite
def plain_events(draw: st.DrawFn) -> bytes:
    """Give what a server sends at once for a token: one event, with its name or without it."""
    end = draw(st.sampled_from([b"\n", b"\n", b"\r\n"]))
    name = draw(st.sampled_from([b"", b"event: e" + end, b"event: delta" + end]))
    return name + draw(st.sampled_from([b"data: a", b"data: {}", "data: é".encode()])) + end + end


@st.composite
def odd_events(draw: st.DrawFn) -> bytes:
    """Give what looks like it, and may be something else."""
    name = draw(_NAMES)
    named = name + draw(_ENDS) if name else b""
    return named + draw(_DATA) + draw(_ENDS) + draw(_ENDS)


events = plain_events() | odd_events()
arrivals = st.lists(
    plain_events() | odd_events() | st.lists(events, max_size=4).map(b"".join) | _BEGUN, max_size=8
)


def sliced(raw: bytes, at: Sequence[int]) -> list[bytes]:
    """Cut bytes at some places."""
    places = sorted({min(place, len(raw)) for place in at})
    return [raw[a:b] for a, b in zip([0, *places], [*places, len(raw)], strict=True)]


def read(
    slices: Sequence[bytes], limit: int = 2**20
) -> tuple[list[ServerSentEvent], ServerSentEvent | None, bool]:
    """Give the events, what the end left over, and whether the size limit was passed."""
    decoder = SSEDecoder(max_event_bytes=limit)
    events: list[ServerSentEvent] = []
    try:
        for piece in slices:
            events += decoder.feed(piece)
            decoder.check()
        return events, decoder.close(), False
    except ProtocolError:
        return events, None, True


def lines_by_the_standard(raw: bytes) -> list[str]:
    """Decode, drop one BOM, and split at CRLF, LF and CR; the last line has no end and is none."""
    text = raw.decode("utf-8", "replace").removeprefix("\ufeff")
    return re.split("\r\n|\n|\r", text)[:-1]


@attrs.define
class Interpreter:
    """The buffers of the standard, and what each line does to them.

    The reconnection time is kept for each block, and of 18 digits at most, as ours is documented.
    """

    events: list[ServerSentEvent] = attrs.field(factory=list)
    data: str = ""
    event_type: str = ""
    last_event_id: str = ""
    retry: int | None = None

    def line(self, line: str) -> None:
        """Process a line."""
        if line == "":
            self.dispatch()
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            self.field(name, value.removeprefix(" "))

    def field(self, name: str, value: str) -> None:
        """Process a field."""
        if name == "event":
            self.event_type = value
        elif name == "data":
            self.data += value + "\n"
        elif name == "id" and "\0" not in value:
            self.last_event_id = value
        elif name == "retry" and re.fullmatch("[0-9]{1,18}", value):
            self.retry = int(value)

    def dispatch(self) -> None:
        """Dispatch the event, if there is data."""
        if self.data != "":
            data = self.data.removesuffix("\n")
            kind = self.event_type or "message"
            self.events.append(ServerSentEvent(kind, data, self.last_event_id, self.retry))
        self.data, self.event_type, self.retry = "", "", None


def by_the_standard(raw: bytes) -> list[ServerSentEvent]:
    """Interpret an event stream as WHATWG HTML, section 9.2.6, says, word for word."""
    interpreter = Interpreter()
    for line in lines_by_the_standard(raw):
        interpreter.line(line)
    return interpreter.events


@given(raw=raws)
@example(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n")
@example(b"data\n\n")
@example(b"data:\ndata\n\n")
@example(b"data: a\r\n\r\n")
@example(b"data: a\r\r")
@example(b"event:\ndata: a\n\n")
def test_sse_reads_what_the_standard_says(raw: bytes) -> None:
    """The fast decoder and the slow reading of the standard agree."""
    assert read([raw])[0] == by_the_standard(raw)


@given(raw=raws, at=cuts)
def test_sse_slices_do_not_matter(raw: bytes, at: list[int]) -> None:
    """Cutting the bytes anywhere gives the same events, and the same rest."""
    assert read(sliced(raw, at)) == read([raw])


@given(raw=raws)
@example(b"data: a\r\ndata: b\r\n\r\n")
@example(b"\xef\xbb\xbfdata: a\n\n")
def test_sse_byte_by_byte(raw: bytes) -> None:
    """So does feeding one byte at a time."""
    assert read([bytes([byte]) for byte in raw]) == read([raw])


@given(pieces=arrivals)
@example([b": a\n\ndata: a\n", b"data: b\n\n"])
@example([b": a\n\ndata: a", b"data: b\n\n"])
@example([b": a\n\n", b"event: a\rb\ndata: c\n\n"])
@example([b": a\n\n", b"event: a\r\r\ndata: c\n\n"])
def test_sse_events_that_come_one_by_one(pieces: list[bytes]) -> None:
    """What is read at a glance, because it came alone or with its like, is read as ever."""
    raw = b"".join(pieces)
    assert read(pieces) == read([bytes([byte]) for byte in raw])
    assert read(pieces)[0] == by_the_standard(raw)


@given(pieces=arrivals, limit=st.integers(1, 80))
@example([b": a\n\n", b"data:\xff\xff\xff\xff\xff\xff\n\n"], 13)
def test_sse_a_giant_among_events_that_come_one_by_one(pieces: list[bytes], limit: int) -> None:
    """The limit is that of the bytes that came, whatever is read at a glance."""
    assert read(pieces, limit) == read([bytes([byte]) for byte in b"".join(pieces)], limit)


@given(raw=raws, at=cuts, limit=st.integers(1, 40))
def test_sse_the_size_limit_does_not_depend_on_slices(
    raw: bytes, at: list[int], limit: int
) -> None:
    """Whether a limit is passed, and which events come before it, is a matter of bytes alone."""
    assert read(sliced(raw, at), limit) == read([raw], limit)


@given(raw=raws, limit=st.integers(1, 40))
def test_sse_no_event_is_larger_than_the_limit(raw: bytes, limit: int) -> None:
    """What comes out is no larger than was allowed in."""
    events, _, _ = read([raw], limit)
    # a byte that is no UTF-8 becomes a replacement of three
    assert all(len(event.data.encode()) <= 3 * limit for event in events)


@given(raw=raws)
def test_sse_the_rest_is_what_a_blank_line_would_have_ended(raw: bytes) -> None:
    """`close` gives the event that the missing end would have completed."""
    events, rest, _ = read([raw])
    completed = by_the_standard(raw + b"\n\n")
    assert completed == ([*events, rest] if rest is not None else events)


class Counted(bytearray):
    """Count the bytes that are added to it."""

    added = 0

    def __iadd__(self, more: bytes) -> Self:  # type: ignore[misc,override]  # bytes are all it gets
        Counted.added += len(more)
        return super().__iadd__(more)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_sse_a_long_line_that_drips_in_is_not_read_again(size: int) -> None:
    """Each byte of a line that has begun is taken once, however small the slices."""
    decoder = SSEDecoder()
    decoder._rest = Counted()
    Counted.added = 0
    line = b"data: " + b"x" * 20_000
    for start in range(0, len(line), size):
        assert decoder.feed(line[start : start + size]) == []
    assert Counted.added == len(line)
