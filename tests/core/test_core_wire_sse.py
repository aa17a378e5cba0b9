"""Server-sent events: the cases that a reader of the standard would ask about."""

from __future__ import annotations

import pytest

from headwater import ProtocolError
from headwater.wire.sse import ServerSentEvent, SSEDecoder


def decoded(raw: bytes) -> list[ServerSentEvent]:
    """Decode bytes that came at once."""
    return SSEDecoder().feed(raw)


def message(data: str, **fields: object) -> ServerSentEvent:
    """Make an event of the ordinary kind."""
    return ServerSentEvent("message", data, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "events"),
    [
        (b"data: a\n\n", [message("a")]),
        (b"data:a\n\n", [message("a")]),
        (b"data:  a\n\n", [message(" a")]),
        (b"data: a\ndata: b\n\n", [message("a\nb")]),
        (b"data\ndata\n\n", [message("\n")]),
        (b"data\n\n", [message("")]),
        (b"event: ping\ndata: {}\n\n", [ServerSentEvent("ping", "{}")]),
        (b"event: ping\n\ndata: a\n\n", [message("a")]),
        (b": ping\n\n", []),
        (b"\n\n\n", []),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [message("a"), message("b"), message("c")]),
        ("data: a\u2028b\u0085c\x0bd\x0ce\n\n".encode(), [message("a\u2028b\u0085c\x0bd\x0ce")]),
        (b"\xef\xbb\xbfdata: a\n\n", [message("a")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [message("b")]),
        (b"data: \xff\xe2\x82\n\n", [message("\ufffd\ufffd")]),
        (b"id: 7\ndata: a\n\ndata: b\n\n", [message("a", id="7"), message("b", id="7")]),
        (b"id: 7\n\ndata: a\n\n", [message("a", id="7")]),
        (b"id: 7\nid: \0\ndata: a\n\n", [message("a", id="7")]),
        (b"id: 7\nid\ndata: a\n\n", [message("a")]),
        (b"retry: 50\ndata: a\n\ndata: b\n\n", [message("a", retry=50), message("b")]),
        (b"retry: 5x\nretry: -1\nretry:\ndata: a\n\n", [message("a")]),
        (b"retry: " + b"9" * 5000 + b"\ndata: a\n\n", [message("a")]),
        (b"other: x\n data: y\nDATA: z\ndata: a\n\n", [message("a")]),
        (b"data: a", []),
        (b"data: a\n", []),
        (b"", []),
    ],
)
def test_sse_cases(raw: bytes, events: list[ServerSentEvent]) -> None:
    """Each line of the standard that is easily got wrong."""
    assert decoded(raw) == events


@pytest.mark.parametrize(
    ("raw", "rest"),
    [
        (b"data: a", message("a")),
        (b"data: a\n", message("a")),
        (b"data: a\r", message("a")),
        (b"data: a\n\n", None),
        (b"event: x\ndata: a", ServerSentEvent("x", "a")),
        (b": ping", None),
        (b"event: x", None),
        (b"\xef\xbb", None),
        (b"", None),
    ],
)
def test_sse_close_gives_what_was_not_terminated(raw: bytes, rest: ServerSentEvent | None) -> None:
    """The caller decides whether an event without its end counts."""
    decoder = SSEDecoder()
    decoder.feed(raw)
    assert decoder.close() == rest


GIANTS = {
    "a line": b"data: " + b"x" * 100 + b"\n\n",
    "a line that has not ended": b"data: " + b"x" * 100,
    "many lines": b"data: xxxxx\n" * 10,
    "empty lines of data": b"data\n" * 30,
    "a name": b"event: " + b"x" * 100 + b"\n",
    "a comment": b": " + b"x" * 100 + b"\n",
    "a comment that has not ended": b": " + b"x" * 100,
    "a line after others": b"event: abc\nid: abc\ndata: " + b"x" * 40,
}


@pytest.mark.parametrize("raw", GIANTS.values(), ids=GIANTS.keys())
def test_sse_a_giant_is_refused(raw: bytes) -> None:
    """Whatever it is that does not end, and the error says how to allow more."""
    with pytest.raises(ProtocolError, match=r"more than 60 bytes.*max_event_bytes"):
        SSEDecoder(max_event_bytes=60).feed(raw)


def test_sse_what_came_before_a_giant_is_given_first() -> None:
    """And the error at the next opportunity, again and again."""
    decoder = SSEDecoder(max_event_bytes=20)
    assert decoder.feed(b"data: a\n\ndata: " + b"x" * 30) == [message("a")]
    for again in (decoder.check, decoder.close, lambda: decoder.feed(b"")):
        with pytest.raises(ProtocolError):
            again()


def test_sse_comments_do_not_add_up() -> None:
    """A stream may be kept alive for ever, also within an event."""
    decoder = SSEDecoder(max_event_bytes=20)
    assert decoder.feed(b"data: a\n" + b": ping\n" * 1000 + b"\n") == [message("a")]


@pytest.mark.parametrize("size", [1, 10_000], ids=["short", "long"])
def test_sse_names_are_not_kept_without_an_end(size: int) -> None:
    """However many there are, and however long."""
    decoder = SSEDecoder()
    decoder.feed(b": begun\n\n")
    names = [f"{number:0{size}}" for number in range(200)]
    raw = "".join(f"event: {name}\ndata: a\n\n" for name in names).encode()
    for _ in range(2):
        assert [event.event for event in decoder.feed(raw)] == names
    assert sum(map(len, decoder._names)) < 2**14


def test_sse_the_limit_is_of_one_event() -> None:
    """Many events may be larger together."""
    assert len(SSEDecoder(max_event_bytes=10).feed(b"data: a\n\n" * 100)) == 100
