"""Answers played back in place of the network."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from headwater import HeadwaterError, InvalidRequest, ServerError, StreamInterrupted
from headwater.testing import Pause, ReplayTransport, Reply
from headwater.wire.transport import HTTPRequest

REQUEST = HTTPRequest.post_json("https://server.test/chat", {"question": 1})


def refuse(status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
    """Make an error, which the transport beneath an attempt leaves to that."""
    return ServerError("it failed", status=status)


async def read(transport: ReplayTransport, request: HTTPRequest = REQUEST) -> list[bytes]:
    """Read the chunks of a reply."""
    chunks = []
    async with transport.send(request, errors=refuse) as response:
        while chunk := await response.read_chunk():
            chunks.append(chunk)
    return chunks


async def test_chunks_come_as_they_are_given() -> None:
    """Each step is a chunk; an empty one says nothing, and not that the body ends."""
    transport = ReplayTransport(Reply([b"a", b"", b"bc"]))
    assert await read(transport) == [b"a", b"bc"]
    (exchange,) = transport.exchanges
    assert (exchange.chunks_read, exchange.is_closed, exchange.sent) == (2, True, {"question": 1})


async def test_replies_are_played_in_turn() -> None:
    """The last one is for all that follow."""
    transport = ReplayTransport(Reply(b"one"), Reply(b"two"))
    assert [await read(transport) for _ in range(3)] == [[b"one"], [b"two"], [b"two"]]
    assert [request.url for request in transport.requests] == [REQUEST.url] * 3


async def test_a_reply_may_depend_on_the_request() -> None:
    """A function chooses."""
    transport = ReplayTransport(choose=lambda request: Reply(request.method.encode()))
    assert await read(transport) == [b"POST"]
    assert await read(transport, HTTPRequest("GET", "https://server.test/models")) == [b"GET"]
    assert transport.exchanges[1].sent is None


async def test_nothing_to_answer_with_is_said() -> None:
    """A transport without a reply names the request that it cannot answer."""
    with pytest.raises(InvalidRequest, match="nothing was given to answer POST https://server"):
        await read(ReplayTransport())


async def test_status_and_headers_are_given() -> None:
    """Names of headers are compared in lower case."""
    transport = ReplayTransport(Reply(b"no", status=429, headers={"Retry-After": "7"}))
    async with transport.send(REQUEST, errors=refuse) as response:
        assert (response.status, response.headers["retry-after"]) == (429, "7")


async def test_a_network_may_fail() -> None:
    """An error among the steps is raised where it stands."""
    transport = ReplayTransport(Reply([b"a", StreamInterrupted("reset")]))
    async with transport.send(REQUEST, errors=refuse) as response:
        assert await response.read_chunk() == b"a"
        with pytest.raises(StreamInterrupted, match="reset"):
            await response.read_chunk()


async def test_a_pause_is_waited_for() -> None:
    """A pause of a while is over by itself."""
    assert await read(ReplayTransport(Reply([b"a", Pause(0.001), b"b"]))) == [b"a", b"b"]


async def test_a_pause_without_end_is_ended_by_closing() -> None:
    """Who waits for more gets an error when the connection is closed, and so does who asks."""
    transport = ReplayTransport(Reply([Pause()]))
    async with transport.send(REQUEST, errors=refuse) as response:
        reading = asyncio.ensure_future(response.read_chunk())
        await transport.paused.wait()
        response.close()
        with pytest.raises(StreamInterrupted, match="while its reply was awaited"):
            await reading
        with pytest.raises(StreamInterrupted, match="is closed"):
            await response.read_chunk()
    assert not transport.paused.is_set()


async def test_what_is_no_http_is_just_awaited() -> None:
    """A plugin may wait through it."""
    assert await ReplayTransport().wait(asyncio.sleep(0, "done")) == "done"
