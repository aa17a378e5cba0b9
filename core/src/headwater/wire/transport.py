"""What a plugin sees of the network: a request goes out, frames come in.

`Transport` is what a hook is handed, made for one attempt, and the same protocol is what
`Runner(transport=…)` takes in place of the real network: replayed bytes, faults.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Final, Protocol, TypeAlias, TypeVar, cast

import attrs
import msgspec

from ..call import Call
from ..errors import (
    HeadwaterError,
    InvalidRequest,
    ProtocolError,
    TransportError,
)
from ..parts import JSONValue
from ..secret import Secret
from .frames import FrameReader, Framing, check_whole, frame_reader
from .sse import DEFAULT_MAX_EVENT_BYTES, Frame, ServerSentEvent
from .status import request_id

__all__ = ["Framing", "HTTPRequest", "ReadError", "Response", "Transport"]

T = TypeVar("T")

SETTLE_S: Final = 1.0  # how long to wait for usage or an end mark once the answer is complete

ReadError: TypeAlias = Callable[[int, Mapping[str, str], bytes], HeadwaterError]
"""Turns status, headers (names in lower case) and body of a refusal into an error."""


@attrs.frozen
class HTTPRequest:
    """Hold one request.

    Attributes:
        method: "GET" or "POST".
        url: The whole address.
        headers: Names in lower case; a key is given as a `Secret`, so that it can be taken out of
            whatever the server says.
        body: The bytes to send, None for none.
        call: The call that it is part of, for the runner's transport, which may say with
            `Call.sent` that a connection stands and the request goes out on it; plugins leave it
            None.
    """

    method: str
    url: str
    headers: Mapping[str, str | Secret] = attrs.field(factory=dict)
    body: bytes | None = attrs.field(default=None, repr=False)
    call: Call | None = attrs.field(default=None, repr=False, eq=False, kw_only=True)

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
        is_settled: Whether the answer is complete but for its trailers; see `settle`.
    """

    is_settled = False
    _call: Call | None = None
    _frames: AsyncGenerator[object, None] | None = None

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
        self._read_chunk = read_chunk
        self._close = close
        self._max_event_bytes = max_event_bytes
        self._on_frame = on_frame

    def bind(
        self, call: Call, max_event_bytes: int, on_frame: Callable[[bytes], None] | None
    ) -> None:
        """Make every wait for the body a wait of a call, which may be cut short.

        Args:
            call: The call.
            max_event_bytes: Bytes of one frame.
            on_frame: Is shown the payload of each frame.
        """
        self._call = call
        self._max_event_bytes = max_event_bytes
        self._on_frame = on_frame

    @property
    def request_id(self) -> str | None:
        """The provider's name for the request, None where it gave none."""
        return request_id(self.headers)

    async def read_chunk(self) -> bytes:
        """Give the next bytes of the body, b"" at its end.

        Raises:
            TransportError: The connection broke, or a limit ran out.
        """
        call = self._call
        if call is None:
            return await self._read_chunk()
        progress = call.progress
        if self.is_settled or progress.interruption is not None:
            return await self._read_late(call)
        progress.begin_wait()  # as `Call.wait` does, at half the price
        try:
            chunk = await self._read_chunk()
        except BaseException as error:
            self.close()  # first, whatever the plugin does with the exception
            if isinstance(error, asyncio.CancelledError):
                call.cancelled()
            raise
        finally:
            progress.end_wait()
        progress.last_byte_at = progress.waited_s
        return chunk

    async def _read_late(self, call: Call) -> bytes:
        """Wait for what may trail a complete answer, or fail with what the call was ended by."""
        try:
            return await call.wait_within(SETTLE_S, self._read_chunk)
        except (TimeoutError, TransportError):
            self.close()
            if self.is_settled:
                return b""
            raise
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection at once."""
        if self._close is not None:
            self._close()

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
        return check_whole(b"".join(pieces), self._media_type)

    async def json(self) -> JSONValue:
        """Read the whole body and decode it.

        Raises:
            ProtocolError: It is no JSON.
            HeadwaterError: As `read`.
        """
        return cast("JSONValue", await self.read_as(object, "JSON"))

    async def read_as(self, kind: type[T], expected: str) -> T:
        """Read the whole body and decode it as JSON of a kind.

        Args:
            kind: A `msgspec.Struct`, as a rule.
            expected: What that is, in words: "a list of models".

        Raises:
            ProtocolError: It is no JSON, or none of that kind.
            HeadwaterError: As `read`.
        """
        body = await self.read()
        try:
            return msgspec.json.decode(body, type=kind)
        except (ValueError, RecursionError) as error:  # bad UTF-8 is a ValueError
            raise ProtocolError.malformed(expected, body, error) from None

    def settle(self) -> None:
        """Say that the answer is complete, and only its usage or its end mark may still come.

        From here on a second of silence, a reset or the end of the bytes just ends the frames.
        """
        self.is_settled = True

    async def aclose(self) -> None:
        """End the frames that are being read; the transport does it as the context is left."""
        if self._frames is not None:
            await self._frames.aclose()

    def reader(self, framing: Framing) -> FrameReader:
        """Make what tells the frames of the body apart, for who reads its chunks."""
        return frame_reader(framing, self._media_type, self._max_event_bytes, self._on_frame)

    async def _events(self) -> AsyncGenerator[ServerSentEvent, None]:
        async with aclosing(self._each_frame(Framing.SSE)) as frames:
            async for name, data, last_id, retry in frames:
                yield ServerSentEvent(name, data.decode(), last_id, retry)

    async def _lines(self) -> AsyncGenerator[bytes, None]:
        async with aclosing(self._each_frame(Framing.NDJSON)) as frames:
            async for _, line, _, _ in frames:
                yield line

    async def _each_frame(self, framing: Framing) -> AsyncGenerator[Frame, None]:
        reader = self.reader(framing)
        is_open = True
        while is_open:
            chunk = await self.read_chunk()
            is_open = bool(chunk)
            for frame in reader.take(chunk):
                yield frame
            reader.check()

    @property
    def _media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()
