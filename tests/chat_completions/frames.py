"""Frames of Chat Completions, written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from headwater import ChatResponse, Event, Message, fold
from headwater_chat_completions import Quirks
from headwater_chat_completions._decode import Decoder

__all__ = ["DONE", "answer", "chunk", "decoded", "delta", "end", "folded", "fragment"]

DONE = "[DONE]"


def chunk(**fields: Any) -> str:
    """Write a chunk."""
    return json.dumps({"id": "r1", "model": "m1", "object": "chat.completion.chunk", **fields})


def delta(**said: Any) -> str:
    """Write a chunk whose first choice says something."""
    return chunk(choices=[{"index": 0, "delta": said, "finish_reason": None}])


def fragment(**fields: Any) -> str:
    """Write a chunk with one fragment of a tool call; `name` and `arguments` go where they go."""
    function = {key: fields.pop(key) for key in ("name", "arguments") if key in fields}
    return delta(tool_calls=[{**fields, "function": function}])


def end(reason: str | None = "stop", **fields: Any) -> str:
    """Write a chunk with a finish reason."""
    return chunk(choices=[{"index": 0, "delta": {}, "finish_reason": reason}], **fields)


def answer(message: dict[str, Any], reason: str | None = "stop", **fields: Any) -> bytes:
    """Write a whole answer."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    whole = {"id": "r1", "model": "m1", "object": "chat.completion", "choices": [choice], **fields}
    return json.dumps(whole).encode()


def decoded(*frames: str, messages: Iterable[Message] = ()) -> list[Event]:
    """Decode frames to their end, and the end of the bytes after them.

    Raises:
        HeadwaterError: What the frames say is wrong.
    """
    decoder = Decoder(Quirks(), messages)
    events: list[Event] = []
    for frame in frames:
        events += decoder.feed(frame)
        decoder.check()
        if decoder.is_done:
            return events
    return events + decoder.close()


def folded(*frames: str) -> ChatResponse:
    """Decode frames, and fold the events."""
    return fold(decoded(*frames))
