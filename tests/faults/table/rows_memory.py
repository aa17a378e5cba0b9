"""Memory: nothing grows without a bound, whatever a server sends."""

from __future__ import annotations

import asyncio

from headwater import (
    AuthenticationError,
    FirstContentTimeout,
    InvalidRequest,
    ProtocolError,
    StreamInterrupted,
    TextDelta,
)
from headwater.testing.fault_server import (
    Answer,
    Drip,
    Repeat,
    Stall,
    Step,
    giant_line,
    respond,
)
from headwater.testing.payloads import (
    Phase,
    Said,
    Wire,
    media_type,
    stream,
)
from headwater.wire.http import HTTPTransport

from .bench import Bench, read_and_forget
from .scenario import (
    ALL,
    BEGUN,
    FOUR,
    SHORT_S,
    Ends,
    Place,
    Plays,
    Scenario,
    answer,
    begun,
    chapter,
    frames,
    ping,
    preamble,
)

MIB = 2**20


KERNEL_BYTES = 8 * MIB  # what the buffers of two kernels may hold of what nobody has read


LONG = Said(("x" * 2 * MIB,))


def _dripping(place: Place) -> list[Answer]:
    """Answer with one line of two megabytes, a few kilobytes at a time."""
    body = b"".join(stream(place.wire, LONG))
    return [answer(place.wire, Drip(body, 2**13, every_s=0.0))]


def _begun_with(*steps: Step) -> Plays:
    return lambda place: [answer(place.wire, *begun(place.wire), *steps)]


async def read_and_rest(bench: Bench) -> None:
    """Read one text, and then nothing for a while."""
    async with bench.stream() as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
        await asyncio.sleep(0.2)
        bench.left_at = asyncio.get_running_loop().time()


async def read_all(bench: Bench) -> None:
    """Read what is long, and count it."""
    response = await bench.stream().collect()
    assert len(response.text) == 2 * MIB


def _message_is_short(bench: Bench) -> None:
    assert bench.error is not None
    assert len(bench.error.message) <= 500


CHAPTER = chapter(
    "Memory",
    Scenario(
        name="a line without an end, after content",
        plays=_begun_with(b"data: ", Repeat(b"x" * 2**16)),
        max_event_bytes=MIB,
        raises=ProtocolError,
        says="max_event_bytes",
        shown=BEGUN,
        taken_bytes=MIB + KERNEL_BYTES,
        memory_bytes=8 * MIB,
        ends=Ends.CLIENT,
    ),
    Scenario(
        name="a line of 16 MiB, against the limit of 8 MiB",
        plays=_begun_with(b"data: ", giant_line(16 * MIB)),
        raises=ProtocolError,
        says="max_event_bytes",
        shown=BEGUN,
        ends=Ends.CLIENT,
        wires=(Wire.CHAT_COMPLETIONS,),
    ),
    Scenario(
        name="an event of many lines without an end",
        plays=_begun_with(Repeat(b"data: x\n" * 2**10)),
        max_event_bytes=MIB,
        raises=ProtocolError,
        says="max_event_bytes",
        shown=BEGUN,
        taken_bytes=4 * MIB + KERNEL_BYTES,
        ends=Ends.CLIENT,
        wires=FOUR,
    ),
    Scenario(
        name="a comment without an end",
        plays=_begun_with(b": ", Repeat(b"x" * 2**16)),
        max_event_bytes=MIB,
        raises=ProtocolError,
        shown=BEGUN,
        taken_bytes=MIB + KERNEL_BYTES,
        ends=Ends.CLIENT,
        wires=FOUR,
    ),
    Scenario(
        name="comments without an end, before content",
        plays=lambda place: [answer(place.wire, Repeat(ping(place.wire) * 2**8, 0.001))],
        options={"first_content_s": SHORT_S, "attempts": 1},
        raises=FirstContentTimeout,
        memory_bytes=8 * MIB,
        ends=Ends.CLIENT,
    ),
    Scenario(
        name="an answer without an end, against a limit on the whole",
        plays=lambda place: [
            answer(
                place.wire,
                *preamble(place.wire),
                Repeat(frames(place.wire, Phase.CONTENT)[0] * 2**6),
            )
        ],
        transport=lambda: HTTPTransport(max_answer_bytes=MIB),
        act=read_and_forget,
        raises=ProtocolError,
        says="max_answer_bytes",
        taken_bytes=MIB + KERNEL_BYTES,
        ends=Ends.CLIENT,
    ),
    Scenario(
        name="a line of two megabytes that drips in",
        plays=_dripping,
        act=read_all,
        shown="",
        within_s=3.0,
    ),
    Scenario(
        name="a reader that rests holds the server back",
        plays=lambda place: [
            answer(
                place.wire,
                *preamble(place.wire),
                Repeat(frames(place.wire, Phase.CONTENT)[0] * 2**9),
            )
        ],
        act=read_and_rest,
        shown="",
        caller="reads one text, rests, and leaves",
        taken_bytes=16 * MIB,
        ends=Ends.CLIENT,
    ),
    Scenario(
        name="a compressed answer",
        plays=lambda place: [
            respond(*frames(place.wire), media_type=media_type(place.wire), gzipped=True)
        ],
    ),
    Scenario(
        name="a compressed bomb of 64 MiB",
        plays=lambda place: [
            respond(
                b"data: ",
                giant_line(64 * MIB),
                media_type=media_type(place.wire),
                gzipped=True,
            )
        ],
        max_event_bytes=MIB,
        raises=ProtocolError,
        memory_bytes=24 * MIB,
        taken_bytes=MIB,
        ends=Ends.CLIENT,
        wires=(Wire.CHAT_COMPLETIONS, Wire.OLLAMA),
    ),
    Scenario(
        name="an answer that only claims to be compressed",
        plays=lambda place: [
            respond(
                *frames(place.wire),
                media_type=media_type(place.wire),
                headers={"content-encoding": "gzip"},
            )
        ],
        raises=StreamInterrupted,
        attempts=3,
        ends=Ends.CLIENT,
    ),
    Scenario(
        name="status 400 with a body of 1 MiB",
        plays=lambda _: [respond(b"y" * MIB, status=400)],
        raises=InvalidRequest,
        check=_message_is_short,
        ends=Ends.CLIENT,
    ),
    Scenario(
        name="status 400 with a body without an end",
        plays=lambda _: [respond(Repeat(b"y" * 2**14), status=400)],
        raises=InvalidRequest,
        check=_message_is_short,
        taken_bytes=KERNEL_BYTES,
        ends=Ends.CLIENT,
    ),
    Scenario(
        name="status 401 with a body that stalls: its status is kept",
        plays=lambda _: [respond(b'{"error"', Stall(), status=401)],
        raises=AuthenticationError,
        within_s=2.5,
        wires=(Wire.CHAT_COMPLETIONS, Wire.GEMINI),
        ends=Ends.CLIENT,
        is_slow=True,
    ),
    wires=ALL,
)
