"""Where the calls of the fault machine take place: over sockets, or in a time of its own."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections import defaultdict
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import ExitStack
from typing import Protocol, TypeVar
from unittest import mock

import attrs

from headwater import ConnectFailed, Runner, StreamInterrupted
from headwater.middleware import Deadline, Log, Retry, Timeout
from headwater.testing.fault_server import (
    End,
    FaultServer,
    Reset,
    Script,
    SeenRequest,
    Stall,
    Step,
    Wait,
    respond,
)
from headwater.testing.payloads import Wire, media_type
from headwater.testing.replay import Exchange, Pause, ReplayTransport, Reply, ReplyStep
from headwater.wire.transport import HTTPRequest
from headwater_anthropic import Anthropic
from headwater_chat_completions import ChatCompletions
from headwater_google import Google
from headwater_ollama import Ollama
from headwater_openai import OpenAI

from .faults_leaps import LeapingLoop
from .faults_script import Attempt, Ending, Gone, Refused, Spoken

T = TypeVar("T")

_CALL = re.compile(rb"call-(\d+)\.")


@attrs.frozen(kw_only=True)
class Policy:
    """The limits of the calls.

    Attributes:
        first_content_s: Until the first content of an attempt.
        shortest_s: Without a byte; the shortest of all.
        silence_s: Between one content and the next.
        total_s: All of the call.
        attempts: How many.
    """

    first_content_s: float
    shortest_s: float
    silence_s: float
    total_s: float
    attempts: int = 3


class World(Protocol):
    """What the machine needs of the place where its calls are made.

    Attributes:
        limits: Those of the calls.
        slack_s: How much later than that something may be seen.
        unseen: How many attempts of a call may end before the server sees them.
        runner: What makes the calls.
    """

    limits: Policy
    slack_s: float
    unseen: int
    runner: Runner

    def run(self, doing: Coroutine[object, object, T]) -> T:
        """Let time pass until something is done."""
        ...

    def now(self) -> float:
        """Tell the time."""
        ...

    def announce(self, number: int, attempts: Sequence[Attempt]) -> None:
        """Say what the attempts of a call are to meet."""
        ...

    def served(self, number: int) -> Sequence[Attempt]:
        """Tell what the attempts of a call have met so far."""
        ...

    def spares(self) -> int:
        """Tell how many requests may have come that count as no attempt."""
        ...

    async def let_go(self, number: int) -> None:
        """Wait until the server has seen that nobody reads a call any more, for a second."""
        ...

    def close(self) -> None:
        """Close the runner, and check that nothing is left."""
        ...


class _Calls:
    """What each call is to meet, and what it has met."""

    def __init__(self) -> None:
        self._announced: dict[int, Sequence[Attempt]] = {}
        self.served: defaultdict[int, list[Attempt]] = defaultdict(list)

    def announce(self, number: int, attempts: Sequence[Attempt]) -> None:
        self._announced[number] = attempts

    def next(self, body: bytes | None) -> tuple[int, Attempt]:
        """Take the next attempt of the call that a request's body names."""
        match = _CALL.search(body or b"")
        assert match is not None, "a request of no call"
        number = int(match[1])
        attempts, served = self._announced[number], self.served[number]
        attempt = attempts[min(len(served), len(attempts) - 1)]
        served.append(attempt)
        return number, attempt


def _providers(url: str) -> Mapping[str, object]:
    return {
        Wire.CHAT_COMPLETIONS: ChatCompletions(url),
        Wire.ANTHROPIC: Anthropic("key", url),
        Wire.RESPONSES: OpenAI("key", url),
        Wire.GEMINI: Google("key", url),
        Wire.OLLAMA: Ollama(url),
    }


class SocketWorld:
    """Calls over real sockets to a fault server in a thread of its own, in real time."""

    limits = Policy(first_content_s=0.12, shortest_s=0.08, silence_s=0.1, total_s=0.6)
    slack_s = 1.0  # a machine has other things to do
    unseen = 3

    def __init__(self) -> None:
        self._calls = _Calls()
        self._requests: defaultdict[int, list[SeenRequest]] = defaultdict(list)
        self._loop = asyncio.new_event_loop()
        self._stack = ExitStack()
        self._server = self._stack.enter_context(FaultServer(self._answer))
        layers = (Log(), Deadline(), Retry(initial_wait_s=0.002), Timeout())
        self.runner = Runner(providers=_providers(self._server.url), middleware=layers)
        self.announce, self.now = self._calls.announce, time.monotonic

    def _answer(self, request: SeenRequest) -> Script:
        number, attempt = self._calls.next(request.body)
        self._requests[number].append(request)
        match attempt:
            case Refused():
                return respond(attempt.body, status=attempt.status, headers=attempt.headers)
            case Gone():
                return [Reset()]
            case Spoken(wire=wire, chunks=chunks, ending=ending):
                steps: list[Step] = []
                for pause_s, chunk in chunks:
                    steps += [Wait(pause_s), chunk] if pause_s else [chunk]
                return respond(*steps, *_ENDINGS[ending], media_type=media_type(wire))

    def run(self, doing: Coroutine[object, object, T]) -> T:
        return self._loop.run_until_complete(asyncio.wait_for(doing, 60))

    def served(self, number: int) -> Sequence[Attempt]:
        return self._calls.served[number]

    def spares(self) -> int:
        """Count the requests that a pooled connection may have died of, to be sent again."""
        return self._server.reuses

    async def let_go(self, number: int) -> None:
        last = self._calls.served[number][-1]
        if isinstance(last, Spoken) and last.ending is not Ending.WHOLE:
            connection = self._requests[number][-1].connection
            await self._server.until(lambda: connection.closed_at is not None, within_s=1.0)

    def close(self) -> None:
        self.run(self.runner.aclose())
        self._server.wait_until(
            lambda: all(seen.closed_at is not None for seen in self._server.connections)
        )
        left = asyncio.all_tasks(self._loop)
        self._stack.close()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
        assert not left


_ENDINGS: dict[Ending, list[Step]] = {
    Ending.WHOLE: [],
    Ending.CUT: [End()],
    Ending.RESET: [Wait(0.005), Reset()],
    Ending.STALL: [Stall()],
    Ending.GARBAGE: [End()],
}


class LeapingWorld:
    """Calls without a socket, in a time of its own: a stall costs nothing."""

    limits = Policy(first_content_s=4.0, shortest_s=2.0, silence_s=3.0, total_s=30.0)
    slack_s = 0.001
    unseen = 0

    def __init__(self) -> None:
        self._calls = _Calls()
        self._exchanges: defaultdict[int, list[Exchange]] = defaultdict(list)
        self._transport = ReplayTransport(choose=self._answer)
        self._loop = LeapingLoop()
        self._stack = ExitStack()
        self._stack.enter_context(mock.patch("time.monotonic", self._loop.time))
        self.runner = Runner(
            providers=_providers("http://127.0.0.1:1"),
            middleware=(Log(), Deadline(), Retry(clock=self._loop.time), Timeout()),
            transport=self._transport,
        )
        self.announce, self.now = self._calls.announce, self._loop.time

    def _answer(self, request: HTTPRequest) -> Reply:
        _number, attempt = self._calls.next(request.body)
        match attempt:
            case Refused():
                return Reply(attempt.body, status=attempt.status, headers=attempt.headers)
            case Gone():
                raise ConnectFailed("nobody is there")
            case Spoken(wire=wire, chunks=chunks, ending=ending):
                body: list[ReplyStep] = []
                for pause_s, chunk in chunks:
                    body += [Pause(pause_s), chunk] if pause_s else [chunk]
                if ending is Ending.RESET:
                    body.append(StreamInterrupted("the connection broke"))
                if ending is Ending.STALL:
                    body.append(Pause(math.inf))
                return Reply(body, headers={"content-type": media_type(wire)})

    def run(self, doing: Coroutine[object, object, T]) -> T:
        return self._loop.run_until_complete(doing)

    def served(self, number: int) -> Sequence[Attempt]:
        return self._calls.served[number]

    def spares(self) -> int:
        return 0

    async def let_go(self, number: int) -> None:
        await asyncio.sleep(0)
        open_ones = [e for e in self._transport.exchanges if self._names(e, number)]
        assert all(exchange.is_closed for exchange in open_ones)

    def _names(self, exchange: Exchange, number: int) -> bool:
        return b"call-%d." % number in (exchange.request.body or b"")

    def close(self) -> None:
        try:
            self.run(self.runner.aclose())
            self.run(asyncio.sleep(0))
            assert not asyncio.all_tasks(self._loop)
            assert all(exchange.is_closed for exchange in self._transport.exchanges)
            assert not self._loop.timers()
        finally:
            self._stack.close()
            self._loop.close()
