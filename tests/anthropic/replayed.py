"""A transport that gives bytes without a network."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from headwater.wire.transport import HTTPRequest, ReadError, Response

__all__ = ["Replay"]

T = TypeVar("T")

EVENT_STREAM = {"content-type": "text/event-stream"}


class Replay:
    """Answer every request with the same chunks.

    Args:
        chunks: The body.
        headers: The headers.
        status: The status.
    """

    def __init__(
        self,
        chunks: Sequence[bytes],
        headers: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> None:
        self._chunks = chunks
        self._headers = EVENT_STREAM if headers is None else headers
        self._status = status

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Give the answer."""
        chunks: Iterator[bytes] = iter(self._chunks)

        async def read_chunk() -> bytes:
            return next(chunks, b"")

        yield Response(self._status, self._headers, read_chunk)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait for something that is no HTTP."""
        return await awaitable
