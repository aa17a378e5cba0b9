"""Bytes to frames, whatever the body is said to be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headwater import ProtocolError, StreamInterrupted
from headwater.wire.frames import Framing, check_whole, frame_reader
from headwater.wire.sse import Frame

EVENTS = "text/event-stream"
JSON = "application/json"


def taken(
    *chunks: bytes,
    framing: Framing = Framing.SSE,
    media_type: str = EVENTS,
    limit: int = 2**20,
    on_frame: Callable[[bytes], None] | None = None,
) -> list[list[bytes]]:
    """Give the payloads of the frames that each of some chunks completes, and then the end."""
    reader = frame_reader(framing, media_type, limit, on_frame)
    given = []
    for chunk in (*chunks, b""):
        given.append([data for _, data, _, _ in reader.take(chunk)])
        reader.check()
    return given


@pytest.mark.parametrize("media_type", [EVENTS, "", "text/plain", "application/x-ndjson"])
def test_frames_are_given_as_they_come(media_type: str) -> None:
    """Each with the bytes that complete it, whatever the body is said to be."""
    chunks = (b"data: a\n\ndata: b\n\nda", b"ta: c\n", b"\n")
    assert taken(*chunks, media_type=media_type) == [[b"a", b"b"], [], [b"c"], []]


def test_lines_are_given_as_they_come() -> None:
    """The other framing."""
    chunks = (b'{"a":1}\n{"b"', b":2}\n\n")
    assert taken(*chunks, framing=Framing.NDJSON) == [[b'{"a":1}'], [b'{"b":2}'], []]


@pytest.mark.parametrize("framing", Framing)
@pytest.mark.parametrize(
    ("end", "counts"), [(b'{"a":1}', True), (b'{"a":', False), (b'"\xff"', False)], ids=repr
)
def test_what_the_bytes_end_in_counts_if_it_is_whole(
    framing: Framing, end: bytes, counts: bool
) -> None:
    """A last frame may lack its end mark, and half of one is none."""
    raw = (b"data: " if framing is Framing.SSE else b"") + end
    given = taken(raw, framing=framing)
    if b"\xff" not in end:
        assert given == [[], [end] if counts else []]


def test_plain_json_lines_are_lines() -> None:
    """A server may say so of its lines."""
    assert taken(b"{}\n[]\n", framing=Framing.NDJSON, media_type=JSON) == [[b"{}", b"[]"], []]


def test_plain_json_in_place_of_events_is_one() -> None:
    """All of it, when it has ended; a byte that is no UTF-8 is replaced."""
    given = taken(b'{"error":', b' "\xff\n\n"}', media_type=JSON)
    assert given == [[], [], ['{"error": "\ufffd\n\n"}'.encode()]]


@pytest.mark.parametrize("body", [(), (b" ", b"\r\n")], ids=["nothing", "blanks"])
def test_plain_json_of_nothing_is_a_cut(body: tuple[bytes, ...]) -> None:
    """There is no answer in it."""
    with pytest.raises(StreamInterrupted, match="without a byte of a body"):
        taken(*body, media_type=JSON)


@pytest.mark.parametrize("framing", Framing)
def test_a_web_page_is_refused_with_its_beginning(framing: Framing) -> None:
    """Which often says whose page it is."""
    with pytest.raises(ProtocolError, match="It begins: '<html>Log in"):
        taken(b"<html>", b"Log in" + b"x" * 1_000, framing=framing, media_type="text/html")


def test_a_giant_is_refused_after_what_came_before_it() -> None:
    """What is complete is given first."""
    reader = frame_reader(Framing.SSE, EVENTS, 20, None)
    assert [data for _, data, _, _ in reader.take(b"data: a\n\ndata: " + b"x" * 30)] == [b"a"]
    with pytest.raises(ProtocolError, match="more than 20 bytes"):
        reader.check()


@pytest.mark.parametrize("media_type", [EVENTS, JSON])
def test_each_frame_is_shown_before_what_follows_from_it(media_type: str) -> None:
    """One that is being decoded has been shown, and the next has not."""
    shown: list[bytes] = []
    reader = frame_reader(Framing.SSE, media_type, 2**20, shown.append)
    body = b"{}" if media_type == JSON else b"data: a\n\ndata: b\n\n"
    frames: list[Frame] = []
    for chunk in (body, b""):
        for frame in reader.take(chunk):
            frames.append(frame)  # one by one is the point
            assert shown == [data for _, data, _, _ in frames]
    assert len(shown) == (1 if media_type == JSON else 2)


def test_a_whole_body_is_given_as_it_is() -> None:
    """It is no stream, so nothing is told apart."""
    assert check_whole(b' {"a":\n1} ', JSON) == b' {"a":\n1} '
