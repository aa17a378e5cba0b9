"""Time is limited where users feel it, and the consumer's own code is never cut short."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, asynccontextmanager, suppress

import pytest

from headwater import (
    ChatOptions,
    ChatRequest,
    ConnectTimeout,
    ContentGapTimeout,
    DeadlineExceeded,
    Event,
    FirstContentTimeout,
    IdleTimeout,
    InvalidRequest,
    LimitPassed,
    Limits,
    Runner,
    hookimpl,
)
from headwater.middleware import Timeout
from headwater.testing.fault_server import LAST_CHUNK, FaultServer, Repeat, Script, Stall, Wait
from headwater.wire.http import HTTPTransport
from headwater.wire.transport import HTTPRequest, ReadError, Response, Transport

from .provider import Wire, read_error, with_limits
from .wire import CHUNKED, DONE, PING, begun, head, said, whole

SHORT_S = 0.06


class SlowToConnect(HTTPTransport):
    """Take a while before each connection stands."""

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Wait, then send."""
        await asyncio.sleep(0.06)
        async with super().send(request, errors=errors) as response:
            yield response


class AsksTwice(Wire):
    """Ask again after a refusal, as a dialect may that leaves out what a server does not know."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Send, be refused, and stream the second answer."""
        with suppress(InvalidRequest):
            async with transport.send(self.request(request), errors=read_error):
                pass
        async with aclosing(Wire.stream_chat(self, request, transport)) as events:
            async for event in events:
                yield event


PASSED: dict[str, tuple[Script, ChatOptions, type[LimitPassed]]] = {
    "no head": ([Stall()], {"first_content_s": SHORT_S}, FirstContentTimeout),
    "no content": (begun(), {"first_content_s": SHORT_S}, FirstContentTimeout),
    "pings in place of content": (
        [CHUNKED, Repeat(PING, 0.01)],
        {"first_content_s": SHORT_S},
        FirstContentTimeout,
    ),
    "counts in place of content": (
        [CHUNKED, Repeat(said("count"), 0.01)],
        {"first_content_s": SHORT_S},
        FirstContentTimeout,
    ),
    "silence after content": (begun("a"), {"idle_s": SHORT_S}, IdleTimeout),
    "pings between contents": (
        [CHUNKED + said("a"), Repeat(PING, 0.01)],
        {"content_gap_s": SHORT_S},
        ContentGapTimeout,
    ),
    "silence between contents": (
        begun("a", "b"),
        {"content_gap_s": SHORT_S},
        ContentGapTimeout,
    ),
    "no end": ([CHUNKED, Repeat(said("a"), 0.01)], {"total_s": SHORT_S}, DeadlineExceeded),
    "nothing at all": ([Stall()], {"total_s": SHORT_S}, DeadlineExceeded),
}


@pytest.mark.parametrize(("script", "limits", "kind"), PASSED.values(), ids=PASSED.keys())
async def test_each_limit_raises_its_own_error(
    runner: Runner,
    server: FaultServer,
    script: Script,
    limits: ChatOptions,
    kind: type[LimitPassed],
) -> None:
    """The error names the limit and how long was waited, and the connection is closed."""
    server.answer_with(script)
    limits["attempts"] = 1
    with pytest.raises(LimitPassed) as caught:
        await runner.stream_chat("wire/m", "Hi", **limits).collect()
    raised_at = asyncio.get_running_loop().time()
    assert type(caught.value) is kind
    assert caught.value.limit_s == SHORT_S <= caught.value.waited_s < 2 * SHORT_S
    assert await server.end_seen_s(raised_at) < 0.1


@pytest.fixture
def deaf_address() -> Iterator[str]:
    """Give the address of a listener whose queue is full, so that nobody gets through to it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        callers = [socket.socket() for _ in range(4)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for caller in callers:
            caller.close()


@pytest.mark.parametrize("name", ["connect_s", "total_s"])
async def test_a_connection_that_is_not_made_is_given_up(deaf_address: str, name: str) -> None:
    """`connect_s` ends the wait for a connection, and so does `total_s`."""
    limits: ChatOptions = {"attempts": 1, "connect_s": 5, "total_s": 5}
    limits[name] = SHORT_S  # type: ignore[literal-required]  # one of the two above
    kind = ConnectTimeout if name == "connect_s" else DeadlineExceeded
    async with Runner(providers={"wire": Wire(deaf_address)}) as runner:
        with pytest.raises(kind, match=name):
            await runner.chat("wire/m", "Hi", **limits)


async def test_the_time_to_the_first_content_does_not_count_the_connection(
    deaf_address: str,
) -> None:
    """`first_content_s` begins with the send: until then `connect_s` alone rules."""
    async with Runner(providers={"wire": Wire(deaf_address)}) as runner:
        stream = runner.stream_chat(
            "wire/m", "Hi", first_content_s=0.02, connect_s=SHORT_S, attempts=1
        )
        with pytest.raises(ConnectTimeout):
            await stream.collect()


async def test_pings_are_life_once_content_has_come(runner: Runner, server: FaultServer) -> None:
    """`idle_s` counts from the last byte, whatever it was."""
    pings: Script = [step for _ in range(5) for step in (Wait(0.03), PING)]
    server.answer_with([CHUNKED + said("a"), *pings, said("b", DONE) + LAST_CHUNK])
    stream = runner.stream_chat("wire/m", "Hi", idle_s=0.1)
    assert (await stream.collect()).text == "ab"


async def test_silence_before_the_first_content_is_thinking(
    runner: Runner, server: FaultServer
) -> None:
    """`idle_s` says nothing about a model that thinks."""
    server.answer_with([CHUNKED, Wait(0.15), said("a", DONE) + LAST_CHUNK])
    assert (await runner.stream_chat("wire/m", "Hi", idle_s=0.05).collect()).text == "a"


async def test_each_attempt_has_its_own_limits(
    runner: Runner, server: FaultServer, waits: list[float]
) -> None:
    """An attempt that ran out of time leaves the next one all of it."""
    server.answer_with([Stall()], [CHUNKED, Wait(0.03), said("a", DONE) + LAST_CHUNK])
    response = await runner.stream_chat("wire/m", "Hi", first_content_s=SHORT_S).collect()
    assert (response.text, len(waits)) == ("a", 1)


async def test_a_second_request_of_an_attempt_has_its_own_time_to_connect(
    server: FaultServer,
) -> None:
    """`connect_s` counts from when a connection was wanted, not from the attempt's beginning."""
    refusal = head(400, "content-length: 2", "connection: close") + b"{}"
    server.answer_with([Wait(0.12), refusal], whole("a"))
    transport = SlowToConnect()
    async with Runner(providers={"wire": AsksTwice(server.url)}, transport=transport) as runner:
        response = await runner.stream_chat("wire/m", "Hi", connect_s=0.1, attempts=1).collect()
    await transport.aclose()
    assert response.text == "a"


async def test_a_chat_may_take_its_time_but_not_stop_in_the_body(
    runner: Runner, server: FaultServer
) -> None:
    """An answer asked for whole has no first content, but `idle_s` once its body has begun."""
    plain = head(200, "content-length: 9", media_type="text/plain")
    server.answer_with([Wait(0.1), plain + b"a", Stall()])
    with pytest.raises(IdleTimeout):
        await runner.chat("whole/m", "Hi", first_content_s=0.05, idle_s=SHORT_S, attempts=1)


@pytest.mark.parametrize(
    ("on_call", "on_layer", "declared", "expected"),
    [
        (0.02, 0.5, 0.5, 0.02),
        (None, 0.02, 0.5, 0.02),
        (None, None, 0.02, 0.02),
    ],
    ids=["call", "middleware", "provider"],
)
async def test_the_nearest_limit_wins(
    server: FaultServer,
    on_call: float | None,
    on_layer: float | None,
    declared: float,
    expected: float,
) -> None:
    """The call's own limit beats the middleware's, that the provider's."""
    server.answer_with([Stall()])
    provider = with_limits(server.url, Limits(first_content_s=declared))
    layers = [Timeout(first_content_s=on_layer)]
    async with Runner(providers={"wire": provider}, middleware=layers) as runner:
        with pytest.raises(FirstContentTimeout) as caught:
            await runner.stream_chat("wire/m", "Hi", first_content_s=on_call).collect()
    assert caught.value.limit_s == expected


async def test_a_limit_of_nothing_is_refused(runner: Runner) -> None:
    """Zero is no limit: the way to have none is math.inf."""
    with pytest.raises(InvalidRequest, match="inf: no limit"):
        runner.stream_chat("wire/m", "Hi", idle_s=0)
