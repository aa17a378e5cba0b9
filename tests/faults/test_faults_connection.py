"""Connections: made, used again, replaced where they died, closed where they must be."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from pathlib import Path

import pytest

from headwater import (
    ConnectFailed,
    Runner,
)
from headwater.testing.fault_server import LAST_CHUNK, FaultServer, Wait
from headwater.wire.http import HTTPTransport

from .provider import Wire
from .wire import CHUNKED, DONE, said

CERTIFICATE = Path(__file__).parent / "localhost.pem"


async def test_a_name_without_an_address_is_named() -> None:
    """A host that does not exist is an error that says so."""
    async with Runner(providers={"wire": Wire("https://no-such-host.invalid")}) as runner:
        with pytest.raises(ConnectFailed, match="no address is known"):
            await runner.chat("wire/m", "Hi", attempts=1)


async def test_what_trails_an_answer_does_not_cost_its_connection(
    runner: Runner, server: FaultServer
) -> None:
    """The little that comes after the end mark is read, so that the next call needs no new one."""
    server.answer_with([CHUNKED + said("a", DONE), Wait(0.005), LAST_CHUNK])
    for _ in range(3):
        await runner.stream_chat("wire/m", "Hi").collect()
    assert len(server.connections) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_connection_whose_request_was_not_sent_whole_is_not_kept(scheme: str) -> None:
    """A server may answer when it has read the head alone; the next call must not wait behind."""
    size_bytes = 30 * 2**20
    read_bytes: list[int] = []
    heads = 0
    may_read, was_read = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heads
        heads += 1
        is_first = heads == 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED + said("a", DONE) + LAST_CHUNK)
        if is_first:
            await may_read.wait()
        count = 0
        with suppress(ConnectionError):
            while piece := await reader.read(2**16):
                count += len(piece)
        read_bytes.append(count)
        was_read.set()
        writer.close()

    tls = None
    if scheme == "https":
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(CERTIFICATE)
    listening = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**10, ssl=tls)
    url = f"{scheme}://localhost:{listening.sockets[0].getsockname()[1]}"
    transport = HTTPTransport(ca_file=CERTIFICATE)
    async with Runner(providers={"wire": Wire(url)}, transport=transport) as runner:
        async with asyncio.timeout(5):
            for prompt in ("x" * size_bytes, "Hi"):
                assert (await runner.chat("wire/m", prompt)).text == "a"
        assert heads == 2
        may_read.set()
        async with asyncio.timeout(5):
            await was_read.wait()
        assert read_bytes[0] < size_bytes, "what was left of the request was sent all the same"
    await transport.aclose()
    listening.close()
