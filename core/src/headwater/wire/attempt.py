"""The transport that a hook is handed: made for one attempt, over the runner's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, TypeVar

import attrs

from ..call import Call
from ..errors import ConfigurationError, HeadwaterError, TransportError
from ..secret import Secret, redact
from .relay import RelayedResponse
from .status import request_id
from .transport import HTTPRequest, ReadError, Response, Transport
from .url import without_query

__all__ = ["AttemptTransport"]

T = TypeVar("T")

MAX_ERROR_BYTES: Final = 64 * 2**10
ERROR_BODY_S: Final = 1.0
SETTLE_S: Final = 1.0  # how long to wait for usage or an end mark once the answer is complete


class AttemptTransport:
    """Send over the runner's transport, within one attempt of one call.

    It stamps what the wire does on the call, turns statuses into errors, knows the keys that went
    out, keeps the frames that are to be shown, and closes at the attempt's end whatever the plugin
    left open.

    Args:
        call: The call.
        beneath: Gives the runner's transport, when something is sent.
        max_event_bytes: Bytes of one frame.

    Attributes:
        secrets: The keys that went out.
        frames: Payloads that came and were not shown yet; filled for a raw call alone.
    """

    def __init__(self, call: Call, beneath: Callable[[], Transport], max_event_bytes: int) -> None:
        self.secrets: list[Secret] = []
        self.frames: list[bytes] = []
        self._call = call
        self._beneath = beneath
        self._max_event_bytes = max_event_bytes
        self._open: dict[AsyncExitStack, Response] = {}

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Send a request; see `Transport.send`."""
        self.secrets += [value for value in request.headers.values() if isinstance(value, Secret)]
        call, progress = self._call, self._call.progress
        progress.connecting_at = progress.waited_s
        async with AsyncExitStack() as stack:
            beneath = self._beneath().send(attrs.evolve(request, on_sent=self._sent), errors=errors)
            inner = await call.wait(stack.enter_async_context(beneath))
            self._sent()
            if (named := request_id(inner.headers)) is not None:
                progress.request_id = redact(named, self.secrets)
            if inner.status >= 300:
                raise await self._refusal(request, inner, errors)
            response = self._within_call(inner)
            stack.push_async_callback(response.aclose)
            self._open[stack] = response
            try:
                yield response
            finally:
                del self._open[stack]

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait for something that is no HTTP; its end is a sign of life."""
        try:
            return await self._call.wait(awaitable)
        finally:
            self._call.progress.last_byte_at = self._call.progress.waited_s

    def cut(self) -> None:
        """Close all connections of the attempt at once."""
        for response in self._open.values():
            response.close()

    def take_frames(self) -> list[bytes]:
        """Give the payloads that came and were not shown yet."""
        frames, self.frames[:] = self.frames[:], []
        return frames

    async def aclose(self) -> None:
        """Close what the plugin left open."""
        for stack in list(self._open):
            await stack.aclose()

    def _sent(self) -> None:
        progress = self._call.progress
        if progress.connecting_at is not None:
            progress.connecting_at = None
            progress.sent_at = progress.waited()

    def _within_call(self, inner: Response) -> Response:
        """Give the response whose every wait is stamped on the call."""
        show = self.frames.append if self._call.is_raw else None
        if not isinstance(inner, Response):  # a transport of somebody's own may give frames alone
            return RelayedResponse(inner, self.wait, show)
        wait, progress, read = self._call.wait, self._call.progress, inner.read_chunk

        async def read_chunk() -> bytes:
            try:
                chunk = await wait(_within(SETTLE_S, read) if response.is_settled else read())
            except (TimeoutError, TransportError):
                inner.close()
                if response.is_settled:
                    return b""
                raise
            except BaseException:
                inner.close()  # first, whatever the plugin does with the exception
                raise
            progress.last_byte_at = progress.waited_s
            return chunk

        response = Response(
            inner.status,
            inner.headers,
            read_chunk,
            close=inner.close,
            max_event_bytes=self._max_event_bytes,
            on_frame=show,
        )
        return response

    async def _refusal(
        self, request: HTTPRequest, inner: Response, errors: ReadError
    ) -> HeadwaterError:
        """Make the error of a status of 300 and more."""
        if inner.status < 400:
            target = without_query(inner.headers.get("location", "nowhere"))
            return ConfigurationError(
                f"{without_query(request.url)} redirects to {target}, and a key does not follow a "
                "redirect: set the base URL to the new address",
                status=inner.status,
            )
        error = errors(inner.status, inner.headers, await self._error_body(inner))
        error.status = inner.status
        return error

    async def _error_body(self, inner: Response) -> bytes:
        """Read the body of a refusal as far as it comes soon; the status says enough without it."""
        body = bytearray()

        async def read() -> None:
            while len(body) < MAX_ERROR_BYTES and (chunk := await inner.read_chunk()):
                body.extend(chunk)

        if isinstance(inner, Response):
            try:
                await self._call.wait(_within(ERROR_BODY_S, read))
            except (TimeoutError, HeadwaterError):
                inner.close()
        return bytes(body[:MAX_ERROR_BYTES])


async def _within(limit_s: float, begin: Callable[[], Awaitable[T]]) -> T:
    """Do something for a while, within a wait of the call.

    Raises:
        TimeoutError: It took longer.
    """
    async with asyncio.timeout(limit_s):
        return await begin()
