"""The response of a transport that gives frames, and has no bytes to show: passed on in time."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Final, Protocol, assert_never

import msgspec

from ..parts import JSONValue
from .frames import FrameReader, Framing
from .sse import ServerSentEvent
from .transport import Response

__all__ = ["FrameResponse", "RelayedResponse"]

_LINE_END: Final = re.compile("\r\n|\n|\r")


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
    """Pass on the frames of another response, as bytes again.

    Args:
        inner: The response.
    """

    def __init__(self, inner: FrameResponse) -> None:
        self._body = _Body(inner)
        super().__init__(inner.status, inner.headers, self._body.receive)

    async def read(self) -> bytes:
        """Give the JSON of the body, as text again."""
        self._body.turn_to(None)
        return await super().read()

    def reader(self, framing: Framing) -> FrameReader:
        """Make what tells the frames apart, and turn to them."""
        self._body.turn_to(framing)
        return super().reader(framing)

    async def aclose(self) -> None:
        """End the frames that are being read."""
        await super().aclose()
        await self._body.aclose()

    @property
    def _media_type(self) -> str:
        return ""  # whatever the bytes were once, here they are frames


class _Body:
    """The frames of a response, as bytes."""

    def __init__(self, inner: FrameResponse) -> None:
        self._inner = inner
        self._given: AsyncGenerator[bytes, None] = self._whole()

    def turn_to(self, framing: Framing | None) -> None:
        """Choose what is given from here on: frames, or the whole body."""
        match framing:
            case Framing.SSE:
                self._given = self._events()
            case Framing.NDJSON:
                self._given = self._lines()
            case None:
                self._given = self._whole()
            case _ as never:
                assert_never(never)

    async def receive(self) -> bytes:
        """Give the next bytes, b"" at their end."""
        return await anext(self._given, b"")

    async def aclose(self) -> None:
        """End what is being given."""
        await self._given.aclose()

    async def _whole(self) -> AsyncGenerator[bytes, None]:
        yield msgspec.json.encode(await self._inner.json())

    async def _events(self) -> AsyncGenerator[bytes, None]:
        async with aclosing(self._inner.sse()) as events:
            async for event in events:
                yield _as_bytes(event)

    async def _lines(self) -> AsyncGenerator[bytes, None]:
        async with aclosing(self._inner.ndjson()) as lines:
            async for line in lines:
                yield line + b"\n"


def _as_bytes(event: ServerSentEvent) -> bytes:
    """Write an event as it stands in a stream of them."""
    retry = "" if event.retry is None else f"retry: {event.retry}\n"
    data = "\ndata: ".join(_LINE_END.split(event.data))
    return f"event: {event.event}\nid: {event.id}\n{retry}data: {data}\n\n".encode()
