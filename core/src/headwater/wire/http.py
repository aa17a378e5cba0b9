"""The transport over aiohttp: the only place that sees a socket."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Collection
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Final, TypeVar

import aiohttp
import attrs

from ..errors import (
    ConfigurationError,
    ConnectFailed,
    HeadwaterError,
    ProtocolError,
    StreamInterrupted,
)
from ..secret import Secret
from .transport import HTTPRequest, ReadError, Response
from .url import allowed_hosts, check_address, check_secrecy, without_query

__all__ = ["HTTPTransport"]

T = TypeVar("T")

DRAIN_S: Final = 0.05
DRAIN_BYTES: Final = 64 * 2**10
CLOSE_S: Final = 1.0


@attrs.define(eq=False)
class _Connection:
    """What aiohttp's traces tell of the connection that a request got."""

    request: HTTPRequest
    was_reused: bool = False

    def stands(self, *, was_reused: bool) -> None:
        self.was_reused = was_reused
        if self.request.on_sent is not None:
            self.request.on_sent()


class HTTPTransport:
    """Send requests over HTTP, one pool of connections for a runner.

    No redirect is followed, no cookie kept, no proxy or netrc taken from the environment; TLS is
    always verified. Made without a loop; its session belongs to the loop and the process that first
    send with it, and another loop or a forked process gets a fresh one.

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
        self._max_answer_bytes = max_answer_bytes
        self._allow_http = allowed_hosts() if allow_http is None else frozenset(allow_http)
        self._session: aiohttp.ClientSession | None = None
        self._owner: tuple[asyncio.AbstractEventLoop, int] | None = (
            None  # the loop and the process of the session
        )

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Send a request; see `Transport.send`. The runner makes the errors of statuses."""
        self._check(request)
        raw = await self._open(request)
        body = _Body(raw, request, self._max_answer_bytes)
        try:
            lowered = {name.lower(): value for name, value in raw.headers.items()}
            yield Response(raw.status, lowered, body.read_chunk, close=raw.close)
            await body.drain()
        finally:
            raw.close()  # at once; a body that has ended has given its connection back before

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait for something that is no HTTP."""
        return await awaitable

    async def aclose(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await self._let_go(session)

    def _check(self, request: HTTPRequest) -> None:
        check_address(request.url)
        for name, value in request.headers.items():
            if isinstance(value, Secret):
                check_secrecy(request.url, self._allow_http)
            elif not value.isprintable() or not value.isascii():
                raise ConfigurationError(
                    f"the header {name!r} holds characters that no header may have"
                )

    async def _open(self, request: HTTPRequest) -> aiohttp.ClientResponse:
        """Send, and wait for status and headers; a pooled connection that died is replaced.

        No variable holds a key in clear: there are tracebacks that print variables.
        """
        while True:
            connection = _Connection(request)
            try:
                session = await self._session_here()
                return await session.request(
                    request.method,
                    request.url,
                    data=request.body,
                    headers={name: _in_clear(value) for name, value in request.headers.items()},
                    allow_redirects=False,
                    proxy=self._proxy,
                    trace_request_ctx=connection,
                )
            except aiohttp.ClientConnectionError as error:
                if isinstance(error, aiohttp.ClientConnectorError) or not connection.was_reused:
                    raise _as_ours(error, request) from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise _as_ours(error, request) from None

    async def _session_here(self) -> aiohttp.ClientSession:
        owner = _owner()
        if self._session is not None and self._owner != owner:
            await self.aclose()
        if self._session is None or self._session.closed:
            self._session = self._new_session()
            self._owner = owner
        return self._session

    def _new_session(self) -> aiohttp.ClientSession:
        traces = aiohttp.TraceConfig()
        traces.on_connection_create_end.append(_on_created)
        traces.on_connection_reuseconn.append(_on_reused)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._ssl()),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None),
            trace_configs=[traces],
            trust_env=False,
            headers={"accept-encoding": "identity"},  # compression comes in blocks, late
        )

    def _ssl(self) -> ssl.SSLContext | bool:
        if self._ca_file is None:
            return True
        try:
            return ssl.create_default_context(cafile=os.fspath(self._ca_file))
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"cannot read certificates from ca_file {os.fspath(self._ca_file)!r}: {error}"
            ) from None

    async def _let_go(self, session: aiohttp.ClientSession) -> None:
        """Close a session, as far as it is ours to close: of this process, and of no running loop.

        Of a loop that is closed there is nothing left to close, and aiohttp does so in silence.
        """
        loop, process = self._owner or _owner()
        if process != os.getpid():
            _LEFT_TO_THE_PARENT.append(session.connector)
            session.detach()
        elif loop is asyncio.get_running_loop() or loop.is_closed():
            async with asyncio.timeout(CLOSE_S):
                await session.close()
        else:
            session.detach()


_LEFT_TO_THE_PARENT: Final[list[object]] = []  # to drop one would say goodbye in the parent's name


def _in_clear(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _owner() -> tuple[asyncio.AbstractEventLoop, int]:
    return asyncio.get_running_loop(), os.getpid()


async def _on_created(_session: object, context: SimpleNamespace, _facts: object) -> None:
    context.trace_request_ctx.stands(was_reused=False)


async def _on_reused(_session: object, context: SimpleNamespace, _facts: object) -> None:
    context.trace_request_ctx.stands(was_reused=True)


class _Body:
    """The body of a response, counted, with errors of ours."""

    def __init__(self, raw: aiohttp.ClientResponse, request: HTTPRequest, max_bytes: int) -> None:
        self._content = raw.content
        self._request = request
        self._max_bytes = max_bytes
        self._taken = 0

    async def read_chunk(self) -> bytes:
        try:
            chunk = await self._content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise StreamInterrupted(
                f"the connection to {without_query(self._request.url)} broke in the middle of the "
                f"answer ({type(error).__name__})"
            ) from None
        self._taken += len(chunk)
        if self._taken > self._max_bytes:
            raise ProtocolError(
                f"the answer is larger than {self._max_bytes} bytes; if that is what you expect, "
                "raise max_answer_bytes of HTTPTransport"
            )
        return chunk

    async def drain(self) -> None:
        """Read the little that may be left, so that the connection can be used again."""
        if self._content.at_eof():
            return
        limit = self._taken + DRAIN_BYTES
        try:
            async with asyncio.timeout(DRAIN_S):
                while self._taken < limit and await self.read_chunk():
                    pass
        except (TimeoutError, HeadwaterError):
            pass  # the answer is complete; the connection is closed instead


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
        case aiohttp.ClientResponseError():
            return ProtocolError(f"expected HTTP from {where}, got something else")
        case _:
            return StreamInterrupted(
                f"{where} closed the connection before it answered ({type(error).__name__})"
            )
