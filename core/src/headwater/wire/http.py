"""The transport over aiohttp: the only place that sees a socket."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Collection
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from types import TracebackType
from typing import Final, TypeVar

import aiohttp
from aiohttp.http import HttpProcessingError

from ..errors import (
    ConfigurationError,
    ConnectFailed,
    HeadwaterError,
    ProtocolError,
    StreamInterrupted,
    printable,
)
from ..secret import Secret
from .connections import Connections
from .exchange import Exchange
from .transport import HTTPRequest, ReadError, Response
from .url import allowed_hosts, check_address, check_secrecy, without_query

__all__ = ["HTTPTransport"]

T = TypeVar("T")

CLOSE_S: Final = 1.0
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2


class HTTPTransport:
    """Send requests over HTTP, one pool of connections for a runner.

    No redirect is followed, no cookie kept, no proxy or netrc taken from the environment; TLS is
    always verified. Made without a loop; its connections belong to the loop and the process that
    first send with it, and another loop or a forked process gets its own.

    Args:
        ca_file: Certificates to trust in place of the system's, in PEM.
        proxy: Address of an HTTP proxy.
        max_answer_bytes: Bytes of one answer, decompressed.
        allow_http: Hosts to which a key may go over plain http; None: those in
            HEADWATER_ALLOW_HTTP, separated by commas. This machine is always allowed.

    Raises:
        ConfigurationError: The proxy's address cannot be used.
    """

    def __init__(
        self,
        *,
        ca_file: str | os.PathLike[str] | None = None,
        proxy: str | None = None,
        max_answer_bytes: int = 64 * 2**20,
        allow_http: Collection[str] | None = None,
    ) -> None:
        if proxy is not None:
            check_address(proxy)
        self._ca_file = ca_file
        self._proxy = proxy
        self.max_answer_bytes = max_answer_bytes
        self._allow_http = allowed_hosts() if allow_http is None else frozenset(allow_http)
        self._connections: Connections | None = None
        self._owner: tuple[asyncio.AbstractEventLoop, int] | None = (
            None  # the loop and the process of the connections
        )

    def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AbstractAsyncContextManager[Response]:
        """Send a request; see `Transport.send`. The runner makes the errors of statuses."""
        return _Sending(self, request)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait for something that is no HTTP."""
        return await awaitable

    async def aclose(self) -> None:
        """Close all connections."""
        connections, self._connections = self._connections, None
        if connections is not None:
            await self._let_go(connections)

    async def open(self, request: HTTPRequest) -> Exchange:
        """Send, and wait for status and headers; a kept connection that died is replaced.

        Raises:
            HeadwaterError: The request cannot be sent, or there is no answer.
        """
        self._check(request)
        connections = await self._connections_here()
        try:
            return await connections.exchange(request, self.max_answer_bytes)
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
            raise _as_ours(error, request) from None

    def _check(self, request: HTTPRequest) -> None:
        check_address(request.url)
        for name, value in request.headers.items():
            if isinstance(value, Secret):
                check_secrecy(request.url, self._allow_http)
                _check_header(name, "")  # what a key may hold was seen to as it was made
            else:
                _check_header(name, value)

    async def _connections_here(self) -> Connections:
        owner = _owner()
        if self._connections is not None and self._owner != owner:
            await self.aclose()
        if self._connections is None or self._connections.is_closed:
            self._connections = Connections(self._tls(), self._proxy)
            self._owner = owner
        return self._connections

    def _tls(self) -> ssl.SSLContext | bool:
        if self._ca_file is None:
            return True
        try:
            return ssl.create_default_context(cafile=os.fspath(self._ca_file))
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"cannot read certificates from ca_file {os.fspath(self._ca_file)!r}: {error}"
            ) from None

    async def _let_go(self, connections: Connections) -> None:
        """Close connections as far as they are ours: of this process, and of no running loop.

        Of a loop that is closed there is nothing left to close, and aiohttp does so in silence.
        """
        loop, process = self._owner or _owner()
        if process != os.getpid():
            _LEFT_TO_THE_PARENT.append(connections)
        elif loop is asyncio.get_running_loop() or loop.is_closed():
            async with asyncio.timeout(CLOSE_S):
                await connections.aclose()


_LEFT_TO_THE_PARENT: Final[list[object]] = []  # to drop one would say goodbye in the parent's name


@lru_cache
def _check_header(name: str, value: str) -> None:
    if not (value.isprintable() and value.isascii() and _NAME.fullmatch(name)):
        raise ConfigurationError(
            f"the header {printable(name)!r} holds characters that no header may have"
        )


def _owner() -> tuple[asyncio.AbstractEventLoop, int]:
    return asyncio.get_running_loop(), os.getpid()


class _Sending:
    """One request: its connection is given back, or closed, as the context is left."""

    __slots__ = ("_exchange", "_request", "_transport")

    def __init__(self, transport: HTTPTransport, request: HTTPRequest) -> None:
        self._transport = transport
        self._request = request

    async def __aenter__(self) -> Response:
        self._exchange = exchange = await self._transport.open(self._request)
        return Response(exchange.status, exchange.headers, exchange.read, close=exchange.close)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                await self._exchange.drain()
        finally:
            self._exchange.close()  # a body that has ended has given its connection back before


def _as_ours(error: Exception, request: HTTPRequest) -> HeadwaterError:
    """Turn what aiohttp raised before there was a response into an error of ours.

    The cause is not kept: some of aiohttp's exceptions hold the request's headers.
    """
    where = without_query(request.url)
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return ConnectFailed(
                f"the certificate of {where} is not to be trusted; for a certificate of your own "
                "give HTTPTransport a ca_file",
                is_retryable=False,
            )
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return ConnectFailed(f"the proxy on the way to {where} cannot be used")
        case aiohttp.ClientConnectorDNSError(os_error=os_error):
            is_temporary = os_error.errno == socket.EAI_AGAIN
            return ConnectFailed(f"no address is known for {where}", is_retryable=is_temporary)
        case aiohttp.ClientConnectorError(os_error=os_error):
            is_tls = isinstance(os_error, ssl.SSLError)
            return ConnectFailed(
                f"cannot connect to {where}: {os_error.strerror or type(os_error).__name__}",
                is_retryable=not is_tls,
            )
        case aiohttp.InvalidURL() | ValueError():
            return ConfigurationError(f"the address {where!r} cannot be used")
        case HttpProcessingError():
            return ProtocolError(f"expected HTTP from {where}, got something else")
        case _:
            return StreamInterrupted(
                f"{where} closed the connection before it answered ({type(error).__name__})"
            )
