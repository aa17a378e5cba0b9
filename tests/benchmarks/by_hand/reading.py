"""What the clients share: a session, and the loop over what has come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

import aiohttp
import msgspec

from ..client import Answer

__all__ = ["ByHand", "Reading"]


class Reading(Protocol):
    """One answer being read."""

    parts: list[str]

    def feed(self, chunk: bytes) -> None:
        """Take bytes."""
        ...

    def answer(self) -> Answer:
        """Fold what came."""
        ...


class Open:
    """A stream that has given its first text."""

    def __init__(self, response: aiohttp.ClientResponse, reading: Reading) -> None:
        self._response = response
        self._reading = reading

    @property
    def deltas(self) -> int:
        """Count the pieces of text so far."""
        return len(self._reading.parts)

    async def rest(self) -> Answer:
        """Read it to its end."""
        content, feed = self._response.content, self._reading.feed
        while chunk := await content.readany():
            feed(chunk)
        return self._reading.answer()


class ByHand:
    """A client of one wire.

    Args:
        headers: What each request carries, the key among them.
        url: Gives the address for a model, and whether to stream.
        body: Gives the body for a model, and whether to stream.
        reading: Makes the reader of one streamed answer.
        read_whole: Reads an answer that was not streamed.
    """

    def __init__(
        self,
        headers: Mapping[str, str],
        url: Callable[[str, bool], str],
        body: Callable[[str, bool], object],
        reading: Callable[[], Reading],
        read_whole: Callable[[bytes], Answer],
    ) -> None:
        self._headers = {"content-type": "application/json", **headers}
        self._url = url
        self._body = body
        self._reading = reading
        self._read_whole = read_whole
        self._session: aiohttp.ClientSession | None = None

    async def stream(self, model: str) -> Answer:
        """Stream an answer to its end."""
        reading = self._reading()
        async with self._post(model, True) as response:
            content, feed = response.content, reading.feed
            while chunk := await content.readany():
                feed(chunk)
        return reading.answer()

    @asynccontextmanager
    async def opened(self, model: str) -> AsyncGenerator[Open, None]:
        """Open a stream, and read until the first text."""
        reading = self._reading()
        async with self._post(model, True) as response:
            while not reading.parts:
                reading.feed(await response.content.readany())
            yield Open(response, reading)

    async def whole(self, model: str) -> Answer:
        """Have a whole answer."""
        async with self._post(model, False) as response:
            return self._read_whole(await response.read())

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _post(self, model: str, is_stream: bool) -> aiohttp.client._RequestContextManager:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            timeout = aiohttp.ClientTimeout(total=None)
            self._session = aiohttp.ClientSession(
                connector=connector, headers=self._headers, timeout=timeout
            )
        body = msgspec.json.encode(self._body(model, is_stream))
        return self._session.post(self._url(model, is_stream), data=body)
