"""The transport that a hook is handed: made for one attempt, over the runner's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, TypeVar

from ..call import Call
from ..errors import ConfigurationError, HeadwaterError
from ..secret import Secret, redact
from .relay import RelayedResponse
from .status import request_id
from .transport import HTTPRequest, ReadError, Response, Transport
from .url import without_query

__all__ = ["AttemptTransport"]

T = TypeVar("T")

MAX_ERROR_BYTES: Final = 64 * 2**10
ERROR_BODY_S: Final = 1.0


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
        self._sendings: list[_Sending] = []

    def send(self, request: HTTPRequest, *, errors: ReadError) -> _Sending:
        """Send a request; see `Transport.send`."""
        return _Sending(self, request, errors)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait for something that is no HTTP; its end is a sign of life."""
        try:
            return await self._call.wait(awaitable)
        finally:
            self._call.progress.last_byte_at = self._call.progress.waited_s

    def cut(self) -> None:
        """Close all connections of the attempt at once."""
        for sending in self._sendings:
            sending.response.close()

    def take_frames(self) -> list[bytes]:
        """Give the payloads that came and were not shown yet."""
        frames, self.frames[:] = self.frames[:], []
        return frames

    async def aclose(self) -> None:
        """Close what the plugin left open."""
        for sending in self._sendings[:]:
            await sending.__aexit__(None, None, None)


class _Sending:
    """One request of an attempt: the response is closed as the context is left."""

    __slots__ = ("_attempt", "_beneath", "_errors", "_request", "response")

    def __init__(self, attempt: AttemptTransport, request: HTTPRequest, errors: ReadError) -> None:
        self._attempt = attempt
        self._request = request
        self._errors = errors

    async def __aenter__(self) -> Response:
        attempt, request = self._attempt, self._request
        call = attempt._call
        progress = call.progress
        attempt.secrets += [v for v in request.headers.values() if isinstance(v, Secret)]
        progress.connecting_at = progress.waited_s
        told = HTTPRequest(request.method, request.url, request.headers, request.body, call=call)
        self._beneath = attempt._beneath().send(told, errors=self._errors)
        inner = await call.wait(self._beneath.__aenter__())
        try:
            call.sent()
            if (named := request_id(inner.headers)) is not None:
                progress.request_id = redact(named, attempt.secrets)
            if inner.status >= 300:
                raise await self._refusal(inner)
        except BaseException as error:
            await self._beneath.__aexit__(type(error), error, error.__traceback__)
            raise
        # A transport of somebody's own may have no bytes to give.
        self.response = inner if isinstance(inner, Response) else RelayedResponse(inner)
        show = attempt.frames.append if call.is_raw else None
        self.response.bind(call, attempt._max_event_bytes, show)
        attempt._sendings.append(self)
        return self.response

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self not in self._attempt._sendings:
            return  # closed before, with the attempt
        self._attempt._sendings.remove(self)
        try:
            await self.response.aclose()
        finally:
            await self._beneath.__aexit__(kind, error, traceback)

    async def _refusal(self, inner: Response) -> HeadwaterError:
        """Make the error of a status of 300 and more."""
        if inner.status < 400:
            target = without_query(inner.headers.get("location", "nowhere"))
            return ConfigurationError(
                f"{without_query(self._request.url)} redirects to {target}, and a key does not "
                "follow a redirect: set the base URL to the new address",
                status=inner.status,
            )
        error = self._errors(inner.status, inner.headers, await self._error_body(inner))
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
                await self._attempt._call.wait_within(ERROR_BODY_S, read)
            except (TimeoutError, HeadwaterError):
                inner.close()
        return bytes(body[:MAX_ERROR_BYTES])
