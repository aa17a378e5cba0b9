"""A transport that gives one answer to every request, and remembers what it was sent."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from headwater.wire.transport import HTTPRequest, ReadError, Response

__all__ = ["Canned"]

T = TypeVar("T")

_CHUNK_BYTES = 4096


class Canned:
    """Answer every request alike.

    Args:
        body: The bytes to answer with; anything else is written as JSON.
        status: HTTP status.
        headers: Names in lower case.

    Attributes:
        requests: What was sent, in order.
    """

    def __init__(
        self, body: object, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self.requests: list[HTTPRequest] = []
        self._body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._status = status
        self._headers = headers or {}

    @property
    def sent(self) -> dict[str, Any]:
        """Give the last body that was sent, which must be JSON."""
        read: dict[str, Any] = json.loads(self.requests[-1].body or b"null")
        return read

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Take a request; see `Transport.send`."""
        self.requests.append(request)
        starts = range(0, len(self._body), _CHUNK_BYTES)
        chunks = iter([self._body[start : start + _CHUNK_BYTES] for start in starts])

        async def read_chunk() -> bytes:
            return next(chunks, b"")

        yield Response(self._status, self._headers, read_chunk)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait; see `Transport.wait`."""
        return await awaitable
