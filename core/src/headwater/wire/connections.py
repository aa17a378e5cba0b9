"""Connections that are kept for further requests, and sending a request on one of them.

Over aiohttp's connector, which opens, encrypts, keeps and closes connections, and its parser of
HTTP. Its session is left out: what that does for redirects, cookies, forms, traces and credentials
costs half of the CPU time of a whole call, and no request to a provider wants any of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

import aiohttp
import attrs
from aiohttp.http import HttpProcessingError
from yarl import URL

from ..secret import Secret
from .exchange import Exchange, close_connection

if TYPE_CHECKING:
    import ssl

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.http_parser import RawResponseMessage

    from .transport import HTTPRequest

__all__ = ["Connections"]

READ_BYTES: Final = 2**16  # twice as much waits to be read at most, then the server is held back
RECEIVE_BYTES: Final = 120 * 2**10
# They say where a request ends, which is not for others to say.
_ENDS: Final = frozenset({"content-length", "transfer-encoding"})
_MAX_DESTINATIONS: Final = 256
_MAX_UNSEEN_BYTES: Final = 2**16  # what asyncio holds under TLS before it lets the rest wait
_NO_TIMEOUT: Final = aiohttp.ClientTimeout(
    total=None, connect=None, sock_connect=None, sock_read=None
)


@attrs.frozen
class _Destination:
    """Where requests to an address go.

    Attributes:
        asked: What a connector wants to know of a request; it is never sent.
        target: What stands in the request's first line.
        usual: The headers of every request there, unless it has its own.
        lines: The same, as they are sent.
    """

    asked: aiohttp.ClientRequest
    target: str
    usual: Mapping[str, str]
    lines: str


class Connections:
    """Hold the connections of the event loop and the process that made it.

    Args:
        tls: Which certificates to trust; True: the system's.
        proxy: Address of an HTTP proxy.
    """

    def __init__(self, tls: ssl.SSLContext | bool, proxy: str | None) -> None:
        self._connector = aiohttp.TCPConnector(limit=0, ssl=tls)
        self._proxy = None if proxy is None else URL(proxy)
        self._used: WeakSet[ResponseHandler] = WeakSet()
        self._open: set[Exchange] = set()
        self._destinations: dict[str, _Destination] = {}

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._connector.closed

    async def aclose(self) -> None:
        """Close all connections; who reads on one is told."""
        for exchange in list(self._open):
            exchange.close()
        await self._connector.close()

    async def exchange(self, request: HTTPRequest, max_bytes: int) -> Exchange:
        """Send a request, and wait for status and headers.

        Where a kept connection turns out to be dead, the request goes out again on another.

        Args:
            request: The request.
            max_bytes: Bytes of the answer's body, decompressed.

        Raises:
            aiohttp.ClientError, HttpProcessingError, OSError, ValueError: There is no
                answer, or none that is HTTP.
        """
        destination = self._destination(request.url)
        while True:
            connection = await self._connector.connect(destination.asked, [], _NO_TIMEOUT)
            protocol = connection.protocol
            was_used = protocol in self._used
            if request.call is not None:
                request.call.sent()
            try:
                if protocol is None or protocol.transport is None or _is_spoilt(protocol, was_used):
                    raise aiohttp.ServerDisconnectedError
                if not was_used:
                    self._used.add(protocol)
                    _receive_less(protocol.transport)
                protocol.set_response_params(read_until_eof=True, read_bufsize=READ_BYTES)
                _send(protocol.transport, destination, request)
                message, content = await _answer(protocol)
                if self.is_closed:  # while the answer was on its way
                    raise aiohttp.ClientConnectionError("closed")
                return Exchange(message, content, connection, self._open, request.url, max_bytes)
            except BaseException as error:
                close_connection(connection)
                is_dead = was_used and isinstance(error, aiohttp.ClientConnectionError)
                if not is_dead or self.is_closed:
                    raise

    def _destination(self, url: str) -> _Destination:
        known = self._destinations.get(url)
        if known is None:
            if len(self._destinations) >= _MAX_DESTINATIONS:
                self._destinations.clear()
            known = self._destinations[url] = self._new_destination(URL(url))
        return known

    def _new_destination(self, url: URL) -> _Destination:
        asked = aiohttp.ClientRequest(
            "GET", url, proxy=self._proxy, loop=asyncio.get_running_loop()
        )
        usual = {name.lower(): value for name, value in asked.headers.items()}
        usual["accept-encoding"] = "identity"  # compression comes in blocks, late
        is_relayed = self._proxy is not None and url.scheme == "http"
        target = str(asked.url) if is_relayed else url.raw_path_qs
        return _Destination(asked, target, usual, _lines(usual))


def _is_spoilt(protocol: ResponseHandler, was_used: bool) -> bool:
    """Tell whether something came that nobody asked for, which would pass for the answer."""
    return was_used and protocol.should_close


def _receive_less(transport: asyncio.Transport) -> None:
    """Have asyncio, which asks for 256 KiB, ask for what glibc has at hand.

    For more it maps pages and gives them back with each read, which doubles the price of a token
    that comes alone.
    """
    if hasattr(transport, "max_size"):
        transport.max_size = RECEIVE_BYTES


def _send(transport: asyncio.Transport, destination: _Destination, request: HTTPRequest) -> None:
    """Write a request; no variable holds a key in clear: there are tracebacks that print them."""
    body = request.body or b""
    if len(body) <= _MAX_UNSEEN_BYTES:
        transport.write(_head(destination, request) + body)
    else:
        transport.write(_head(destination, request))
        transport.write(memoryview(body)[:-1])
        transport.write(body[-1:])  # waits where the exchange sees it, over TLS too


def _head(destination: _Destination, request: HTTPRequest) -> bytes:
    own = {n: value for name, value in request.headers.items() if (n := name.lower()) not in _ENDS}
    if request.body is not None or request.method == "POST":
        own["content-length"] = str(len(request.body or b""))
    usual = destination.lines
    if not destination.usual.keys().isdisjoint(own):
        usual = _lines({n: value for n, value in destination.usual.items() if n not in own})
    first = f"{request.method} {destination.target} HTTP/1.1\r\n"
    return f"{first}{usual}{_lines(own)}\r\n".encode("ascii")


def _lines(headers: Mapping[str, str | Secret]) -> str:
    return "".join([f"{name}: {_in_clear(value)}\r\n" for name, value in headers.items()])


def _in_clear(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


async def _answer(protocol: ResponseHandler) -> tuple[RawResponseMessage, aiohttp.StreamReader]:
    """Wait for the head of the answer, past those that only announce it."""
    while True:
        message, content = await protocol.read()
        if message.code == 101:
            raise HttpProcessingError(code=101, message="nobody asked to switch protocols")
        if message.code >= 200:
            return message, content
