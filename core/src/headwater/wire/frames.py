"""The frames of an answer, told apart as its bytes come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from ..errors import ProtocolError, StreamInterrupted
from .ndjson import NDJSONDecoder
from .sse import Frame, SSEDecoder

__all__ = ["FrameReader", "Framing", "check_whole", "frame_reader"]

_END: Final = b"\n\n"  # ends a line, and a block of lines
_WEB_PAGE: Final = "text/html"


class Framing(StrEnum):
    """How the frames of a stream are told apart."""

    SSE = "sse"
    NDJSON = "ndjson"


_DECODERS: Final[Mapping[Framing, type[SSEDecoder] | type[NDJSONDecoder]]] = {
    Framing.SSE: SSEDecoder,
    Framing.NDJSON: NDJSONDecoder,
}


class FrameReader(Protocol):
    """Tell the frames of one body apart."""

    def take(self, chunk: bytes) -> Iterable[Frame]:
        """Take the next bytes, b"" at their end, and give the frames that they complete.

        Raises:
            ProtocolError: A frame is too large, or a web page came. Where frames were complete
                before it, they are given first, and `check` raises.
            StreamInterrupted: The body of an answer that is no stream is empty.
        """
        ...

    def check(self) -> None:
        """Raise what `take` has kept back."""
        ...


def frame_reader(
    framing: Framing,
    media_type: str,
    max_event_bytes: int,
    on_frame: Callable[[bytes], None] | None,
) -> FrameReader:
    """Make the reader that suits a body.

    Args:
        framing: How its frames are told apart.
        media_type: What it is said to be. A web page is refused, and plain JSON in place of
            server-sent events, as some servers answer when they fail, is one frame.
        max_event_bytes: Bytes of one frame.
        on_frame: Is shown the payload of each frame, before what is decoded from it.
    """
    is_plain_json = framing is Framing.SSE and media_type == "application/json"
    if is_plain_json or media_type == _WEB_PAGE:
        return _Whole(media_type, on_frame)
    return _Streamed(framing, max_event_bytes, on_frame)


class _Streamed:
    """Tell frames apart as they come; one that the bytes end in counts if it is complete JSON."""

    def __init__(
        self, framing: Framing, max_event_bytes: int, on_frame: Callable[[bytes], None] | None
    ) -> None:
        decoder = _DECODERS[framing](max_event_bytes=max_event_bytes)
        self.check = decoder.check
        self._frames = decoder.frames
        self._on_frame = on_frame

    def take(self, chunk: bytes) -> Iterable[Frame]:
        if chunk:
            frames = self._frames(chunk)
        else:
            frames = [frame for frame in self._frames(_END) if _is_json(frame[1])]
        return frames if self._on_frame is None else _shown(frames, self._on_frame)


class _Whole:
    """Take a body that is no stream for one frame."""

    def __init__(self, media_type: str, on_frame: Callable[[bytes], None] | None) -> None:
        self._media_type = media_type
        self._on_frame = on_frame
        self._pieces: list[bytes] = []

    def take(self, chunk: bytes) -> Iterable[Frame]:
        self._pieces.append(chunk)
        if chunk:
            return ()
        body = check_whole(b"".join(self._pieces), self._media_type)
        frames: list[Frame] = [("message", body.decode("utf-8", "replace").encode(), "", None)]
        return frames if self._on_frame is None else _shown(frames, self._on_frame)

    def check(self) -> None:
        """Do nothing: what is wrong is known at the end."""


def check_whole(body: bytes, media_type: str) -> bytes:
    """Give a whole body, if it can be an answer.

    Raises:
        StreamInterrupted: There is none.
        ProtocolError: It is a web page.
    """
    if media_type == _WEB_PAGE:
        excerpt = body[:200].decode("utf-8", "replace")
        raise ProtocolError(
            "expected the answer of a model, got a web page: the base URL leads to something "
            f"that is no such API, or a proxy stands between. It begins: {excerpt!r}"
        )
    if not body.strip():
        raise StreamInterrupted("the server closed its answer without a byte of a body")
    return body


def _shown(frames: Iterable[Frame], on_frame: Callable[[bytes], None]) -> Iterator[Frame]:
    """Show each frame before what is decoded from it."""
    for frame in frames:
        on_frame(frame[1])
        yield frame


def _is_json(data: bytes) -> bool:
    """Tell whether a frame that was not terminated is whole all the same."""
    try:
        msgspec.json.decode(data)
    except (ValueError, RecursionError):  # bad UTF-8 is a ValueError
        return False
    return True
