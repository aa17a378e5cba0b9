"""What the fault server says: HTTP and event streams, as bytes."""

from __future__ import annotations

from headwater.testing.fault_server import LAST_CHUNK, Script, Stall, Step, chunk

DONE = "[DONE]"


def head(status: int = 200, *headers: str, media_type: str = "text/event-stream") -> bytes:
    """Give the head of an answer."""
    lines = (f"HTTP/1.1 {status} Status", f"content-type: {media_type}", *headers)
    return "\r\n".join((*lines, "", "")).encode()


CHUNKED = head(200, "transfer-encoding: chunked")


def events(*texts: str) -> bytes:
    """Give server-sent events, one for each text."""
    return "".join(f"data: {text}\n\n" for text in texts).encode()


def said(*texts: str) -> bytes:
    """Give events as one chunk."""
    return chunk(events(*texts))


def whole(*texts: str) -> Script:
    """Give a complete answer, with its end mark."""
    return [CHUNKED + said(*texts, DONE) + LAST_CHUNK]


def refusal(status: int, *headers: str, body: bytes = b'{"error": {"message": "no"}}') -> Script:
    """Give a complete answer that refuses."""
    size = f"content-length: {len(body)}"
    return [head(status, size, *headers, media_type="application/json") + body]


def begun(*texts: str, then: Step | None = None) -> Script:
    """Give the beginning of an answer, and then silence, or what is named."""
    return [CHUNKED + (said(*texts) if texts else b""), Stall() if then is None else then]


PING = chunk(b": ping\n\n")
