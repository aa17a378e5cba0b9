"""Time is limited where users feel it, and the consumer's own code is never cut short."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, asynccontextmanager, suppress

import pytest

from headwater import (
    ChatRequest,
    ChatResponse,
    ConnectTimeout,
    Event,
    FirstContentTimeout,
    InvalidRequest,
    Limits,
    Runner,
    hookimpl,
)
from headwater.middleware import Timeout
from headwater.testing.fault_server import LAST_CHUNK, FaultServer, Stall, Wait
from headwater.wire.http import HTTPTransport
from headwater.wire.transport import HTTPRequest, ReadError, Response, Transport

from .provider import Whole, Wire, read_error, with_limits
from .wire import CHUNKED, DONE, head, said, whole

pytestmark = pytest.mark.slow  # limits have to pass

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


class InOnePiece:
    """Answer in one piece alone."""

    def __init__(self, base_url: str) -> None:
        self._whole = Whole(base_url)
        self.info = self._whole.info

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Give the body's text."""
        return await self._whole.chat(request, transport)


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


async def test_each_attempt_has_its_own_limits(
    runner: Runner, server: FaultServer, waits: list[float]
) -> None:
    """An attempt that ran out of time leaves the next one all of it."""
    server.answer_with([Stall()], [CHUNKED, Wait(0.12), said("a", DONE) + LAST_CHUNK])
    response = await runner.stream_chat("wire/m", "Hi", first_content_s=0.2).collect()
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


async def test_an_answer_in_one_piece_is_not_awaited_in_bits(server: FaultServer) -> None:
    """Where a stream is made of a whole answer, its content comes when all of it has."""
    server.answer_with([Wait(0.2), head(200, "content-length: 1") + b"a"])
    async with Runner(providers={"wire": InOnePiece(server.url)}) as runner:
        stream = runner.stream_chat("wire/m", "Hi", first_content_s=SHORT_S, attempts=1)
        assert (await stream.collect()).text == "a"
