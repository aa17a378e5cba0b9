"""Frames as bytes."""

from __future__ import annotations

import json
from typing import Final

__all__ = ["EVENT_STREAM", "NDJSON", "event", "line", "text"]

EVENT_STREAM: Final = {"content-type": "text/event-stream"}
NDJSON: Final = {"content-type": "application/x-ndjson"}


def text(value: object) -> str:
    """Write JSON, with letters left as they are."""
    return json.dumps(value, ensure_ascii=False)


def event(value: object, name: str | None = None) -> bytes:
    """Write a server-sent event; text as it is, anything else as JSON."""
    data = value if isinstance(value, str) else text(value)
    head = "" if name is None else f"event: {name}\n"
    return f"{head}data: {data}\n\n".encode()


def line(value: object) -> bytes:
    """Write a line of newline-delimited JSON."""
    return text(value).encode() + b"\n"
