"""Bytes: what is read however it comes, and what is an error of ours."""

from __future__ import annotations

from headwater import (
    HeadwaterError,
    ProtocolError,
)
from headwater.testing.fault_server import (
    End,
    Step,
    respond,
)
from headwater.testing.payloads import Wire, error_body

from .scenario import (
    ALL,
    BEGUN,
    FOUR,
    TEXT,
    Ends,
    Plays,
    Scenario,
    answer,
    begun,
    chapter,
    frames,
)


def _page(status: int) -> Plays:
    page = b"<html><body>Sign in \x1b[31mhere"
    return lambda _: [respond(page, media_type="text/html", status=status)]


def _swapped(wire: Wire, end: bytes) -> list[bytes]:
    """Give the frames with another end of line."""
    return [frame.replace(b"\r\n", b"\n").replace(b"\n", end) for frame in frames(wire)]


def _sprinkled(wire: Wire, *between: bytes) -> list[Step]:
    return [piece for frame in frames(wire) for piece in (frame, *between)]


_BROKEN = {
    "no JSON": b"data: {what?\n\n",
    "no object": b"data: [1, 2]\n\n",
    "a number where text belongs": b'data: {"type": 5, "choices": 7, "candidates": 7}\n\n',
    "a nesting bomb": b"data: " + b"[" * 100_000 + b"\n\n",
}


def _as_line(wire: Wire, event: bytes) -> bytes:
    return event.removeprefix(b"data: ").rstrip() + b"\n" if wire is Wire.OLLAMA else event


CHAPTER = chapter(
    "Bytes",
    *(
        Scenario(
            name=f"a frame that is {name}",
            plays=lambda place, event=event: [  # type: ignore[misc]
                answer(
                    place.wire, *begun(place.wire), _as_line(place.wire, event), *frames(place.wire)
                )
            ],
            raises=ProtocolError,
            shown=BEGUN,
            ends=None if "bomb" in name else Ends.POOLED,
            wires=FOUR if "number" in name else ALL,  # no field of Ollama's
        )
        for name, event in _BROKEN.items()
    ),
    Scenario(
        name="a web page under status 200",
        plays=_page(200),
        raises=ProtocolError,
        says=r"web page.*Sign in \\x1b",
    ),
    Scenario(
        name="a web page under status 503",
        plays=_page(503),
        raises=HeadwaterError,
        attempts=3,
        says="status 503",
    ),
    Scenario(
        name="another protocol",
        plays=lambda _: [[b"SSH-2.0-OpenSSH\r\n\r\n", End()]],
        raises=ProtocolError,
        ends=Ends.SERVER,
    ),
    Scenario(
        name="a header that is none",
        plays=lambda _: [[b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", End()]],
        raises=ProtocolError,
        ends=Ends.SERVER,
    ),
    *(
        Scenario(
            name=f"lines that end with {name}",
            plays=lambda place, end=end: [  # type: ignore[misc]
                answer(place.wire, *_swapped(place.wire, end))
            ],
            wires=FOUR,
        )
        for name, end in {"CR": b"\r", "LF": b"\n", "CRLF": b"\r\n"}.items()
    ),
    Scenario(
        name="comments, empty events, unknown fields and unknown events in between",
        plays=lambda place: [
            answer(
                place.wire,
                *_sprinkled(
                    place.wire,
                    b": ping\n\n",
                    b"event: nothing\n\n",
                    b"unknown: 1\n",
                    b"id: 7\nretry: 5\n\n",
                ),
            )
        ],
        wires=FOUR,
    ),
    Scenario(
        name="a byte order mark before the first event",
        plays=lambda place: [answer(place.wire, b"\xef\xbb\xbf", *frames(place.wire))],
        wires=FOUR,
    ),
    Scenario(
        name="one byte a chunk",
        plays=lambda place: [
            answer(place.wire, *(bytes([byte]) for byte in b"".join(frames(place.wire))))
        ],
    ),
    Scenario(
        name="bytes that are no UTF-8 are replaced",
        plays=lambda place: [
            answer(
                place.wire,
                *(frame.replace(b"world", b"w\xffrld") for frame in frames(place.wire)),
            )
        ],
        shown=TEXT.replace("world", "w\ufffdrld"),
    ),
    Scenario(
        name="an error in plain JSON under status 200",
        plays=lambda place: [
            respond(error_body(place.wire, 400), media_type="application/json"),
        ],
        raises=HeadwaterError,
        says="no, sorry",
    ),
    wires=ALL,
)
