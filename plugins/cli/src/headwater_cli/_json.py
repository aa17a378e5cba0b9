"""The answer for programs: JSON whole, or JSON lines."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, Final, TextIO

import attrs

from headwater import ChatResponse, Event, HeadwaterError, StreamMetrics, Usage

__all__ = [
    "JSONLinesReporter",
    "JSONReporter",
    "error_fields",
    "event_fields",
    "response_fields",
    "write_json",
]

_WORD_START: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def write_json(value: object, stream: TextIO) -> None:
    """Write a line of JSON, in ASCII: it passes through every locale and steers no terminal."""
    stream.write(json.dumps(value) + "\n")
    stream.flush()


class JSONReporter:
    """Write the answer as one JSON object at its end."""

    is_live: ClassVar[bool] = False

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def take(self, event: Event) -> None:
        """Wait for the end."""

    def leave(self) -> None:
        """Leave the output as it is: what is incomplete is no answer."""

    def finish(self, response: ChatResponse, metrics: StreamMetrics | None) -> None:
        """Write the answer."""
        write_json(response_fields(response, metrics), self._out)

    def fail(self, error: HeadwaterError) -> None:
        """Write the error in place of the answer."""
        write_json({"error": error_fields(error)}, self._out)


class JSONLinesReporter:
    """Write each event as a line of JSON, when it comes."""

    is_live: ClassVar[bool] = True

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def take(self, event: Event) -> None:
        """Write an event."""
        write_json(event_fields(event), self._out)

    def leave(self) -> None:
        """Leave the output as it is: each line is whole."""

    def finish(self, response: ChatResponse, metrics: StreamMetrics | None) -> None:
        """Write nothing more: the last event has said it."""

    def fail(self, error: HeadwaterError) -> None:
        """Write the error as the last line."""
        write_json({"event": "error", **error_fields(error)}, self._out)


def _event_name(event: Event) -> str:
    return _WORD_START.sub("_", type(event).__name__).lower()


def _fields(value: attrs.AttrsInstance) -> dict[str, Any]:
    return attrs.asdict(value, value_serializer=_plain)


def _plain(_owner: object, _field: object, value: object) -> object:
    """Give a value as JSON can hold it."""
    if isinstance(value, Usage):
        return _usage(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _usage(usage: Usage) -> dict[str, Any]:
    return {**attrs.asdict(usage), "total_tokens": usage.total_tokens}


def event_fields(event: Event) -> dict[str, Any]:
    """Give an event as JSON can hold it."""
    return {"event": _event_name(event), **_fields(event)}


def response_fields(response: ChatResponse, metrics: StreamMetrics | None) -> dict[str, Any]:
    """Give an answer as JSON can hold it."""
    return {
        "text": response.text,
        "reasoning": response.reasoning,
        "refusal": response.refusal,
        "tool_calls": [_fields(call) for call in response.tool_calls],
        "finish_reason": response.finish_reason,
        "raw_reason": response.raw_reason,
        "usage": _usage(response.usage),
        "model": response.model,
        "response_id": response.response_id,
        "dropped": response.dropped,
        "provider_events": [_fields(event) for event in response.provider_events],
        "metrics": None if metrics is None else _fields(metrics),
    }


def error_fields(error: HeadwaterError) -> dict[str, Any]:
    """Give an error as JSON can hold it."""
    return {
        "class": type(error).__name__,
        "category": error.category,
        "message": error.message,
        "advice": error.advice,
        "provider": error.provider,
        "model": error.model,
        "status": error.status,
        "code": error.code,
        "request_id": error.request_id,
        "is_retryable": error.is_retryable,
        "retry_after_s": error.retry_after_s,
        "attempts": error.attempts,
        "partial_text": None if error.partial is None else error.partial.text,
    }
