"""Requests on kept connections: the bytes of one, and how the head of its answer is taken."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from headwater import ConfigurationError, ProtocolError, Secret, StreamInterrupted
from headwater.wire.connections import _MAX_DESTINATIONS, Connections
from headwater.wire.http import HTTPTransport
from headwater.wire.transport import HTTPRequest

from .loopback import OK, Server, answered, fields


async def test_the_whole_path_is_asked_for(server: Server, transport: HTTPTransport) -> None:
    """With its query as it stands, and without what comes after a #."""
    await answered(transport, server.request("/v1/a%2Fb:c?alt=sse&key=a%26b&x=#part"))
    assert server.heads[0].splitlines()[0] == "GET /v1/a%2Fb:c?alt=sse&key=a%26b&x= HTTP/1.1"


async def test_an_address_without_a_path_has_the_shortest(
    server: Server, transport: HTTPTransport
) -> None:
    """A first line never lacks one."""
    await answered(transport, server.request(""))
    assert server.heads[0].splitlines()[0] == "GET / HTTP/1.1"


async def test_a_request_without_a_body_claims_none(
    server: Server, transport: HTTPTransport
) -> None:
    """It names its host with the port, wants nothing compressed, and has no length."""
    await answered(transport, server.request())
    sent = fields(server.heads[0])
    assert [value for name, value in sent if name == "host"] == [server.address]
    assert [value for name, value in sent if name == "accept-encoding"] == ["identity"]
    assert {"content-length", "transfer-encoding"}.isdisjoint(dict(sent))


@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 2**16, b"x" * 200_001], ids=len)
async def test_a_body_comes_whole(server: Server, transport: HTTPTransport, body: bytes) -> None:
    """With its length before it, whatever its size."""
    await answered(transport, server.request(body=body))
    assert ("content-length", str(len(body))) in fields(server.heads[0])
    assert server.bodies == [body]


@pytest.mark.parametrize(
    "name", ["accept", "Accept", "accept-encoding", "User-Agent", "host", "Host", "x-of-its-own"]
)
async def test_a_header_that_is_given_wins(
    server: Server, transport: HTTPTransport, name: str
) -> None:
    """In place of the usual one, however it is written, and none is sent twice."""
    await answered(transport, server.request(headers={name: "mine"}, body=b"{}"))
    sent = fields(server.heads[0])
    assert [value for known, value in sent if known == name.lower()] == ["mine"]
    assert len({known for known, _ in sent}) == len(sent)


@pytest.mark.parametrize("name", ["content-length", "Content-Length"])
async def test_the_length_is_that_of_the_body(
    server: Server, transport: HTTPTransport, name: str
) -> None:
    """Whatever was given: another one would make two requests of one."""
    await answered(transport, server.request(headers={name: "1"}, body=b"{}"))
    sent = fields(server.heads[0])
    assert [value for known, value in sent if known == "content-length"] == ["2"]
    assert server.bodies == [b"{}"]


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
async def test_where_a_request_ends_is_not_for_others_to_say(
    server: Server, transport: HTTPTransport, name: str
) -> None:
    """Not for one without a body either, whose successor would be taken for it."""
    for _ in range(2):
        await answered(transport, server.request(headers={name: "chunked"}))
    assert [name.lower() in dict(fields(head)) for head in server.heads] == [False, False]


async def test_a_post_of_nothing_says_so(server: Server, transport: HTTPTransport) -> None:
    """Some servers refuse one without a length."""
    await answered(transport, HTTPRequest("POST", server.request().url))
    assert dict(fields(server.heads[0]))["content-length"] == "0"


async def test_a_key_goes_out_in_clear(server: Server, transport: HTTPTransport) -> None:
    """On the wire, and nowhere else."""
    await answered(transport, server.request(headers={"authorization": Secret("sk-1").bearer()}))
    assert ("authorization", "Bearer sk-1") in fields(server.heads[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-a", "1\r\nx-b: 2"),
        ("x-a", "1\n"),
        ("x-a", "1\0"),
        ("x-a", "é"),
        ("x-a\r\nx-b", "1"),
        ("x-a: 1\r\nx-b", "2"),
        ("x a", "1"),
        ("x-é", "1"),
        ("", "1"),
        ("x-a\r\nx-b", Secret("sk-1")),
    ],
    ids=repr,
)
async def test_what_cannot_stand_in_a_header_is_not_sent(
    server: Server, transport: HTTPTransport, name: str, value: str | Secret
) -> None:
    """Nobody can put a header of his own, or a whole request, into a name or a value."""
    with pytest.raises(ConfigurationError, match="characters that no header may have"):
        await answered(transport, server.request(headers={name: value}))
    assert server.connections == 0


async def test_one_connection_serves_many(server: Server, transport: HTTPTransport) -> None:
    """One request after another."""
    for number in range(4):
        assert (await answered(transport, server.request(f"/{number}")))[1] == b"ok"
    assert (len(server.heads), server.connections) == (4, 1)


async def test_what_nobody_asked_for_is_no_answer(server: Server, transport: HTTPTransport) -> None:
    """A connection on which more came than was asked for is not used again."""
    server.answers = [OK, OK + b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother", OK]
    for _ in range(4):
        assert (await answered(transport, server.request()))[1] == b"ok"
    assert server.connections == 2


async def test_what_comes_late_is_no_answer(transport: HTTPTransport) -> None:
    """Nor is it where more came only after the connection had been given back."""
    connections = 0
    came, may_say = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)
            if connections == 1:
                await may_say.wait()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother")
                await writer.drain()
                came.set()
            await reader.read()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    request = HTTPRequest("GET", f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/")
    assert (await answered(transport, request))[1] == b"ok"
    may_say.set()
    await came.wait()
    await asyncio.sleep(0.01)  # from one socket to the other
    assert (await answered(transport, request))[1] == b"ok"
    assert connections == 2
    await transport.aclose()
    listening.close()


async def test_announcements_are_passed_over(server: Server, transport: HTTPTransport) -> None:
    """The answer is what comes after them."""
    announced = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    server.answers = [announced + OK]
    for _ in range(2):
        response, body = await answered(transport, server.request(body=b"{}"))
        assert (response.status, body, "link" in response.headers) == (200, b"ok", False)
    assert server.connections == 1


async def test_another_protocol_is_no_answer(server: Server, transport: HTTPTransport) -> None:
    """Nobody asked for one, and the connection does not stay."""
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"
    server.answers = [upgrade, OK]
    with pytest.raises(ProtocolError, match="expected HTTP"):
        await answered(transport, server.request())
    assert (await answered(transport, server.request()))[1] == b"ok"
    assert server.connections == 2


@pytest.mark.parametrize("kept", [0, 1], ids=["new", "kept"])
async def test_a_request_is_not_sent_again_once_all_is_closed(
    server: Server, transport: HTTPTransport, kept: int
) -> None:
    """Though its connection died, which was kept, and would be replaced."""
    server.answers = [OK] * kept + [b""]
    for _ in range(kept):
        await answered(transport, server.request())
    server.came.clear()
    sending = asyncio.ensure_future(answered(transport, server.request()))
    await server.came.wait()
    await transport.aclose()
    with pytest.raises(StreamInterrupted, match="closed the connection"):
        await sending
    assert (len(server.heads), server.connections) == (kept + 1, 1)


async def test_addresses_are_not_kept_without_an_end() -> None:
    """There may be a new one for each call."""
    connections = Connections(tls=True, proxy=None)
    for number in range(_MAX_DESTINATIONS * 2 + 1):
        target = connections._destination(f"https://h/{number}?x=1").target
        assert target == f"/{number}?x=1"
    assert len(connections._destinations) <= _MAX_DESTINATIONS
    assert connections._destination("https://h/a") is connections._destination("https://h/a")
    await connections.aclose()


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://h.test/v1?a=%26", "h.test"),
        ("http://h.test:80/", "h.test"),
        ("http://h.test:8080/v1", "h.test:8080"),
        ("http://[2001:db8::1]:8080/v1", "[2001:db8::1]:8080"),
        ("http://[2001:db8::1]/v1", "[2001:db8::1]"),
    ],
)
async def test_a_proxy_is_told_the_whole_address(server: Server, url: str, host: str) -> None:
    """In the first line, where the path alone would not do; the host stays the one behind it."""
    transport = HTTPTransport(proxy=f"http://{server.address}")
    for _ in range(2):
        assert (await answered(transport, HTTPRequest("GET", url)))[1] == b"ok"
    assert server.heads[0].splitlines()[0] == f"GET {url.replace(':80/', '/')} HTTP/1.1"
    assert dict(fields(server.heads[0]))["host"] == host
    assert server.connections == 1
    await transport.aclose()
