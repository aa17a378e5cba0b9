"""Time: five limits, each with its own error, and none that cuts the consumer's own code."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from headwater import (
    ConnectTimeout,
    ContentGapTimeout,
    DeadlineExceeded,
    FirstContentTimeout,
    IdleTimeout,
    LimitPassed,
)
from headwater.testing.fault_server import (
    Answer,
    Drip,
    Framing,
    Repeat,
    Script,
    Stall,
    Step,
    Wait,
    respond,
)
from headwater.testing.payloads import Phase, Wire, whole

from .bench import Bench, chat, read, read_and_forget
from .scenario import (
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
    complete,
    cut_after,
    frames,
    in_turn,
    ping,
    preamble,
)


def _says_how_long(bench: Bench) -> None:
    error = bench.error
    assert isinstance(error, LimitPassed)
    assert error.limit_s <= error.waited_s < error.limit_s + 2


def _passed(
    name: str,
    plays: Plays,
    limit: str,
    kind: type[LimitPassed],
    *,
    shown: str = "",
    limit_s: float = SHORT_S,
) -> Scenario:
    """Make a scenario of one attempt that a short limit ends."""
    return Scenario(
        name=f"{name}: `{limit}`",
        plays=plays,
        options={"attempts": 1, limit: limit_s},  # type: ignore[misc]  # one of the five
        raises=kind,
        says=limit,
        check=_says_how_long,
        at_least_s=limit_s,
        ends=Ends.CLIENT,
        shown=shown,
    )


def _begun_and_then(*steps: Callable[[Wire], Step]) -> Plays:
    return lambda place: [
        answer(place.wire, *begun(place.wire), *(step(place.wire) for step in steps))
    ]


def _pings(wire: Wire) -> Step:
    return Repeat(ping(wire), 0.01)


def _text(wire: Wire) -> Step:
    return Repeat(frames(wire, Phase.CONTENT)[0], 0.01)


LIMITS = [
    _passed("no head", lambda _: [[Stall()]], "first_content_s", FirstContentTimeout),
    _passed("a head alone", lambda _: [respond(Stall())], "first_content_s", FirstContentTimeout),
    _passed(
        "what precedes content, and silence",
        cut_after(preamble, Stall()),
        "first_content_s",
        FirstContentTimeout,
    ),
    _passed(
        "pings in place of content",
        lambda place: [answer(place.wire, _pings(place.wire))],
        "first_content_s",
        FirstContentTimeout,
    ),
    _passed(
        "a head that drips",
        lambda _: [[Drip(b"HTTP/1.1 200 OK\r\nx-a: " + b"a" * 500, every_s=0.01)]],
        "first_content_s",
        FirstContentTimeout,
    ),
    _passed("silence after content", cut_after(begun, Stall()), "idle_s", IdleTimeout, shown=BEGUN),
    _passed(
        "half a frame after content, and silence",
        lambda place: [answer(place.wire, *begun(place.wire), begun(place.wire)[0][:9], Stall())],
        "idle_s",
        IdleTimeout,
        shown=BEGUN,
    ),
    _passed(
        "pings between contents",
        _begun_and_then(_pings),
        "content_gap_s",
        ContentGapTimeout,
        shown=BEGUN,
    ),
    _passed(
        "silence between contents",
        cut_after(begun, Stall()),
        "content_gap_s",
        ContentGapTimeout,
        shown=BEGUN,
    ),
    _passed("no answer at all", lambda _: [[Stall()]], "total_s", DeadlineExceeded),
    _passed(
        "silence after content",
        cut_after(begun, Stall()),
        "total_s",
        DeadlineExceeded,
        shown=BEGUN,
        limit_s=LONGER_S,
    ),
]

_deaf: list[socket.socket] = []


def _deaf_url(_url: str) -> str:
    """Give the address of a listener whose queue is full, so that nobody gets through to it."""
    for left in _deaf:
        left.close()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    callers = [socket.socket() for _ in range(4)]
    for caller in callers:
        caller.setblocking(False)
        caller.connect_ex(listener.getsockname())
    _deaf[:] = [listener, *callers]
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


async def read_and_hang_up(bench: Bench) -> None:
    """Read, and let go of the listener that nobody gets through to."""
    try:
        await read(bench)
    finally:
        for one in _deaf:
            one.close()
        _deaf.clear()


def _no_connection(limit: str, kind: type[LimitPassed]) -> Scenario:
    return Scenario(
        name=f"no connection comes about: `{limit}`",
        plays=in_turn(complete),
        base_url=_deaf_url,
        act=read_and_hang_up,
        options={"attempts": 1, "connect_s": 5, limit: SHORT_S},  # type: ignore[misc]
        raises=kind,
        says=limit,
        requests=0,
        at_least_s=SHORT_S,
        ends=Ends.NONE,
    )


async def read_slowly(bench: Bench) -> None:
    """Take a while over each event."""
    async with bench.stream() as stream:
        async for event in stream:
            bench.see(event)
            await asyncio.sleep(1.5 * SHORT_S)


async def read_too_late(bench: Bench) -> None:
    """Be busy for longer than the whole call may take, after the first text."""
    async with bench.stream() as stream:
        async for event in stream:
            bench.see(event)
            if bench.shown:
                await asyncio.sleep(1.5 * LONGER_S)
                bench.left_at = None  # the consumer's own code came to its end


def _thinking(place: Place) -> list[Answer]:
    rest = frames(place.wire)[len(preamble(place.wire)) :]
    return [answer(place.wire, *preamble(place.wire), Wait(1.5 * LONGER_S), *rest)]


def _kept_alive(place: Place) -> list[Answer]:
    wire = place.wire
    rest = frames(wire)[len(begun(wire)) :]
    pings = [step for _ in range(8) for step in (Wait(0.05), ping(wire))]
    return [answer(wire, *begun(wire), *pings, *rest)]


def _plain(wire: Wire, *steps: Step, cut: int | None = None) -> Script:
    body = whole(wire)
    rest = [] if cut is None else [body[:cut]]
    return respond(
        *(rest or [body]),
        *steps,
        media_type="application/json",
        framing=Framing.SIZED,
        short_by_bytes=0 if cut is None else len(body) - cut,
    )


OTHERS = [
    _no_connection("connect_s", ConnectTimeout),
    _no_connection("total_s", DeadlineExceeded),
    Scenario(
        name="no end of content: `total_s`",
        plays=_begun_and_then(_text),
        options={"attempts": 1, "total_s": 3 * SHORT_S},
        raises=DeadlineExceeded,
        act=read_and_forget,
        at_least_s=3 * SHORT_S,
        ends=Ends.CLIENT,
    ),
    Scenario(
        name="the first attempt takes all of its `first_content_s`, the second answers",
        plays=lambda place: [[Stall()], complete(place.wire)],
        options={"first_content_s": LONGER_S},
        attempts=2,
        gaps_s=(LONGER_S,),
    ),
    Scenario(
        name="pings after content are life",
        plays=_kept_alive,
        options={"idle_s": LONGER_S},
        at_least_s=0.4,
    ),
    Scenario(
        name="a model that thinks is not idle",
        plays=_thinking,
        options={"idle_s": LONGER_S},
        at_least_s=1.5 * LONGER_S,
    ),
    Scenario(
        name="a slow consumer is not timed out",
        plays=in_turn(complete),
        act=read_slowly,
        options={"idle_s": SHORT_S, "first_content_s": LONGER_S, "content_gap_s": SHORT_S},
        at_least_s=3 * SHORT_S,
        wires=(Wire.CHAT_COMPLETIONS, Wire.ANTHROPIC),
    ),
    Scenario(
        name="the consumer's own time counts for `total_s`, which waits for its next event",
        plays=cut_after(begun, Stall()),
        act=read_too_late,
        options={"total_s": LONGER_S, "attempts": 1},
        raises=DeadlineExceeded,
        shown=TEXT[:5],
        at_least_s=1.5 * LONGER_S,
        ends=Ends.CLIENT,
        closed_within_s=0.2,
    ),
    Scenario(
        name="a call without streaming may wait for its head",
        plays=lambda place: [[Wait(2 * SHORT_S), *_plain(place.wire)]],
        act=chat,
        options={"first_content_s": SHORT_S, "idle_s": LONGER_S, "attempts": 1},
        at_least_s=2 * SHORT_S,
    ),
    Scenario(
        name="a call without streaming stops in its body: `idle_s`",
        plays=lambda place: [_plain(place.wire, Stall(), cut=20)],
        act=chat,
        options={"idle_s": SHORT_S, "attempts": 1},
        raises=IdleTimeout,
        at_least_s=SHORT_S,
        ends=Ends.CLIENT,
    ),
    Scenario(
        name="a call without streaming is never answered: `total_s`",
        plays=lambda _: [[Stall()]],
        act=chat,
        options={"total_s": SHORT_S, "attempts": 1},
        raises=DeadlineExceeded,
        at_least_s=SHORT_S,
        ends=Ends.CLIENT,
    ),
]


CHAPTER = chapter("Time", *LIMITS, *OTHERS)
