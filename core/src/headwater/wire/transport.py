"""What a plugin sees of the network: a request goes out, frames come in.

`Transport` is what a hook is handed, made for one attempt, and the same protocol is what
`Runner(transport=…)` takes in place of the real network: replayed bytes, faults.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, TypeAlias, TypeVar, cast

import attrs
import msgspec

from ..errors import (
    HeadwaterError,
    InvalidRequest,
    ProtocolError,
    StreamInterrupted,
)
from ..parts import JSONValue
from ..secret import Secret
from .ndjson import NDJSONDecoder
from .sse import DEFAULT_MAX_EVENT_BYTES, ServerSentEvent, SSEDecoder
from .status import request_id

__all__ = ["HTTPRequest", "ReadError", "Response", "Transport"]

T = TypeVar("T")

ReadError: TypeAlias = Callable[[int, Mapping[str, str], bytes], HeadwaterError]
"""Turns status, headers (names in lower case) and body of a refusal into an error."""

_WEB_PAGE: Final = "text/html"
_WHOLE_BODIES: Final = ("application/json", _WEB_PAGE)


@attrs.frozen
class HTTPRequest:
    """Hold one request.

    Attributes:
        method: "GET" or "POST".
        url: The whole address.
        headers: Names in lower case; a key is given as a `Secret`, so that it can be taken out of
            whatever the server says.
        body: The bytes to send, None for none.
        on_sent: Is called when a connection stands and the request goes out on it.
    """

    method: str
    url: str
    headers: Mapping[str, str | Secret] = attrs.field(factory=dict)
    body: bytes | None = attrs.field(default=None, repr=False)
    on_sent: Callable[[], None] | None = attrs.field(default=None, repr=False, kw_only=True)

    @classmethod
    def post_json(
        cls, url: str, body: object, headers: Mapping[str, str | Secret] | None = None
    ) -> HTTPRequest:
        """Make a POST of a JSON body.

        Raises:
            InvalidRequest: The body holds what JSON has no form for.
        """
        sent = {"content-type": "application/json", **(headers or {})}
        try:
            return cls("POST", url, sent, msgspec.json.encode(body))
        except (TypeError, ValueError, msgspec.EncodeError, RecursionError) as error:
            raise InvalidRequest(
                f"the request cannot be written as JSON ({error}): check tools, arguments of tool "
                "calls, response_format and extra"
            ) from None


class Transport(Protocol):
    """Send requests, and wait."""

    def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AbstractAsyncContextManager[Response]:
        """Send a request; the response is closed as the context is left.

        Args:
            request: What to send.
            errors: Makes the error of a status of 400 and more, which is raised.

        Raises:
            ConfigurationError: The address or a header cannot be used, or leads elsewhere.
            TransportError: No connection, no answer, or not in time.
            HeadwaterError: What `errors` made.
        """
        ...

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait for something that is no HTTP, so that limits and cancelling hold there too."""
        ...


class Response:
    """Hold the answer to a request, whose body has yet to come.

    Args:
        status: HTTP status.
        headers: Names in lower case.
        read_chunk: Gives the next bytes of the body, b"" at its end.
        close: Closes the connection at once.
        max_event_bytes: Bytes of one frame.
        on_frame: Is shown the payload of each frame.

    Attributes:
        status: HTTP status.
        headers: Names in lower case.
        read_chunk: As given.
        close: As given.
        request_id: The provider's name for the request, None where it gave none.
        is_settled: Whether the answer is complete but for its trailers; see `settle`.
    """

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        read_chunk: Callable[[], Awaitable[bytes]],
        *,
        close: Callable[[], None] | None = None,
        max_event_bytes: int = DEFAULT_MAX_EVENT_BYTES,
        on_frame: Callable[[bytes], None] | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.read_chunk = read_chunk
        self.close = close or _nothing
        self.request_id = request_id(headers)
        self._max_event_bytes = max_event_bytes
        self._on_frame = on_frame
        self.is_settled = False
        self._frames: AsyncGenerator[object, None] | None = None

    def sse(self) -> AsyncGenerator[ServerSentEvent, None]:
        """Give the server-sent events of the body.

        An event that the bytes end in is given if its data is complete JSON. A body of plain JSON,
        as some servers answer when they fail, is given as one event.

        Raises:
            ProtocolError: An event is too large, or a web page came.
            TransportError: The connection broke, or a limit ran out.
        """
        self._frames = frames = self._events()
        return frames

    def ndjson(self) -> AsyncGenerator[bytes, None]:
        """Give the lines of a body of newline-delimited JSON.

        Raises:
            ProtocolError: A line is too large, or a web page came.
            TransportError: The connection broke, or a limit ran out.
        """
        self._frames = frames = self._lines()
        return frames

    async def read(self) -> bytes:
        """Read the whole body.

        Raises:
            StreamInterrupted: There is none.
            ProtocolError: It is too large, or a web page came.
            TransportError: The connection broke, or a limit ran out.
        """
        pieces = []
        while chunk := await self.read_chunk():
            pieces.append(chunk)
        body = b"".join(pieces)
        self._refuse_web_page(body)
        if not body.strip():
            raise StreamInterrupted("the server closed its answer without a byte of a body")
        return body

    async def json(self) -> JSONValue:
        """Read the whole body and decode it.

        Raises:
            ProtocolError: It is no JSON.
            HeadwaterError: As `read`.
        """
        body = await self.read()
        try:
            return cast("JSONValue", msgspec.json.decode(body))
        except (ValueError, RecursionError) as error:  # bad UTF-8 is a ValueError
            raise ProtocolError.malformed("JSON", body, error) from None

    def settle(self) -> None:
        """Say that the answer is complete, and only its usage or its end mark may still come.

        From here on a second of silence, a reset or the end of the bytes just ends the frames.
        """
        self.is_settled = True

    async def aclose(self) -> None:
        """End the frames that are being read; the transport does it as the context is left."""
        if self._frames is not None:
            await self._frames.aclose()

    async def _events(self) -> AsyncGenerator[ServerSentEvent, None]:
        if self._media_type in _WHOLE_BODIES:
            body = await self.read()
            self._show(body)
            yield ServerSentEvent("message", body.decode("utf-8", "replace"))
            return
        decoder = SSEDecoder(max_event_bytes=self._max_event_bytes)
        show = self._on_frame
        while chunk := await self.read_chunk():
            for event in decoder.feed(chunk):
                if show is not None:
                    show(event.data.encode())
                yield event
            decoder.check()
        last = decoder.close()
        if last is not None and _is_json(last.data):
            self._show(last.data.encode())
            yield last

    async def _lines(self) -> AsyncGenerator[bytes, None]:
        if self._media_type == _WEB_PAGE:
            await self.read()
        decoder = NDJSONDecoder(max_event_bytes=self._max_event_bytes)
        show = self._on_frame
        while chunk := await self.read_chunk():
            for line in decoder.feed(chunk):
                if show is not None:
                    show(line)
                yield line
            decoder.check()
        last = decoder.close()
        if last is not None and _is_json(last):
            self._show(last)
            yield last

    def _show(self, frame: bytes) -> None:
        if self._on_frame is not None:
            self._on_frame(frame)

    @property
    def _media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def _refuse_web_page(self, body: bytes) -> None:
        if self._media_type == _WEB_PAGE:
            excerpt = body[:200].decode("utf-8", "replace")
            raise ProtocolError(
                "expected the answer of a model, got a web page: the base URL leads to something "
                f"that is no such API, or a proxy stands between. It begins: {excerpt!r}"
            )


def _nothing() -> None:
    """Do for a response that holds no connection."""


def _is_json(data: str | bytes) -> bool:
    """Tell whether a frame that was not terminated is whole all the same."""
    try:
        msgspec.json.decode(data)
    except (ValueError, RecursionError):  # bad UTF-8 is a ValueError
        return False
    return True
