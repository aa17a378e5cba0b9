"""A transport that answers from a script, and remembers what it was sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import attrs

from headwater.wire.transport import HTTPRequest, ReadError, Response

__all__ = ["Answer", "Scripted", "streamed"]

T = TypeVar("T")


@attrs.frozen
class Answer:
    """Hold one answer: status, body, headers, and whether the connection then just stays open."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=lambda: {"content-type": "application/json"})
    stays_open: bool = False


def streamed(*frames: str, stays_open: bool = False) -> Answer:
    """Make the answer that streams frames."""
    body = "".join(f"data: {frame}\n\n" for frame in frames).encode()
    return Answer(200, body, {"content-type": "text/event-stream"}, stays_open)


class Scripted:
    """Answer one request after the other.

    Attributes:
        sent: The requests that came.
    """

    def __init__(self, answers: Iterable[Answer]) -> None:
        self.sent: list[HTTPRequest] = []
        self._answers = iter(answers)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """Decode what was posted."""
        return [json.loads(request.body) for request in self.sent if request.body is not None]

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Give the next answer; the runner makes the error of a status."""
        self.sent.append(request)
        answer = next(self._answers)
        chunks = iter([answer.body] if answer.body else [])

        async def read_chunk() -> bytes:
            if (chunk := next(chunks, None)) is not None:
                return chunk
            if answer.stays_open:
                await asyncio.Event().wait()
            return b""

        yield Response(answer.status, answer.headers, read_chunk)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait for something else."""
        return await awaitable
