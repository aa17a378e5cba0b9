"""The end of a stream: half an answer is never a success, and a whole one never a failure."""

from __future__ import annotations

from headwater import (
    FinishReason,
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
from headwater.testing.payloads import Phase, Wire, media_type, whole

from .bench import Bench, chat
from .scenario import (
    ALL,
    BEGUN,
    LONGER_S,
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
    ping,
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
            ends=Ends.CLIENT if step == Stall() else Ends.SERVER,
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


async def _reason_is(bench: Bench, reason: FinishReason) -> None:
    stream = bench.stream()
    async for event in stream:
        bench.see(event)
    assert (stream.response.finish_reason, stream.response.raw_reason) == (reason, None)


ends = chapter(
    "End of stream: whole all the same",
    *(
        Scenario(
            name=f"after the finish reason {name}",
            plays=_after(Phase.CLOSING, then=then),
            wires=SETTLING,
            ends=Ends.SERVER if then else Ends.POOLED,
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
        name="after the finish reason pings without an end, until `total_s`",
        plays=lambda place: [
            answer(
                place.wire,
                *unfinished(place.wire),
                frames(place.wire, Phase.CLOSING, Phase.END)[0],
                Repeat(ping(place.wire), 0.02),
            )
        ],
        options={"total_s": 2 * LONGER_S},
        at_least_s=2 * LONGER_S,
        wires=(*SETTLING, Wire.GEMINI),
        ends=Ends.CLIENT,
    ),
    Scenario(
        name="a prompt that is blocked: a reason, and no content",
        plays=lambda place: [
            answer(place.wire, b'data: {"promptFeedback": {"blockReason": "SAFETY"}}\r\n\r\n')
        ],
        shown="",
        wires=(Wire.GEMINI,),
        caller="an empty answer with its reason",
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
        plays=lambda place: [answer(place.wire, *frames(place.wire), Wait(0), b"\n", Wait(0))],
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


CHAPTERS = [cuts, ends]
