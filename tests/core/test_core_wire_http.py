"""The transport over aiohttp: what needs no server to be seen."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from headwater import (
    ConfigurationError,
    ConnectFailed,
    HeadwaterError,
    ServerError,
    StreamInterrupted,
)
from headwater.wire.http import HTTPTransport, _as_ours
from headwater.wire.transport import HTTPRequest

REQUEST = HTTPRequest("POST", "https://h/v1?key=secret")
KEY = cast("Any", SimpleNamespace(host="h", port=1, ssl=True, is_ssl=True))


@pytest.mark.parametrize(
    ("error", "kind", "is_retryable"),
    [
        (
            aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(socket.EAI_AGAIN, "later")),
            ConnectFailed,
            True,
        ),
        (
            aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(socket.EAI_NONAME, "no")),
            ConnectFailed,
            False,
        ),
        (
            aiohttp.ClientConnectorError(KEY, OSError(errno.ECONNREFUSED, "refused")),
            ConnectFailed,
            True,
        ),
        (aiohttp.ClientProxyConnectionError(KEY, OSError("no")), ConnectFailed, True),
        (aiohttp.ServerDisconnectedError(), StreamInterrupted, True),
        (ConnectionResetError(), StreamInterrupted, True),
        (aiohttp.InvalidURL("x"), ConfigurationError, False),
        (ValueError("x"), ConfigurationError, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_aiohttp_raises_becomes_ours(
    error: Exception, kind: type[HeadwaterError], is_retryable: bool
) -> None:
    """Each with its own class, whether it may pass, and the address without its query."""
    ours = _as_ours(error, REQUEST)
    assert (type(ours), ours.is_retryable) == (kind, is_retryable)
    assert ("https://h/v1" in str(ours), "secret" in str(ours)) == (True, False)


@pytest.mark.parametrize("proxy", ["proxy:8080", "http://user:pass@proxy"])
def test_a_proxy_that_cannot_be_used_is_refused_at_once(proxy: str) -> None:
    """A setting is checked when it is made."""
    with pytest.raises(ConfigurationError):
        HTTPTransport(proxy=proxy)


async def test_a_request_without_a_listener_is_sent_all_the_same() -> None:
    """Who sends without asking when it went out is not told."""
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = HTTPTransport()
    request = HTTPRequest("GET", f"http://127.0.0.1:{port}/")
    async with transport.send(request, errors=lambda *_: ServerError("x")) as response:
        assert response.status == 204
    await transport.aclose()
    server.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
    writer.close()


async def test_a_transport_waits() -> None:
    """For what is no HTTP, as any transport does."""
    assert await HTTPTransport().wait(asyncio.sleep(0, "done")) == "done"


async def test_connections_of_the_process_that_forked_us_are_left_alone() -> None:
    """To close them would be to say goodbye in the parent's name."""
    transport = HTTPTransport()
    connections = await transport._connections_here()
    transport._owner = (asyncio.get_running_loop(), os.getpid() + 1)
    await transport.aclose()
    assert not connections.is_closed
    await connections.aclose()


async def test_a_transport_that_sent_nothing_closes_nothing() -> None:
    """Any number of times."""
    transport = HTTPTransport()
    await transport.aclose()
    await transport.aclose()
