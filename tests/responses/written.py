"""Events of Responses, written by hand, and a transport that gives them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from headwater import ChatResponse, Event, Message, fold
from headwater.wire.transport import HTTPRequest, ReadError, Response
from headwater_responses import Quirks
from headwater_responses._decode import Decoder

__all__ = [
    "Canned",
    "added",
    "arguments",
    "call",
    "completed",
    "created",
    "decoded",
    "done",
    "ended",
    "folded",
    "message",
    "refused",
    "said",
    "stream",
    "thought",
    "whole",
    "written",
]

T = TypeVar("T")

USAGE = {"input_tokens": 9, "output_tokens": 7, "total_tokens": 16}


def written(kind: str, **fields: Any) -> str:
    """Write an event."""
    return json.dumps({"type": kind, "sequence_number": 0, **fields})


def created() -> str:
    """Write the first event."""
    return written("response.created", response={"id": "r1", "model": "m1", "status": "queued"})


def added(index: int, **item: Any) -> str:
    """Write the beginning of an item."""
    return written("response.output_item.added", output_index=index, item=item)


def done(index: int, **item: Any) -> str:
    """Write a complete item."""
    return written("response.output_item.done", output_index=index, item=item)


def said(text: str, index: int = 0, kind: str = "output_text") -> str:
    """Write a piece of text; of reasoning, with another kind."""
    return written(f"response.{kind}.delta", output_index=index, content_index=0, delta=text)


def refused(text: str, index: int = 0) -> str:
    """Write a piece of a refusal."""
    return said(text, index, "refusal")


def arguments(text: str, index: int = 0) -> str:
    """Write a piece of a call's arguments."""
    return said(text, index, "function_call_arguments")


def message(*content: Any, **fields: Any) -> dict[str, Any]:
    """Make a message item; a text stands for its part."""
    parts = [
        {"type": "output_text", "text": part, "annotations": []} if isinstance(part, str) else part
        for part in content
    ]
    return {"type": "message", "id": "msg1", "role": "assistant", "content": parts, **fields}


def thought(text: str = "", **fields: Any) -> dict[str, Any]:
    """Make a reasoning item."""
    summary = [{"type": "summary_text", "text": text}] if text else []
    return {"type": "reasoning", "id": "rs1", "summary": summary, **fields}


def call(raw: str = "{}", **fields: Any) -> dict[str, Any]:
    """Make a call of the tool `f`."""
    made = {"type": "function_call", "id": "fc1", "call_id": "c1", "name": "f", "arguments": raw}
    return {**made, **fields}


def ended(status: str = "completed", **fields: Any) -> str:
    """Write one of the events that end an answer."""
    response = {"id": "r1", "model": "m1", "status": status, "usage": USAGE, **fields}
    return written(f"response.{status}", response=response)


def completed(*output: Any) -> str:
    """Write the good end."""
    return ended(output=list(output))


def whole(*output: Any, status: str = "completed", **fields: Any) -> bytes:
    """Write a whole answer."""
    given = {"id": "r1", "object": "response", "model": "m1", "status": status, "usage": USAGE}
    return json.dumps({**given, "output": list(output), **fields}).encode()


def decoded(
    *frames: str, messages: Iterable[Message] = (), quirks: Quirks | None = None
) -> list[Event]:
    """Decode frames as far as the answer goes.

    Raises:
        HeadwaterError: What the frames say is wrong.
    """
    decoder = Decoder(quirks or Quirks(), messages)
    events: list[Event] = []
    for frame in frames:
        events += decoder.feed(frame)
        decoder.check()
        if decoder.is_done:
            break
    return events


def folded(*frames: str) -> ChatResponse:
    """Decode frames, and fold the events."""
    return fold(decoded(*frames))


def stream(*frames: str) -> bytes:
    """Write frames as an event stream."""
    return "".join(f"data: {frame}\n\n" for frame in frames).encode()


class Canned:
    """Answer every request with the same bytes, without a network.

    Args:
        body: The body, or its chunks.
        status: The status.
        headers: The headers.

    Attributes:
        requests: What was asked.
    """

    def __init__(
        self,
        body: bytes | Sequence[bytes],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.requests: list[HTTPRequest] = []
        self._chunks = [body] if isinstance(body, bytes) else list(body)
        self._status = status
        self._headers = headers or {}

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """Give the JSON that was sent."""
        return [json.loads(request.body or b"null") for request in self.requests]

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Answer."""
        self.requests.append(request)
        chunks: Iterator[bytes] = iter(self._chunks)

        async def read_chunk() -> bytes:
            return next(chunks, b"")

        yield Response(self._status, self._headers, read_chunk)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait for something that is no HTTP."""
        return await awaitable
