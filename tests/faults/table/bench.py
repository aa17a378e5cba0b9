"""Playing a scenario, and seeing what comes of it."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from unittest.mock import patch

import attrs

from headwater import ChatStream, Event, HeadwaterError, Runner, TextDelta
from headwater.middleware import Deadline, Log, Retry, Timeout
from headwater.testing.fault_server import Closing, FaultServer, SeenConnection
from headwater.testing.payloads import Wire
from headwater_anthropic import Anthropic
from headwater_chat_completions import ChatCompletions
from headwater_google import Google
from headwater_ollama import Ollama
from headwater_openai import OpenAI

from ..errors import reachable
from ..provider import KEY
from .scenario import Case, Ends, Place, Scenario
from .watch import bounded_memory, logged, open_sockets

MODEL = "it/sample-1"


def provider_for(wire: Wire, base_url: str) -> object:
    """Make the provider that speaks a wire."""
    match wire:
        case Wire.CHAT_COMPLETIONS:
            return ChatCompletions(base_url=base_url, api_key=KEY)
        case Wire.ANTHROPIC:
            return Anthropic(api_key=KEY, base_url=base_url)
        case Wire.RESPONSES:
            return OpenAI(api_key=KEY, base_url=base_url)
        case Wire.GEMINI:
            return Google(api_key=KEY, base_url=base_url)
        case Wire.OLLAMA:
            return Ollama(api_key=KEY, base_url=base_url)


@attrs.define(eq=False)
class Bench:
    """One playing of a scenario.

    Attributes:
        scenario: What is played.
        wire: Where.
        server: What answers.
        runner: What calls.
        shown: The texts that the caller was shown, in their order.
        attempts: How many a call that succeeded says it took.
        error: What the caller got.
        left_at: When the caller left; None: when it got its answer, or the error.
        has_seen: Is set with each text.
    """

    scenario: Scenario
    wire: Wire
    server: FaultServer
    runner: Runner
    shown: list[str] = attrs.field(factory=list)
    attempts: int | None = None
    error: HeadwaterError | None = None
    left_at: float | None = None
    has_seen: asyncio.Event = attrs.field(factory=asyncio.Event)

    def stream(self) -> ChatStream:
        """Begin the call."""
        return self.runner.stream_chat(MODEL, "Hi", **self.scenario.options)

    def see(self, event: Event) -> None:
        """Take note of what is shown."""
        if isinstance(event, TextDelta):
            self.shown.append(event.text)
            self.has_seen.set()


@attrs.frozen
class Result:
    """What was seen, in words that are the same each time."""

    caller: str
    server: str


async def play(case: Case) -> Result:
    """Play a scenario on a wire, and check all that it says.

    Raises:
        AssertionError: Something else was seen.
    """
    scenario, wire = case.scenario, case.wire
    tasks, sockets = asyncio.all_tasks(), open_sockets()
    with patch.dict(os.environ, scenario.environment), logged() as log:
        async with FaultServer() as elsewhere, _bench(scenario, wire, elsewhere) as bench:
            with bounded_memory(scenario.memory_bytes):
                started_at = time.monotonic()
                await _act(bench)
                over_at = bench.left_at or time.monotonic()
            _check_time(scenario, over_at - started_at)
            _check_caller(bench)
            ends = await _check_connection(bench, over_at)
            _check_server(bench)
            await bench.runner.aclose()
            left = asyncio.all_tasks() - tasks - bench.server.tasks - elsewhere.tasks
            assert not left, f"tasks are left: {left}"
            assert elsewhere.connections == [], "another host was asked"
            _check_secrecy(bench, log)
    assert open_sockets() <= sockets, "sockets are left"
    return Result(_caller_words(bench), _server_words(bench, ends))


@asynccontextmanager
async def _bench(
    scenario: Scenario, wire: Wire, elsewhere: FaultServer
) -> AsyncGenerator[Bench, None]:
    place = Place(wire, elsewhere.url)
    transport = scenario.transport() if scenario.transport is not None else None
    async with FaultServer(
        *scenario.plays(place), greeting=scenario.greeting, certificate=scenario.certificate
    ) as server:
        url = server.url if scenario.base_url is None else scenario.base_url(server.url)
        made = scenario.provider(url) if scenario.provider else provider_for(wire, url)
        runner = Runner(
            providers={"it": made},
            middleware=[Log(), Deadline(), Retry(initial_wait_s=0.02), Timeout()],
            transport=transport,
            max_event_bytes=scenario.max_event_bytes,
        )
        try:
            yield Bench(scenario, wire, server, runner)
        finally:
            await runner.aclose()
            if transport is not None:
                await transport.aclose()


async def _act(bench: Bench) -> None:
    try:
        await (bench.scenario.act or read)(bench)
    except HeadwaterError as error:
        bench.error = error


async def read(bench: Bench) -> None:
    """Read the answer to its end."""
    async with bench.stream() as stream:
        async for event in stream:
            bench.see(event)
    bench.attempts = stream.metrics.attempts


async def chat(bench: Bench) -> None:
    """Ask for the answer in one piece."""
    response = await bench.runner.chat(MODEL, "Hi", **bench.scenario.options)
    bench.shown.append(response.text)


async def read_and_forget(bench: Bench) -> None:
    """Read what has no end; how much of it came is not looked at."""
    try:
        await bench.stream().collect()
    except HeadwaterError as error:
        error.partial = None
        raise


# What must hold.


def _check_caller(bench: Bench) -> None:
    scenario, error = bench.scenario, bench.error
    shown = "".join(bench.shown)
    assert shown == scenario.expected_text, f"{shown!r} was shown, {error!r} raised"
    if scenario.raises is None:
        assert error is None, repr(error)
    else:
        assert error is not None, "no error was raised"
        assert isinstance(error, scenario.raises), repr(error)
        assert re.search(scenario.says, str(error)), str(error)
        assert error.attempts == scenario.attempts, f"{error.attempts} attempts"
        assert (error.partial.text if error.partial else "") == scenario.expected_text
    if bench.attempts is not None:
        assert bench.attempts == scenario.attempts, f"{bench.attempts} attempts"
    if scenario.check is not None:
        scenario.check(bench)


def _check_server(bench: Bench) -> None:
    scenario, server = bench.scenario, bench.server
    requests = scenario.attempts if scenario.requests is None else scenario.requests
    assert len(server.requests) == requests, f"{len(server.requests)} requests"
    if scenario.connections is not None:
        assert len(server.connections) == scenario.connections, f"{len(server.connections)}"
    for gap_s, least_s in (
        zip(server.gaps_s, scenario.gaps_s, strict=True) if scenario.gaps_s else ()
    ):
        assert gap_s >= least_s, f"a gap of {gap_s:.3f} s"
    if scenario.taken_bytes is not None:
        assert server.taken_bytes <= scenario.taken_bytes, f"{server.taken_bytes} bytes taken"
    for request in server.requests:
        assert KEY not in request.target, "the key stands in the address"


def _check_time(scenario: Scenario, took_s: float) -> None:
    assert took_s >= scenario.at_least_s, f"it took {took_s:.3f} s"
    assert took_s <= scenario.within_s, f"it took {took_s:.3f} s"


async def _check_connection(bench: Bench, over_at: float) -> str | None:
    """Check how the last connection was left, and say it."""
    scenario, seen = bench.scenario, bench.server.connections
    match scenario.ends:
        case Ends.NONE:
            assert seen == [], "a connection was made"
        case Ends.POOLED:
            for _ in range(6):  # a client's end takes some turns of the loop to be seen
                await asyncio.sleep(0)
            assert seen[-1].closing is None, f"not kept: {seen[-1].closing}"
        case Ends.CLIENT:
            last = await bench.server.end_seen(len(seen) - 1)
            assert last.closing in (Closing.CLIENT_END, Closing.CLIENT_RESET), last.closing
            within_s = scenario.closed_within_s
            _check_end(last, over_at, within_s)
            return f"{Ends.CLIENT} within {within_s:g} s"
        case Ends.SERVER:
            last = await bench.server.end_seen(len(seen) - 1)
            assert last.closing in (Closing.SERVER_END, Closing.SERVER_RESET), last.closing
            is_reset = last.closing is Closing.SERVER_RESET
            return f"the connection {'reset' if is_reset else 'closed'} by the server"
        case None:
            pass
    return scenario.ends


def _check_end(last: SeenConnection, over_at: float, within_s: float) -> None:
    assert last.closed_at is not None
    took_s = last.closed_at - over_at
    assert took_s <= within_s, f"closed after {took_s:.3f} s"


def _check_secrecy(bench: Bench, log: list[str]) -> None:
    assert KEY not in "".join(log), "the key was logged"
    for one in reachable(bench.error) if bench.error is not None else ():
        assert KEY not in f"{one} {one!r} {one.args!r} {vars(one)!r}", "the key shows"
        assert type(one).__module__.split(".")[0] in ("headwater", "builtins", "asyncio"), repr(one)


# Saying it.


def _caller_words(bench: Bench) -> str:
    scenario, error = bench.scenario, bench.error
    outcome = scenario.caller or "the answer"
    if error is not None:
        named = scenario.raises if isinstance(scenario.raises, tuple) else (type(error),)
        outcome = " or ".join(f"`{kind.__name__}`" for kind in named)
        outcome += " with what had come" if bench.shown else ""
    told = scenario.attempts
    return outcome + (f", {told} attempts" if told > 1 else "")


def _server_words(bench: Bench, ends: str | None) -> str:
    scenario, count = bench.scenario, len(bench.server.requests)
    words = [f"{count} request{'' if count == 1 else 's'}"]
    if any(scenario.gaps_s):
        words.append(f"a gap of {max(scenario.gaps_s):g} s at least")
    if scenario.connections is not None:
        words.append(f"{scenario.connections} connection{'' if scenario.connections == 1 else 's'}")
    if scenario.taken_bytes is not None:
        words.append(f"at most {scenario.taken_bytes / 2**20:g} MiB taken")
    if scenario.memory_bytes is not None:
        words.append(f"memory grows by at most {scenario.memory_bytes / 2**20:g} MiB")
    if ends is not None:
        words.append(ends)
    return ", ".join(words)
