"""Taking the bytes of a stream apart into frames, and putting them together otherwise."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

from ...wire.sse import SSEDecoder
from ..samples import Sample

__all__ = [
    "LINE_FRAMES",
    "SSE_FRAMES",
    "between",
    "boundaries",
    "can_rewrite",
    "frames",
    "keep_alive",
    "rewritten",
    "unknown_frame",
]

SSE_FRAMES: Final = "text/event-stream"
LINE_FRAMES: Final = "application/x-ndjson"
_END_OF_LINE: Final = rb"(?:\r\n|\n|\r(?!\n))"
_BLANK_LINE: Final = re.compile(_END_OF_LINE + _END_OF_LINE)


def frames(sample: Sample) -> list[bytes]:
    """Split a stream into its frames, each with what ends it; of an unknown framing the whole."""
    if sample.media_type == LINE_FRAMES:
        return sample.body.splitlines(keepends=True)
    if sample.media_type != SSE_FRAMES:
        return [sample.body]
    ends = [match.end() for match in _BLANK_LINE.finditer(sample.body)]
    places = sorted({0, *ends, len(sample.body)})
    return [sample.body[a:b] for a, b in pairwise(places)]


def boundaries(sample: Sample) -> list[int]:
    """Tell where frames begin, but for the first."""
    places, at = [], 0
    for frame in frames(sample)[:-1]:
        at += len(frame)
        places.append(at)
    return places


def between(sample: Sample, inserted: bytes) -> list[list[bytes]]:
    """Insert a frame: before all others, between any two, and everywhere at once."""
    whole = frames(sample)
    at_each = [[*whole[:place], inserted, *whole[place:]] for place in range(len(whole))]
    return [*at_each, [piece for frame in whole for piece in (inserted, frame)]]


def keep_alive(sample: Sample) -> bytes | None:
    """Give a frame that says nothing, None where the framing has no such."""
    return {SSE_FRAMES: b": keep-alive\n\n", LINE_FRAMES: b"\n"}.get(sample.media_type)


def unknown_frame(sample: Sample, padding: int = 0) -> bytes | None:
    """Give a frame of a type that nobody knows, None where the framing is not known.

    Args:
        sample: The stream that it is for.
        padding: How many bytes more it should have.
    """
    value = {"type": "conformance.unknown", "conformance": [1, None, {"a": "b" + "x" * padding}]}
    said = json.dumps(value).encode()
    return {
        SSE_FRAMES: b"event: conformance.unknown\ndata: %s\n\n" % said,
        LINE_FRAMES: said + b"\n",
    }.get(sample.media_type)


def can_rewrite(sample: Sample) -> bool:
    """Tell whether the payloads of a stream can be taken out of it and changed."""
    return sample.media_type in (SSE_FRAMES, LINE_FRAMES)


def rewritten(sample: Sample, change: Callable[[Any], Sequence[str]]) -> list[bytes]:
    """Write the frames again, the JSON of each changed; what is no JSON object stays.

    Args:
        sample: The stream.
        change: Gives the lines of the new JSON text of a value.
    """
    is_event = sample.media_type == SSE_FRAMES
    rewrite = _rewritten_event if is_event else _rewritten_line
    return [rewrite(frame, change) for frame in frames(sample)]


def _rewritten_event(frame: bytes, change: Callable[[Any], Sequence[str]]) -> bytes:
    events = SSEDecoder().feed(frame)
    value = _object(events[0].data) if len(events) == 1 else None
    if value is None:
        return frame
    name = events[0].event
    head = [] if name == "message" else [f"event: {name}"]
    data = [f"data: {text}" for text in change(value)]
    return "\n".join([*head, *data, "", ""]).encode()


def _rewritten_line(frame: bytes, change: Callable[[Any], Sequence[str]]) -> bytes:
    value = _object(frame)
    return frame if value is None else "".join([*change(value), "\n"]).encode()


def _object(data: str | bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
