"""Retry: answers that never began, when to try again, and how often at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from headwater import (
    ConnectFailed,
    HeadwaterError,
    Overloaded,
    RateLimited,
    ServerError,
    StreamInterrupted,
)
from headwater.testing.fault_server import (
    Answer,
    End,
    Framing,
    Reset,
    Script,
    Wait,
    respond,
)
from headwater.testing.payloads import MODEL, Wire

from .bench import Bench, chat
from .rows_statuses import refused, refused_once
from .scenario import (
    ALL,
    FOUR,
    Ends,
    Place,
    Plays,
    Scenario,
    answer,
    chapter,
    complete,
    cut_after,
    in_turn,
    preamble,
    refusal,
)


def then_whole(*scripts: Script) -> Plays:
    """Play these, then a whole answer."""
    return lambda place: [*scripts, complete(place.wire)]


EMPTY: dict[str, Script] = {
    "an empty body with a length": respond(framing=Framing.SIZED),
    "an empty body in chunks": respond(),
    "an empty body until the end of the connection": respond(framing=Framing.CLOSED),
    "white space alone": respond(b"\n\n"),
    "the end of the connection in place of an answer": [End()],
    "a reset in place of an answer": [Reset()],
    "half a head": [b"HTTP/1.1 200 O", End()],
    "a head, and the end of the connection": respond(End()),
    "a head, and a reset": respond(Wait(0.02), Reset()),
}


def _knows_the_model(bench: Bench) -> None:
    assert bench.error is not None
    assert bench.error.partial is not None
    assert bench.error.partial.model == MODEL


nothing = chapter(
    "Retry: answers that never began",
    *(
        Scenario(name=f"{name}, then an answer", plays=then_whole(script), attempts=2)
        for name, script in EMPTY.items()
    ),
    *(
        Scenario(
            name=f"{name} to a call without streaming, each time",
            plays=lambda _, script=script: [script],  # type: ignore[misc]
            act=chat,
            raises=StreamInterrupted,
            attempts=3,
            ends=Ends.SERVER if "reset" in name else Ends.POOLED,
        )
        for name, script in EMPTY.items()
        if "empty body in chunks" in name or "reset in place" in name
    ),
    Scenario(
        name="what precedes content, and the end of the connection, then an answer",
        plays=lambda place: [
            answer(place.wire, *preamble(place.wire), End()),
            complete(place.wire),
        ],
        attempts=2,
    ),
    Scenario(
        name="what precedes content, and a reset, then an answer",
        plays=lambda place: [
            answer(place.wire, *preamble(place.wire), Wait(0.02), Reset()),
            complete(place.wire),
        ],
        attempts=2,
    ),
    Scenario(
        name="what precedes content, and the end, each time: it is handed over at last",
        plays=cut_after(preamble),
        raises=StreamInterrupted,
        attempts=3,
        ends=Ends.SERVER,
        check=_knows_the_model,
        wires=(Wire.CHAT_COMPLETIONS, Wire.ANTHROPIC, Wire.RESPONSES),
    ),
    wires=ALL,
)


connecting = chapter(
    "Retry: connections",
    Scenario(
        name="nobody listens",
        plays=in_turn(complete),
        base_url=lambda _: "http://127.0.0.1:1",
        raises=ConnectFailed,
        says="cannot connect to http://127.0.0.1:1",
        attempts=3,
        requests=0,
        ends=Ends.NONE,
    ),
    Scenario(
        name="a reset in the handshake of TLS",
        plays=in_turn(complete),
        base_url=lambda url: url.replace("http://", "https://"),
        greeting=[Reset()],
        raises=ConnectFailed,
        attempts=3,
        requests=0,
        connections=3,
        ends=Ends.SERVER,
    ),
    Scenario(
        name="a reset of each new connection",
        plays=in_turn(complete),
        greeting=[Reset()],
        raises=(StreamInterrupted, ConnectFailed),
        attempts=3,
        requests=0,
        connections=3,
        ends=Ends.SERVER,
    ),
)


def http_date(in_s: float) -> str:
    """Write a time from now as HTTP does."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=in_s), usegmt=True)


def _dated(place: Place) -> list[Answer]:
    later = {"retry-after": http_date(2)}
    return [lambda _: refusal(place.wire, 503, later), complete(place.wire)]


def _asks(seconds: float) -> Callable[[Bench], None]:
    def check(bench: Bench) -> None:
        assert bench.error is not None
        assert bench.error.retry_after_s == seconds
        assert bench.error.not_retried is not None

    return check


HINTS: dict[str, tuple[dict[str, str], float]] = {
    "`retry-after-ms: 150`": ({"retry-after-ms": "150"}, 0.15),
    "`retry-after: 0.15`": ({"retry-after": "0.15"}, 0.15),
    "`retry-after-ms: 150` beside `retry-after: 30`": (
        {"retry-after-ms": "150", "retry-after": "30"},
        0.15,
    ),
    "`retry-after-ms: 0` beside `retry-after: 0.15`": (
        {"retry-after-ms": "0", "retry-after": "0.15"},
        0.15,
    ),
    **{
        f"an unreadable `retry-after: {value}`": ({"retry-after": value}, 0.0)
        for value in ("soon", "nan", "inf", "-5", "0", "1e999", "", "Wed, 99 Foo 2026 07:28:00 GMT")
    },
    "`retry-after` of a date that has passed": (
        {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"},
        0.0,
    ),
}


hints = chapter(
    "Retry: when",
    *(
        Scenario(
            name=f"{name}, then an answer",
            plays=refused_once(429, headers),
            attempts=2,
            gaps_s=(gap_s,),
            within_s=1.5,
        )
        for name, (headers, gap_s) in HINTS.items()
    ),
    Scenario(
        name="`retry-after: 1`, then an answer",
        plays=refused_once(503, {"retry-after": "1"}),
        attempts=2,
        gaps_s=(1.0,),
        wires=(Wire.ANTHROPIC,),
        is_slow=True,
    ),
    Scenario(
        name="`retry-after` of a date in the next seconds, then an answer",
        plays=_dated,
        attempts=2,
        gaps_s=(0.9,),
        wires=(Wire.CHAT_COMPLETIONS,),
        is_slow=True,
    ),
    Scenario(
        name="a delay in the body, then an answer",
        plays=lambda place: [
            respond(
                b'{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "slow down",'
                b' "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo",'
                b' "retryDelay": "0.15s"}]}}',
                status=429,
            ),
            complete(place.wire),
        ],
        attempts=2,
        gaps_s=(0.15,),
        wires=(Wire.GEMINI,),
    ),
    Scenario(
        name="`retry-after: 61`: longer than is ever waited",
        plays=refused(429, {"retry-after": "61"}),
        raises=RateLimited,
        check=_asks(61),
        within_s=1.0,
    ),
    Scenario(
        name="`retry-after: 5` with two seconds left",
        plays=refused(503, {"retry-after": "5"}),
        options={"total_s": 2},
        raises=Overloaded,
        check=_asks(5),
        within_s=1.0,
    ),
    wires=FOUR[:2],
)


async def thirty_calls(bench: Bench) -> None:
    """Make thirty calls at once, all of which fail."""

    async def call() -> HeadwaterError:
        try:
            await bench.stream().collect()
        except HeadwaterError as error:
            return error
        raise AssertionError("a call succeeded")

    errors = await asyncio.gather(*(call() for _ in range(30)))
    told = [error for error in errors if "budget" in (error.not_retried or "")]
    assert len(told) >= 20, "those that were not retried do not say why"


async def failing_calls(bench: Bench) -> None:
    """Make calls one after the other until the budget is used up, then one more."""
    for _ in range(5):
        with suppress(ServerError):
            await bench.stream().collect()
    await bench.stream().collect()


def _says_budget(error: HeadwaterError | None) -> None:
    assert error is not None
    assert "budget" in (error.not_retried or "")


budget = chapter(
    "Retry: budget",
    Scenario(
        name="thirty failing calls at once: forty requests, not ninety",
        plays=refused(500),
        act=thirty_calls,
        shown="",
        requests=40,
        caller="thirty times `ServerError`, which says why it was not retried",
    ),
    Scenario(
        name="a failing call when the budget is used up",
        plays=refused(500),
        act=failing_calls,
        raises=ServerError,
        requests=16,
        check=lambda bench: _says_budget(bench.error),
    ),
)


CHAPTERS = [nothing, connecting, hints, budget]
