"""The body of an answer: read as it comes, to its end or not."""

from __future__ import annotations

import asyncio
import zlib

import pytest

from headwater import ServerError, StreamInterrupted
from headwater.wire.http import HTTPTransport

from .loopback import Server, answered


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_an_answer_may_have_no_body(
    server: Server, transport: HTTPTransport, status: bytes
) -> None:
    """It ends with its head, and its connection is kept."""
    server.answers = [b"HTTP/1.1 " + status + b"\r\n\r\n"]
    for _ in range(2):
        response, body = await answered(transport, server.request())
        assert (response.status, body) == (int(status[:3]), b"")
    assert server.connections == 1


async def test_an_answer_without_a_length_lasts_to_the_end(
    server: Server, transport: HTTPTransport
) -> None:
    """The connection's, which is all that says so in HTTP/1.0."""
    server.ends = True
    server.answers = [b"HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nto the end"]
    for _ in range(2):
        assert (await answered(transport, server.request()))[1] == b"to the end"
    assert server.connections == 2


async def test_what_is_compressed_all_the_same_is_read(
    server: Server, transport: HTTPTransport
) -> None:
    """Nobody asked for it."""
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(b"text " * 100) + packer.flush()
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(packed)}\r\n\r\n"
    server.answers = [head.encode() + packed]
    assert (await answered(transport, server.request()))[1] == b"text " * 100


@pytest.mark.parametrize("can_take", [True, False], ids=["joined", "piece by piece"])
@pytest.mark.parametrize(("size", "count"), [(10, 20_000), (2**14, 100)], ids=["small", "large"])
async def test_a_body_of_many_chunks_comes_whole(
    server: Server,
    transport: HTTPTransport,
    monkeypatch: pytest.MonkeyPatch,
    can_take: bool,
    size: int,
    count: int,
) -> None:
    """More of them than may wait to be read, so that the server is held back, and let go again."""
    monkeypatch.setattr("headwater.wire.exchange._CAN_TAKE", can_take)
    pieces = [b"%0*d" % (size, number) for number in range(count)]
    body = b"".join(b"%x\r\n%s\r\n" % (size, piece) for piece in pieces)
    server.answers = [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"
    ]
    for _ in range(2):
        assert (await answered(transport, server.request()))[1] == b"".join(pieces)
    assert server.connections == 1


async def test_what_has_come_is_given_at_once(server: Server, transport: HTTPTransport) -> None:
    """However many pieces it came in."""
    server.answers = [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        b"1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n"
    ]
    async with transport.send(server.request(), errors=lambda *_: ServerError("x")) as response:
        assert [await response.read_chunk() for _ in range(3)] == [b"abc", b"", b""]


async def test_two_cannot_read_one_answer(server: Server, transport: HTTPTransport) -> None:
    """That is a mistake in the code that does it, and says so."""
    server.answers = [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n"]
    async with transport.send(server.request(), errors=lambda *_: ServerError("x")) as response:
        reading = asyncio.ensure_future(response.read_chunk())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another coroutine"):
            await response.read_chunk()
        response.close()
        with pytest.raises(StreamInterrupted):
            await reading


async def test_of_headers_of_one_name_the_last_counts(
    server: Server, transport: HTTPTransport
) -> None:
    """Whatever the letters it is written in."""
    server.answers = [b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\ncontent-length: 0\r\n\r\n"]
    assert (await answered(transport, server.request()))[0].headers["x-a"] == "2"


async def test_an_answer_that_is_closed_ends_its_reading(
    server: Server, transport: HTTPTransport
) -> None:
    """Who waits for the rest is told, and to close it once more does nothing."""
    server.answers = [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"]
    async with transport.send(server.request(), errors=lambda *_: ServerError("x")) as response:
        assert await response.read_chunk() == b"ok"
        reading = asyncio.ensure_future(response.read_chunk())
        await asyncio.sleep(0)
        response.close()
        response.close()
        with pytest.raises(StreamInterrupted, match="broke in the middle"):
            await reading


async def test_who_reads_is_told_when_all_is_closed(
    server: Server, transport: HTTPTransport
) -> None:
    """Nothing more can come."""
    server.answers = [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"]
    async with transport.send(server.request(), errors=lambda *_: ServerError("x")) as response:
        assert await response.read_chunk() == b"ok"
        reading = asyncio.ensure_future(response.read_chunk())
        await asyncio.sleep(0)
        await transport.aclose()
        with pytest.raises(StreamInterrupted, match="broke in the middle"):
            await reading
