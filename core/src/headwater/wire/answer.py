"""Frames to events: what every plugin does with the answer to a streaming request."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ..errors import HeadwaterError
from ..events import Event, EventStream, UsageUpdated
from .frames import Framing
from .transport import Response

__all__ = ["StreamDecoder", "stream_events"]


class StreamDecoder(Protocol):
    """Turn the frames of one answer into events; pure.

    Attributes:
        is_settled: Whether the answer is complete but for what may trail it, or has failed.
        is_done: Whether nothing more can come.
    """

    is_settled: bool
    is_done: bool

    def feed(self, data: bytes, name: str) -> Iterable[Event]:
        """Take the payload of one frame, and the name of the event that it came in.

        Raises:
            HeadwaterError: It is nothing that this wire sends, or it says that something is wrong.
        """
        ...

    def check(self) -> None:
        """Raise what the last frame said was wrong, after the events that it gave all the same."""
        ...

    def close(self) -> Iterable[Event]:
        """Take the end of the bytes, good or bad.

        Returns:
            What completes an answer whose end mark was seen; of one that was cut a count that was
            not told yet, or nothing.
        """
        ...


async def stream_events(  # noqa: C901  # one loop: a call for each token costs more than it hides
    sending: AbstractAsyncContextManager[Response],
    decoder: StreamDecoder,
    framing: Framing = Framing.SSE,
) -> EventStream:
    """Send a request, and give the events that the decoder makes of the answer's frames.

    Shapes:
        stream_events(transport.send(request, errors=read_error), Decoder())

    Args:
        sending: What `Transport.send` gave.
        decoder: One for this answer.
        framing: How the frames are told apart.

    Raises:
        HeadwaterError: As the transport and the decoder do. Where the bytes end without the
            provider's end mark, the events just end, and the core raises `StreamInterrupted`.
    """
    async with sending as response:
        feed, reader = decoder.feed, response.reader(framing)
        is_open = True
        try:
            while is_open:
                chunk = await response.read_chunk()
                is_open = bool(chunk)
                for name, data, _, _ in reader.take(chunk):
                    for event in feed(data, name):
                        yield event
                    if decoder.is_settled:
                        decoder.check()
                        if decoder.is_done:
                            return
                        response.settle()
                reader.check()
        except HeadwaterError:
            for event in decoder.close():
                if type(event) is UsageUpdated:  # the partial answer is to have the last count
                    yield event
            raise
        for event in decoder.close():
            yield event
