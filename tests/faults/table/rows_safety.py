"""Memory, redirects, secrets, and connections used again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from headwater import (
    AuthenticationError,
    ConfigurationError,
    ConnectFailed,
    FirstContentTimeout,
    HeadwaterError,
    InvalidRequest,
    ProtocolError,
    StreamInterrupted,
    TextDelta,
)
from headwater.testing.fault_server import (
    Answer,
    Drip,
    End,
    Framing,
    Raw,
    Repeat,
    Reset,
    Script,
    Stall,
    Step,
    Wait,
    giant_line,
    respond,
)
from headwater.testing.payloads import (
    Phase,
    Said,
    Wire,
    error_body,
    error_frame,
    media_type,
    stream,
)
from headwater.wire.http import HTTPTransport

from ..provider import KEY
from .bench import Bench, read, read_and_forget
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
    complete,
    frames,
    in_turn,
    ping,
    preamble,
    refusal,
)

MIB = 2**20
CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"
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


memory = chapter(
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
        wires=FOUR,
    ),
    Scenario(
        name="a comment without an end",
        plays=_begun_with(b": ", Repeat(b"x" * 2**16)),
        max_event_bytes=MIB,
        raises=ProtocolError,
        shown=BEGUN,
        taken_bytes=MIB + KERNEL_BYTES,
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
    ),
    Scenario(
        name="status 400 with a body of 1 MiB",
        plays=lambda _: [respond(b"y" * MIB, status=400)],
        raises=InvalidRequest,
        check=_message_is_short,
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


def _redirect(status: int) -> Plays:
    return lambda place: [
        respond(
            status=status,
            headers={"location": f"{place.elsewhere}/other?secret=1"},
            framing=Framing.SIZED,
        )
    ]


def _names_the_target(bench: Bench) -> None:
    assert "/other" in str(bench.error)
    assert "secret" not in str(bench.error)


redirects = chapter(
    "Redirects and proxies",
    *(
        Scenario(
            name=f"a redirect to another host: {status}",
            plays=_redirect(status),
            raises=ConfigurationError,
            check=_names_the_target,
        )
        for status in (301, 302, 303, 307, 308)
    ),
    Scenario(
        name="a redirect that names no target",
        plays=lambda _: [respond(status=302, framing=Framing.SIZED)],
        raises=ConfigurationError,
    ),
    Scenario(
        name="proxies in the environment",
        plays=in_turn(complete),
        environment={
            "http_proxy": "http://127.0.0.1:1",
            "HTTP_PROXY": "http://127.0.0.1:1",
            "all_proxy": "http://127.0.0.1:1",
        },
    ),
    Scenario(
        name="plain HTTP to another machine",
        plays=in_turn(complete),
        base_url=lambda _: "http://192.0.2.1:9",
        raises=ConfigurationError,
        says="HEADWATER_ALLOW_HTTP",
        requests=0,
        ends=Ends.NONE,
        wires=FOUR,
    ),
    Scenario(
        name="a name and a password in the base URL",
        plays=in_turn(complete),
        base_url=lambda url: url.replace("http://", f"http://me:{KEY}@"),
        raises=ConfigurationError,
        requests=0,
        ends=Ends.NONE,
    ),
)


def _shown_as(what: str) -> Callable[[Bench], None]:
    def check(bench: Bench) -> None:
        assert what in str(bench.error)

    return check


def _with_id(place: Place) -> list[Answer]:
    body = error_body(place.wire, 400)
    return [respond(body, status=400, headers={"x-request-id": KEY, "request-id": KEY})]


secrets = chapter(
    "Secrets",
    Scenario(
        name="an error body that repeats the key",
        plays=lambda place: [refusal(place.wire, 401, message=f"bad key {KEY}")],
        raises=AuthenticationError,
        check=_shown_as("bad key ***"),
    ),
    Scenario(
        name="an error body that is no JSON and repeats the key",
        plays=lambda _: [respond(f"what is {KEY}?".encode(), status=400)],
        raises=InvalidRequest,
        check=_shown_as("what is ***?"),
    ),
    Scenario(
        name="an error frame that repeats the key",
        plays=lambda place: [
            answer(place.wire, *begun(place.wire), error_frame(place.wire, 400, f"bad {KEY}"))
        ],
        raises=HeadwaterError,
        shown=BEGUN,
        check=_shown_as("bad ***"),
    ),
    Scenario(
        name="a request id that is the key",
        plays=_with_id,
        raises=InvalidRequest,
    ),
    Scenario(
        name="an answer whose request id is the key, and then a cut",
        plays=lambda place: [
            respond(
                *begun(place.wire),
                End(),
                media_type=media_type(place.wire),
                headers={"x-request-id": KEY},
            )
        ],
        raises=StreamInterrupted,
        shown=BEGUN,
    ),
    Scenario(
        name="a frame that is no JSON and repeats the key",
        plays=lambda place: [
            answer(
                place.wire,
                *begun(place.wire),
                f"{'' if place.wire is Wire.OLLAMA else 'data: '}{{{KEY}\n\n".encode(),
            )
        ],
        raises=ProtocolError,
        shown=BEGUN,
    ),
    Scenario(
        name="a web page that repeats the key",
        plays=lambda _: [respond(f"<p>{KEY}".encode(), media_type="text/html")],
        raises=ProtocolError,
    ),
    Scenario(
        name="a redirect to an address with the key in it",
        plays=lambda _: [respond(status=307, headers={"location": f"http://127.0.0.1:1/{KEY}"})],
        raises=ConfigurationError,
    ),
    Scenario(
        name="a status line that is the key",
        plays=lambda _: [[f"{KEY}\r\n\r\n".encode(), End()]],
        raises=ProtocolError,
    ),
    Scenario(
        name="status 503 that repeats the key, each time",
        plays=lambda place: [refusal(place.wire, 503, message=f"no room for {KEY}")],
        raises=HeadwaterError,
        attempts=3,
        check=_shown_as("no room for ***"),
    ),
    Scenario(
        name="control characters in an error",
        plays=lambda place: [refusal(place.wire, 400, message="a\x1b[2Jb\r\nforged: line")],
        raises=InvalidRequest,
        says=r"a\\x1b\[2Jb",
    ),
    wires=ALL,
)


async def three_calls(bench: Bench) -> None:
    """Make three calls, one after the other."""
    for _ in range(3):
        assert (await bench.stream().collect()).text == TEXT


async def two_calls(bench: Bench) -> None:
    """Make a call, and a second one that is looked at."""
    await bench.stream().collect()
    await read(bench)


async def fail_then_read(bench: Bench) -> None:
    """Make a call that fails, and a second one that must not suffer from it."""
    try:
        await bench.stream().collect()
    except HeadwaterError:
        pass
    else:
        raise AssertionError("the first call did not fail")
    await read(bench)


async def leave_then_read(bench: Bench) -> None:
    """Leave a stream in the middle, and make another call."""
    async with bench.stream() as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    await read(bench)


def _then_whole(first: Callable[[Place], Script]) -> Plays:
    return lambda place: [first(place), complete(place.wire)]


def _no_cookie(bench: Bench) -> None:
    assert "cookie" not in bench.server.requests[-1].headers


SPOILT: dict[str, Callable[[Place], Script]] = {
    "a cut": lambda place: answer(place.wire, *begun(place.wire), End()),
    "a reset": lambda place: answer(place.wire, *begun(place.wire), Wait(0.02), Reset()),
    "a frame that is no JSON": lambda place: answer(place.wire, b"data: {what?\n\n", Stall()),
    "a garbage chunk": lambda place: answer(place.wire, *begun(place.wire), Raw(b"zz\r\n"), End()),
    "an answer without an end mark": lambda place: answer(place.wire, *begun(place.wire)),
    "a refusal": lambda place: refusal(place.wire, 400),
}


pool = chapter(
    "Connections",
    Scenario(
        name="three calls, one after the other, over one connection",
        plays=in_turn(complete),
        act=three_calls,
        shown="",
        requests=3,
        connections=1,
        ends=Ends.POOLED,
    ),
    Scenario(
        name="a pooled connection that is reset as it is used again is replaced",
        plays=in_turn(complete, lambda _: [Reset()], complete),
        act=two_calls,
        requests=3,
        connections=2,
        ends=Ends.POOLED,
    ),
    Scenario(
        name="a pooled connection that ends as it is used again is replaced",
        plays=in_turn(complete, lambda _: [End()], complete),
        act=two_calls,
        requests=3,
        connections=2,
        ends=Ends.POOLED,
    ),
    *(
        Scenario(
            name=f"a call after {name}",
            plays=_then_whole(first),
            act=fail_then_read,
            requests=2,
            ends=Ends.POOLED,
        )
        for name, first in SPOILT.items()
    ),
    Scenario(
        name="a call after a stream that was left",
        plays=_then_whole(lambda place: answer(place.wire, *begun(place.wire), Stall())),
        act=leave_then_read,
        requests=2,
        connections=2,
        ends=Ends.POOLED,
    ),
    Scenario(
        name="a cookie that is set is not sent",
        plays=lambda place: [
            respond(
                *frames(place.wire),
                media_type=media_type(place.wire),
                headers={"set-cookie": "a=b"},
            )
        ],
        act=two_calls,
        requests=2,
        check=_no_cookie,
    ),
    Scenario(
        name="a certificate that nobody trusts",
        plays=in_turn(complete),
        certificate=CERTIFICATE,
        raises=ConnectFailed,
        says="ca_file",
        requests=0,
    ),
    Scenario(
        name="a certificate of one's own, with `ca_file`",
        plays=in_turn(complete),
        certificate=CERTIFICATE,
        transport=lambda: HTTPTransport(ca_file=CERTIFICATE),
    ),
    Scenario(
        name="https:// to a server without TLS",
        plays=in_turn(complete),
        base_url=lambda url: url.replace("http://127.0.0.1", "https://localhost"),
        greeting=[b"HTTP/1.1 400 Bad Request\r\n\r\n", End()],
        raises=ConnectFailed,
        requests=0,
    ),
)

CHAPTERS = [memory, redirects, secrets, pool]
