"""Connections: used again in the good case, never poisoned by the bad one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from headwater import (
    ConnectFailed,
    HeadwaterError,
    TextDelta,
)
from headwater.testing.fault_server import (
    End,
    Raw,
    Reset,
    Script,
    Stall,
    Wait,
    respond,
)
from headwater.testing.payloads import (
    media_type,
)
from headwater.wire.http import HTTPTransport

from .bench import Bench, read
from .scenario import (
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
    refusal,
)

CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"


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


CHAPTER = chapter(
    "Connections",
    Scenario(
        name="three calls, one after the other, over one connection",
        plays=in_turn(complete),
        act=three_calls,
        shown="",
        caller="three answers",
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
        ends=Ends.NONE,
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
        ends=Ends.SERVER,
    ),
)
