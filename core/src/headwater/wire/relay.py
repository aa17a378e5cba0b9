"""The response of a transport that gives frames, and has no bytes to show: passed on in time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, Protocol, TypeVar

import msgspec

from ..parts import JSONValue
from .frames import FrameReader, Framing
from .sse import ServerSentEvent
from .transport import Response

__all__ = ["FrameResponse", "RelayedResponse"]

T = TypeVar("T")


class FrameResponse(Protocol):
    """The least that a response has, where a transport of yours replays frames and not bytes.

    Prefer `Response`, which is made from anything that gives bytes.
    """

    status: int
    headers: Mapping[str, str]

    def sse(self) -> AsyncGenerator[ServerSentEvent, None]:
        """Give the server-sent events."""
        ...

    def ndjson(self) -> AsyncGenerator[bytes, None]:
        """Give the lines."""
        ...

    async def json(self) -> JSONValue:
        """Give the whole body, decoded."""
        ...


class RelayedResponse(Response):
    """Pass on the frames of another response, each waited for within the call.

    Args:
        inner: The response.
        wait: Waits for one thing within the call.
        on_frame: Is shown the payload of each frame.
    """

    def __init__(
        self,
        inner: FrameResponse,
        wait: Callable[[Awaitable[Any]], Awaitable[Any]],
        on_frame: Callable[[bytes], None] | None,
    ) -> None:
        super().__init__(inner.status, inner.headers, self.read, on_frame=on_frame)
        self._inner = inner
        self._wait = wait

    async def read(self) -> bytes:
        """Give the JSON of the body, as text again."""
        return msgspec.json.encode(await self._wait(self._inner.json()))

    def reader(self, framing: Framing) -> FrameReader:
        """Make what tells the frames apart, once they are bytes again."""
        given = self._events_given() if framing is Framing.SSE else self._lines_given()
        self._frames = self._given = given
        return super().reader(framing)

    async def read_chunk(self) -> bytes:
        """Give the next frame as bytes, b"" at the end."""
        return await anext(self._given, b"")

    async def _events_given(self) -> AsyncGenerator[bytes, None]:
        async for event in self._relayed(self._inner.sse()):
            yield _as_bytes(event)

    async def _lines_given(self) -> AsyncGenerator[bytes, None]:
        async for line in self._relayed(self._inner.ndjson()):
            yield line + b"\n"

    async def _relayed(self, frames: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        async with aclosing(frames):
            while (frame := await self._wait(anext(frames, None))) is not None:
                yield frame


def _as_bytes(event: ServerSentEvent) -> bytes:
    """Write an event as it stands in a stream of them."""
    retry = "" if event.retry is None else f"retry: {event.retry}\n"
    data = event.data.replace("\n", "\ndata: ")
    return f"event: {event.event}\nid: {event.id}\n{retry}data: {data}\n\n".encode()
