"""The transport over aiohttp: the only place that sees a socket."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Final, TypeVar

import aiohttp

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

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

__all__ = ["HTTPTransport"]

T = TypeVar("T")

DRAIN_S: Final = 0.05
DRAIN_BYTES: Final = 64 * 2**10
CLOSE_S: Final = 1.0


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
        self.max_answer_bytes = max_answer_bytes
        self._allow_http = allowed_hosts() if allow_http is None else frozenset(allow_http)
        self.read_in: dict[aiohttp.StreamReader, asyncio.AbstractEventLoop] = {}  # what is read now
        self._session: aiohttp.ClientSession | None = None
        self._owner: tuple[asyncio.AbstractEventLoop, int] | None = (
            None  # the loop and the process of the session
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
        session, self._session = self._session, None
        if session is not None:
            await self._let_go(session)

    async def open(self, request: HTTPRequest) -> aiohttp.ClientResponse:
        """Send, and wait for status and headers; a pooled connection that died is replaced.

        No variable holds a key in clear: there are tracebacks that print variables.

        Raises:
            HeadwaterError: The request cannot be sent, or there is no answer.
        """
        self._check(request)
        session = await self._session_here()
        while True:
            connecting = _Connecting(request.on_sent)
            earlier = _CONNECTING.set(connecting)
            try:
                return await session.request(
                    request.method,
                    request.url,
                    data=request.body,
                    headers={name: _in_clear(value) for name, value in request.headers.items()},
                    allow_redirects=False,
                    proxy=self._proxy,
                )
            except aiohttp.ClientConnectionError as error:
                if isinstance(error, aiohttp.ClientConnectorError) or not connecting.was_reused:
                    raise _as_ours(error, request) from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise _as_ours(error, request) from None
            finally:
                _CONNECTING.reset(earlier)
                connecting.on_sent = None  # a new connection keeps the context it was made in

    def _check(self, request: HTTPRequest) -> None:
        check_address(request.url)
        for name, value in request.headers.items():
            if isinstance(value, Secret):
                check_secrecy(request.url, self._allow_http)
            elif not value.isprintable() or not value.isascii():
                raise ConfigurationError(
                    f"the header {name!r} holds characters that no header may have"
                )

    async def _session_here(self) -> aiohttp.ClientSession:
        owner = _owner()
        if self._session is not None and self._owner != owner:
            await self.aclose()
        if self._session is None or self._session.closed:
            self._session = self._new_session()
            self._owner = owner
        return self._session

    def _new_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=_Connector(limit=0, ssl=self._ssl()),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None),
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
            self._interrupt()
            async with asyncio.timeout(CLOSE_S):
                await session.close()
        else:
            session.detach()

    def _interrupt(self) -> None:
        """Tell those who read in this loop, whom aiohttp would leave waiting."""
        here = asyncio.get_running_loop()
        for content, loop in self.read_in.items():
            if loop is here:
                content.set_exception(aiohttp.ClientConnectionError("closed"))


_LEFT_TO_THE_PARENT: Final[list[object]] = []  # to drop one would say goodbye in the parent's name


def _in_clear(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _owner() -> tuple[asyncio.AbstractEventLoop, int]:
    return asyncio.get_running_loop(), os.getpid()


class _Connecting:
    """What is known of the connection that a request gets.

    Attributes:
        was_reused: Whether it comes out of the pool.
        on_sent: Is called when it stands.
    """

    __slots__ = ("on_sent", "was_reused")

    def __init__(self, on_sent: Callable[[], None] | None) -> None:
        self.was_reused = True
        self.on_sent = on_sent


_CONNECTING: Final[ContextVar[_Connecting]] = ContextVar("connecting")


class _Connector(aiohttp.TCPConnector):
    """Say of each connection that it stands, and whether it is new.

    aiohttp's own traces say that too, for a tenth of what a whole call costs.
    """

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        connecting = _CONNECTING.get()
        if connecting.on_sent is not None:
            connecting.on_sent()
        return connection

    async def _create_connection(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        _CONNECTING.get().was_reused = False
        return await super()._create_connection(req, traces, timeout)


class _Sending:
    """One request: its response is closed as the context is left."""

    __slots__ = ("_request", "_response", "_transport")

    def __init__(self, transport: HTTPTransport, request: HTTPRequest) -> None:
        self._transport = transport
        self._request = request

    async def __aenter__(self) -> Response:
        raw = await self._transport.open(self._request)
        self._transport.read_in[raw.content] = asyncio.get_running_loop()
        self._response = _HTTPResponse(raw, self._request, self._transport.max_answer_bytes)
        return self._response

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                await self._response.drain()
        finally:
            self._transport.read_in.pop(self._response.content, None)
            self._response.close()  # a body that has ended has given its connection back before


class _HTTPResponse(Response):
    """A response whose bytes are counted, with errors of ours."""

    def __init__(self, raw: aiohttp.ClientResponse, request: HTTPRequest, max_bytes: int) -> None:
        headers = {name.lower(): value for name, value in raw.headers.items()}
        super().__init__(raw.status, headers, raw.content.readany, close=raw.close)
        self.content = raw.content
        self._request = request
        self._max_bytes = max_bytes
        self._taken = 0

    async def read_chunk(self) -> bytes:
        try:
            chunk = await self.content.readany()
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "Connection closed" not in str(error):
                raise  # two read at once
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
        if self.content.at_eof():
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
