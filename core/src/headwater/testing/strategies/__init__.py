"""Strategies for hypothesis: bytes of all sorts, conversations, events, and payloads."""

from ._slices import ndjson_streams, slicings, sse_streams

__all__ = ["ndjson_streams", "slicings", "sse_streams"]
