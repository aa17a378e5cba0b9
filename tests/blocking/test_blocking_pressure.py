"""Back-pressure: a slow reader holds the server back, and no limit but the total blames it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

import attrs
import pytest

from headwater import (
    ChatRequest,
    DeadlineExceeded,
    Event,
    Finished,
    FinishReason,
    IdleTimeout,
    Started,
    TextDelta,
    Usage,
    hookimpl,
)
from headwater.blocking import Runner
from headwater.testing import FaultServer, Repeat, Wait, respond
from headwater.wire.transport import Transport

from ..patience import Pulse
from .lines import END, Lines, begun, said

pytestmark = pytest.mark.slow

LIMIT_S = 0.3
BUFFERS_BYTES = 16 * 2**20  # what the kernels of both sides may hold on their own


@attrs.define
class Counter:
    """Count how far it was read."""

    given: int = 0

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Give numbers."""
        for number in range(1000):
            self.given += 1
            yield TextDelta(str(number))
        yield Finished(FinishReason.STOP, None, Usage(1, 1))


@pytest.mark.parametrize("read_ahead", [1, 2, 10, 100])
def test_no_more_is_read_ahead_than_was_said(read_ahead: int) -> None:
    """The loop is never further than the reader and what may wait to be taken."""
    counter = Counter()
    with Runner(providers={"counter": counter}, read_ahead=read_ahead) as runner:
        stream = runner.stream_chat("counter/m", "Hi")
        assert isinstance(next(stream), Started)
        for taken in range(1, 300):
            next(stream)
            if taken % 50 == 0:
                time.sleep(0.005)  # time enough for a loop that knows no limit
                assert taken <= counter.given <= taken + read_ahead
        stream.close()


def held_bytes(server: FaultServer, within_s: float = 30.0) -> int:
    """Wait until the client has taken nothing for ten looks, and give what it has then.

    How long the kernels take to fill their buffers is the machine's affair; an answer without an
    end that is not held back never stands still.
    """
    ends_at = time.monotonic() + within_s
    held, looks = 0, 0
    while looks < 10:
        time.sleep(0.05)
        taken = server.connections[0].taken_bytes
        assert taken < BUFFERS_BYTES
        assert time.monotonic() < ends_at, f"still taking, after {taken} bytes"
        held, looks = taken, looks + 1 if taken == held else 0
    return held


def test_a_slow_reader_holds_the_server_back(runner: Runner, server: FaultServer) -> None:
    """While nobody takes events the socket is not read, and the server cannot go on."""
    server.answer_with(respond(Repeat(said("x" * 1000) * 50)))
    with runner.stream_chat("lines/m", "Hi") as stream:
        next(stream)
        next(stream)
        held = held_bytes(server)
        assert held > 0
        for _ in range(100_000):
            next(stream)
            if server.connections[0].taken_bytes > held:
                break
        assert server.connections[0].taken_bytes > held


@pytest.mark.parametrize("read_ahead", [1, 4, 100])
def test_a_slow_reader_passes_no_limit_of_the_wire(
    server: FaultServer, pulse: Pulse, read_ahead: int
) -> None:
    """What the reader takes for itself is idle time of nobody; nor is the wait for room."""
    server.answer_with(respond(said(*["a"] * 10), Wait(0.01), said(*["b"] * 10, END)))
    with Runner(providers={"lines": Lines(server.url)}, read_ahead=read_ahead) as runner:
        stream = runner.stream_chat("lines/m", "Hi", idle_s=LIMIT_S, content_gap_s=LIMIT_S)
        for number, _ in enumerate(stream):
            if number % 10 == 0:
                pulse.sleep(1.5 * LIMIT_S)
    assert stream.response.text == "a" * 10 + "b" * 10
    assert stream.metrics.longest_gap_s is not None
    assert stream.metrics.longest_gap_s < LIMIT_S


def test_a_wire_that_falls_silent_passes_its_limit(runner: Runner, server: FaultServer) -> None:
    """The limit counts while the reader waits, and the error says so."""
    server.answer_with(begun("a"))
    with pytest.raises(IdleTimeout, match=r"idle_s=0\.1"):
        runner.stream_chat("lines/m", "Hi", idle_s=0.1).collect()


def test_the_reader_s_own_time_counts_for_the_total(server: FaultServer, pulse: Pulse) -> None:
    """The whole call, reader included, has its limit; the error comes when more is asked for."""
    server.answer_with(respond(Repeat(said("a"), every_s=0.001)))
    with Runner(providers={"lines": Lines(server.url)}, read_ahead=4) as runner:
        stream = runner.stream_chat("lines/m", "Hi", total_s=LIMIT_S)
        next(stream)
        pulse.sleep(2 * LIMIT_S)
        with pytest.raises(DeadlineExceeded) as caught:
            stream.collect()
    assert caught.value.partial is not None
    assert caught.value.partial.text == stream.response.text
    assert 0 < len(stream.response.text) <= 4  # the start was taken, and room for as many was left


def test_a_reader_that_waits_long_gets_its_event(runner: Runner, server: FaultServer) -> None:
    """A wait of any length ends with the event, or the answer."""
    server.answer_with(respond(Wait(0.6), said("a", END)))
    assert runner.stream_chat("lines/m", "Hi").collect().text == "a"
    assert runner.chat("lines/m", "Hi").text == "a"
