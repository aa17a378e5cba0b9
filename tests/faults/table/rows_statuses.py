"""Retry: which refusals are tried again, by status and inside a 200."""

from __future__ import annotations

import json

from headwater import (
    AuthenticationError,
    HeadwaterError,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ServerError,
)
from headwater.testing.fault_server import (
    Answer,
    respond,
)
from headwater.testing.payloads import Wire, error_frame

from .bench import chat
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


CHAPTERS = [statuses, in_stream]
