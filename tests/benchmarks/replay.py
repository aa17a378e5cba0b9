"""A transport that has the whole answer in memory: what Headwater costs without a network."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from headwater.wire.transport import HTTPRequest, ReadError, Response

from .answers import WIRES

__all__ = ["Replay", "sliced"]

T = TypeVar("T")

SLICE_BYTES: Final = 2**16


def sliced(wire: str, tokens: int) -> list[bytes]:
    """Give a streamed answer as it comes off a fast connection."""
    body = b"".join(WIRES[wire].streamed(tokens).events())
    return [body[at : at + SLICE_BYTES] for at in range(0, len(body), SLICE_BYTES)]


class Replay:
    """Answer each request with the same bytes.

    Args:
        chunks: The bytes, as they are read.
        content_type: What they are said to be.

    Attributes:
        sent: The last request.
    """

    def __init__(self, chunks: Sequence[bytes], content_type: str) -> None:
        self._chunks = chunks
        self._headers = {"content-type": content_type}
        self.sent: HTTPRequest | None = None

    def response(self) -> Response:
        """Make a response whose body has yet to come."""
        chunks = iter(self._chunks)

        async def read() -> bytes:
            return next(chunks, b"")

        return Response(200, self._headers, read)

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Answer."""
        self.sent = request
        yield self.response()

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait."""
        return await awaitable
