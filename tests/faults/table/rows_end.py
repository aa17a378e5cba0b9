"""The end of a stream: half an answer is never a success, and a whole one never a failure."""

from __future__ import annotations

from headwater import (
    FinishReason,
    HeadwaterError,
    IdleTimeout,
    ProtocolError,
    Provenance,
    StreamInterrupted,
)
from headwater.testing.fault_server import (
    Answer,
    End,
    Framing,
    Raw,
    Repeat,
    Reset,
    Stall,
    Step,
    Wait,
    respond,
)
from headwater.testing.payloads import Phase, Wire, error_body, media_type, whole

from .bench import Bench, chat
from .scenario import (
    ALL,
    BEGUN,
    FOUR,
    SHORT_S,
    TEXT,
    Ends,
    Place,
    Plays,
    Scenario,
    answer,
    begun,
    chapter,
    cut_after,
    frames,
    unfinished,
)


def _sized(*then: Step, short_by_bytes: int = 0) -> Plays:
    return lambda place: [
        respond(
            *begun(place.wire),
            *then,
            framing=Framing.SIZED,
            short_by_bytes=short_by_bytes,
            media_type=media_type(place.wire),
        )
    ]


def _closed(place: Place) -> list[Answer]:
    return [answer(place.wire, *begun(place.wire), framing=Framing.CLOSED)]


def _whole_body(place: Place) -> list[Answer]:
    return [answer(place.wire, *begun(place.wire))]


def _half_frame(place: Place) -> list[Answer]:
    last = frames(place.wire, Phase.END)[0]
    return [answer(place.wire, *begun(place.wire), last[: len(last) // 2])]


CUTS: dict[str, tuple[Plays, Ends]] = {
    "the body ends in chunks, without an end mark": (_whole_body, Ends.POOLED),
    "the body has its length, and no end mark": (_sized(), Ends.POOLED),
    "the body ends with the connection": (_closed, Ends.SERVER),
    "the content-length is short, and the connection ends": (
        _sized(End(), short_by_bytes=50),
        Ends.SERVER,
    ),
    "the content-length is short, and a reset": (
        _sized(Wait(0.02), Reset(), short_by_bytes=50),
        Ends.SERVER,
    ),
    "the last chunk is missing": (cut_after(begun), Ends.SERVER),
    "a cut in a chunk": (cut_after(begun, Raw(b"40\r\ndata: {"), End()), Ends.SERVER),
    "a cut in the header of a chunk": (cut_after(begun, Raw(b"4"), End()), Ends.SERVER),
    "a reset": (cut_after(begun, Wait(0.02), Reset()), Ends.SERVER),
    "a cut in a frame": (_half_frame, Ends.POOLED),
}


def _is_partial(bench: Bench) -> None:
    assert bench.error is not None
    partial = bench.error.partial
    assert partial is not None
    assert partial.finish_reason is None
    assert partial.usage.provenance is not Provenance.REPORTED


AFTER_GARBAGE: dict[str, Step] = {"silence": Stall(), "the end": End()}

cuts = chapter(
    "End of stream: cut",
    *(
        Scenario(
            name=name,
            plays=plays,
            raises=StreamInterrupted,
            shown=BEGUN,
            ends=ends,
            check=_is_partial,
        )
        for name, (plays, ends) in CUTS.items()
    ),
    Scenario(
        name="all of the text, and no word of why it ends",
        plays=lambda place: [answer(place.wire, *unfinished(place.wire))],
        raises=StreamInterrupted,
        shown=TEXT,
        check=_is_partial,
    ),
    *(
        Scenario(
            name=f"garbage in place of the header of a chunk, and {name}",
            plays=cut_after(begun, Wait(0.03), Raw(b"zz\r\nwhat\r\n"), step),
            options={"idle_s": SHORT_S},
            raises=(StreamInterrupted, ProtocolError, IdleTimeout),
            shown=BEGUN,
        )
        for name, step in AFTER_GARBAGE.items()
    ),
    Scenario(
        name="a call without streaming is cut, then answered",
        plays=lambda place: [
            respond(
                whole(place.wire)[:30],
                End(),
                media_type="application/json",
                framing=Framing.SIZED,
                short_by_bytes=99,
            ),
            respond(whole(place.wire), media_type="application/json"),
        ],
        act=chat,
        requests=2,
    ),
    Scenario(
        name="half the body of a call without streaming, in one piece",
        plays=lambda place: [respond(whole(place.wire)[:30], media_type="application/json")],
        act=chat,
        raises=ProtocolError,
    ),
    wires=ALL,
)


def _after(*phases: Phase, then: tuple[Step, ...]) -> Plays:
    return lambda place: [
        answer(place.wire, *unfinished(place.wire), *_first(place.wire, *phases), *then)
    ]


def _first(wire: Wire, *phases: Phase) -> list[bytes]:
    """Give the first frame of the phases: the one that has the finish reason."""
    return frames(wire, *phases)[:1]


SETTLING = (Wire.CHAT_COMPLETIONS, Wire.ANTHROPIC)  # where usage or a mark follows the reason
MARKED = tuple(wire for wire in Wire if wire is not Wire.GEMINI)  # whose last word is the reason

ends = chapter(
    "End of stream: whole all the same",
    *(
        Scenario(
            name=f"after the finish reason {name}",
            plays=_after(Phase.CLOSING, then=then),
            wires=SETTLING,
        )
        for name, then in {
            "the end of the body": (),
            "the end of the connection": (End(),),
            "a reset": (Wait(0.02), Reset()),
        }.items()
    ),
    Scenario(
        name="after the finish reason silence: one second is waited",
        plays=_after(Phase.CLOSING, then=(Stall(),)),
        at_least_s=0.9,
        within_s=3.0,
        wires=SETTLING,
        ends=Ends.CLIENT,
        is_slow=True,
    ),
    Scenario(
        name="after the last finish reason silence: one second is waited",
        plays=lambda place: [answer(place.wire, *frames(place.wire), Stall())],
        at_least_s=0.9,
        within_s=3.0,
        wires=(Wire.GEMINI,),
        ends=Ends.CLIENT,
        is_slow=True,
    ),
    Scenario(
        name="`[DONE]` alone ends an answer, of which no reason is invented",
        plays=lambda place: [
            answer(place.wire, *unfinished(place.wire), *frames(place.wire, Phase.END))
        ],
        act=lambda bench: _reason_is(bench, FinishReason.OTHER),
        wires=(Wire.CHAT_COMPLETIONS,),
    ),
    Scenario(
        name="the end mark, and the connection stays silent",
        plays=lambda place: [answer(place.wire, *frames(place.wire), Stall())],
        wires=MARKED,
        within_s=0.8,
        ends=Ends.CLIENT,
    ),
    Scenario(
        name="the end mark, and there is no end of what follows",
        wires=MARKED,
        plays=lambda place: [answer(place.wire, *frames(place.wire), Repeat(b"\n" * 2**12, 0.001))],
        within_s=0.8,
        ends=Ends.CLIENT,
        taken_bytes=16 * 2**20,
    ),
    Scenario(
        name="the end mark, and a little more: the connection is kept",
        plays=lambda place: [
            answer(place.wire, *frames(place.wire), Wait(0.005), b"\n", Wait(0.005))
        ],
        ends=Ends.POOLED,
    ),
    Scenario(
        name="the last event has no blank line after it",
        plays=lambda place: [
            answer(
                place.wire,
                *frames(place.wire)[:-1],
                frames(place.wire, Phase.END)[0].rstrip(b"\r\n"),
            )
        ],
    ),
)


async def _reason_is(bench: Bench, reason: FinishReason) -> None:
    stream = bench.stream()
    async for event in stream:
        bench.see(event)
    assert (stream.response.finish_reason, stream.response.raw_reason) == (reason, None)


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


bytes_ = chapter(
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
    ),
    Scenario(
        name="a header that is none",
        plays=lambda _: [[b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", End()]],
        raises=HeadwaterError,
        attempts=1,
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
        wires=FOUR,
    ),
    Scenario(
        name="bytes that are no UTF-8, in a line",
        plays=lambda place: [
            answer(
                place.wire,
                *(frame.replace(b"world", b"w\xffrld") for frame in frames(place.wire)),
            )
        ],
        raises=ProtocolError,
        shown=BEGUN,
        wires=(Wire.OLLAMA,),
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


CHAPTERS = [cuts, ends, bytes_]
