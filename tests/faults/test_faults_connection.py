"""Connections: made, used again, replaced where they died, closed where they must be."""

from __future__ import annotations

import asyncio

import pytest

from headwater import (
    ConnectFailed,
    HeadwaterError,
    Runner,
    StreamInterrupted,
)
from headwater.middleware import Retry, Timeout
from headwater.testing.fault_server import LAST_CHUNK, FaultServer, Reset, Step, Wait

from .provider import Wire
from .wire import CHUNKED, DONE, head, refusal, said, whole

RETRIED = (408, 409, 425, 429, 500, 502, 503, 504, 520, 529)
NOT_RETRIED = (400, 401, 402, 403, 404, 405, 413, 415, 422)


async def test_a_refused_connection_is_tried_again(waits: list[float]) -> None:
    """Nobody listens: three attempts, then an error that says where."""

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    layers = (Retry(sleep=sleep), Timeout())
    providers = {"wire": Wire("http://127.0.0.1:1")}
    async with Runner(providers=providers, middleware=layers) as runner:
        with pytest.raises(
            ConnectFailed, match=r"cannot connect to http://127\.0\.0\.1:1"
        ) as caught:
            await runner.chat("wire/m", "Hi")
    assert (caught.value.attempts, len(waits)) == (3, 2)


async def test_a_name_without_an_address_is_named() -> None:
    """A host that does not exist is an error that says so."""
    async with Runner(providers={"wire": Wire("https://no-such-host.invalid")}) as runner:
        with pytest.raises(ConnectFailed, match="no address is known"):
            await runner.chat("wire/m", "Hi", attempts=1)


@pytest.mark.slow
async def test_the_error_body_is_not_waited_for(runner: Runner, server: FaultServer) -> None:
    """A refusal whose body stalls keeps its status."""
    started_at = asyncio.get_running_loop().time()
    server.answer_with([head(401, "content-length: 9") + b"half", Wait(30)])
    with pytest.raises(HeadwaterError) as caught:
        await runner.chat("wire/m", "Hi")
    waited_s = asyncio.get_running_loop().time() - started_at
    assert (caught.value.status, waited_s < 2) == (401, True)


async def test_a_huge_error_body_keeps_its_status(runner: Runner, server: FaultServer) -> None:
    """A refusal with an endless body is cut at the limit, and its status kept."""
    server.answer_with(refusal(400, body=b"y" * 2**20))
    with pytest.raises(HeadwaterError) as caught:
        await runner.chat("wire/m", "Hi")
    assert (caught.value.status, len(caught.value.message)) == (400, 500)


async def test_a_stale_connection_is_replaced_for_nothing(
    runner: Runner, server: FaultServer, waits: list[float]
) -> None:
    """A pooled connection that dies as it is reused is replaced, and no attempt is counted."""
    server.answer_with(whole("a"), [Reset()], whole("b"))
    await runner.chat("wire/m", "Hi")
    stream = runner.stream_chat("wire/m", "Hi")
    response = await stream.collect()
    assert (response.text, stream.metrics.attempts, waits) == ("b", 1, [])


async def test_a_fresh_connection_that_dies_is_an_attempt(
    runner: Runner, server: FaultServer
) -> None:
    """Only a reused connection is replaced for nothing."""
    server.answer_with([Reset()])
    with pytest.raises(StreamInterrupted) as caught:
        await runner.chat("wire/m", "Hi")
    assert (caught.value.attempts, len(server.requests)) == (3, 3)


async def test_a_complete_stream_gives_its_connection_back(
    runner: Runner, server: FaultServer
) -> None:
    """Calls one after another use one connection."""
    for _ in range(3):
        await runner.stream_chat("wire/m", "Hi").collect()
    assert (len(server.requests), len(server.connections)) == (3, 1)


async def test_what_follows_the_end_mark_at_once_is_drained(
    runner: Runner, server: FaultServer
) -> None:
    """A body that ends a little after its mark gives its connection back all the same."""
    late: list[Step] = [Wait(0.01), said("more"), Wait(0.01), LAST_CHUNK]
    server.answer_with([CHUNKED + said("a", DONE), *late], whole("b"))
    for _ in range(2):
        await runner.stream_chat("wire/m", "Hi").collect()
    assert len(server.connections) == 1


async def test_a_late_end_of_the_body_costs_the_connection_and_no_time(
    runner: Runner, server: FaultServer
) -> None:
    """After the end mark a server that keeps the connection open is left."""
    server.answer_with([CHUNKED + said("a", DONE), Wait(30)])
    started_at = asyncio.get_running_loop().time()
    await runner.stream_chat("wire/m", "Hi").collect()
    assert asyncio.get_running_loop().time() - started_at < 0.5
    assert await server.end_seen_s(started_at) < 0.5
