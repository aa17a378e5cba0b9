"""Retry: what is tried again, how often, when, and what never is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from headwater import (
    AuthenticationError,
    ConnectFailed,
    HeadwaterError,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
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
from headwater.testing.payloads import MODEL, Wire, error_frame

from .bench import Bench, chat
from .scenario import (
    ALL,
    BEGUN,
    FOUR,
    Ends,
    Place,
    Plays,
    Scenario,
    answer,
    begun,
    chapter,
    complete,
    cut_after,
    in_turn,
    preamble,
    refusal,
)

RETRIED: dict[int, type[HeadwaterError]] = {
    408: ServerError,
    409: ServerError,
    425: ServerError,
    429: RateLimited,
    500: ServerError,
    502: ServerError,
    503: Overloaded,
    504: ServerError,
    520: ServerError,
    529: Overloaded,
}
NOT_RETRIED: dict[int, type[HeadwaterError]] = {
    400: InvalidRequest,
    401: AuthenticationError,
    402: QuotaExceeded,
    403: PermissionDenied,
    404: ModelNotFound,
    405: InvalidRequest,
    413: InvalidRequest,
    415: InvalidRequest,
    422: InvalidRequest,
}


def then_whole(*scripts: Script) -> Plays:
    """Play these, then a whole answer."""
    return lambda place: [*scripts, complete(place.wire)]


def refused(status: int, headers: dict[str, str] | None = None) -> Plays:
    """Refuse each time."""
    return lambda place: [refusal(place.wire, status, headers)]


def refused_once(status: int, headers: dict[str, str] | None = None) -> Plays:
    """Refuse, then answer."""
    return lambda place: [refusal(place.wire, status, headers), complete(place.wire)]


statuses = chapter(
    "Retry: statuses",
    *(
        Scenario(
            name=f"status {status}, then an answer",
            plays=refused_once(status),
            attempts=2,
            gaps_s=(0.0,),
            ends=Ends.POOLED,
        )
        for status in RETRIED
    ),
    *(
        Scenario(
            name=f"status {status} each time",
            plays=refused(status),
            raises=kind,
            attempts=3,
            gaps_s=(0.0, 0.0),
        )
        for status, kind in RETRIED.items()
        if status in (429, 500, 503)
    ),
    *(
        Scenario(
            name=f"status {status}",
            plays=refused(status),
            raises=kind,
            says="no, sorry",
            ends=Ends.POOLED,
        )
        for status, kind in NOT_RETRIED.items()
    ),
    Scenario(
        name="status 503 with `x-should-retry: false`",
        plays=refused(503, {"x-should-retry": "false"}),
        raises=Overloaded,
    ),
    Scenario(
        name="status 429 with `x-should-retry: false`",
        plays=refused(429, {"x-should-retry": "false"}),
        raises=RateLimited,
    ),
    Scenario(
        name="status 400 with `x-should-retry: true`, then an answer",
        plays=refused_once(400, {"x-should-retry": "true"}),
        attempts=2,
    ),
    Scenario(
        name="status 503 with an `x-should-retry` of neither word, then an answer",
        plays=refused_once(503, {"x-should-retry": "perhaps"}),
        attempts=2,
    ),
    Scenario(
        name="status 503, with one attempt allowed",
        plays=refused(503),
        options={"attempts": 1},
        raises=Overloaded,
    ),
    Scenario(
        name="status 503 each time, with five attempts allowed",
        plays=refused(503),
        options={"attempts": 5},
        raises=Overloaded,
        attempts=5,
    ),
    Scenario(
        name="status 503 to a call without streaming, each time",
        plays=refused(503),
        act=chat,
        raises=Overloaded,
        attempts=3,
    ),
    wires=ALL,
)

USED_UP = json.dumps({"error": {"message": "pay first", "code": "insufficient_quota"}}).encode()


def _busy(wire: Wire) -> bytes:
    return error_frame(wire, 503, "server busy, please try again")


def _failing(status: int, *, is_begun: bool = False) -> Plays:
    def plays(place: Place) -> list[Answer]:
        wire = place.wire
        frame = _busy(wire) if wire is Wire.OLLAMA else error_frame(wire, status)
        first = answer(wire, *(begun(wire) if is_begun else preamble(wire)), frame)
        return [first, complete(wire)]

    return plays


in_stream = chapter(
    "Retry: errors inside a 200",
    *(
        Scenario(
            name=f"an error frame that means {status}, before content",
            plays=_failing(status),
            attempts=2,
            wires=ALL if status == 503 else FOUR,
        )
        for status in (429, 500, 503)
    ),
    *(
        Scenario(
            name=f"an error frame that means {status}, before content",
            plays=_failing(status),
            raises=kind,
            wires=FOUR,
        )
        for status, kind in {400: InvalidRequest, 401: AuthenticationError}.items()
    ),
    Scenario(
        name="an error frame that means 503, after content",
        plays=_failing(503, is_begun=True),
        raises=Overloaded,
        shown=BEGUN,
    ),
    Scenario(
        name="an error frame as the very first thing, then an answer",
        plays=lambda place: [answer(place.wire, _busy(place.wire)), complete(place.wire)],
        attempts=2,
    ),
    Scenario(
        name="status 429 with `insufficient_quota`",
        plays=lambda _: [respond(USED_UP, status=429)],
        raises=QuotaExceeded,
        wires=(Wire.CHAT_COMPLETIONS, Wire.RESPONSES),
    ),
    Scenario(
        name="status 429 with a quota of the day used up",
        plays=lambda _: [
            respond(
                json.dumps(
                    {
                        "error": {
                            "code": 429,
                            "status": "RESOURCE_EXHAUSTED",
                            "message": "that was all for today",
                            "details": [{"violations": [{"quotaId": "RequestsPerDay"}]}],
                        }
                    }
                ).encode(),
                status=429,
            )
        ],
        raises=QuotaExceeded,
        wires=(Wire.GEMINI,),
    ),
)

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
        name="`retry-after: 3600`: too long to wait",
        plays=refused(429, {"retry-after": "3600"}),
        raises=RateLimited,
        check=_asks(3600),
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


budget = chapter(
    "Retry: budget",
    Scenario(
        name="thirty failing calls at once: forty requests, not ninety",
        plays=refused(500),
        act=thirty_calls,
        shown="",
        requests=40,
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


def _says_budget(error: HeadwaterError | None) -> None:
    assert error is not None
    assert "budget" in (error.not_retried or "")


CHAPTERS = [statuses, in_stream, nothing, connecting, hints, budget]
