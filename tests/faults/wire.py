"""What the fault server says: HTTP and event streams, as bytes."""

from __future__ import annotations

from .rig import Script, Stall, Step

DONE = "[DONE]"


def head(status: int = 200, *headers: str, media_type: str = "text/event-stream") -> bytes:
    """Give the head of an answer."""
    lines = (f"HTTP/1.1 {status} Status", f"content-type: {media_type}", *headers)
    return "\r\n".join((*lines, "", "")).encode()


CHUNKED = head(200, "transfer-encoding: chunked")
LAST_CHUNK = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """Give some bytes of a body as one chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


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
