"""A provider as small as one can be, over the real transport: each event is a text."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

import attrs

from headwater import (
    ChatRequest,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    Overloaded,
    TextDelta,
    Usage,
    hookimpl,
)
from headwater.testing import Stall
from headwater.testing.fault_server import Script, Step, respond
from headwater.wire.status import ErrorBody, status_error
from headwater.wire.transport import HTTPRequest, Transport

END = "[END]"
OVERLOADED = "[OVERLOADED]"


def said(*texts: str) -> bytes:
    """Give events, one for each text."""
    return "".join(f"data: {text}\n\n" for text in texts).encode()


def whole(*texts: str) -> Script:
    """Give a complete answer."""
    return respond(said(*texts, END))


def begun(*texts: str, then: Step | None = None) -> Script:
    """Give the beginning of an answer, and then silence, or what is named."""
    return respond(said(*texts), Stall() if then is None else then)


def _read_error(status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
    return status_error(status, headers, ErrorBody.read(body))


@attrs.define
class Lines:
    """Stream the data of each event as text."""

    base_url: str

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Stream until the end mark."""
        sent = HTTPRequest.post_json(self.base_url, {"prompt": request.messages[-1].text})
        async with transport.send(sent, errors=_read_error) as response:
            async for frame in response.sse():
                if frame.data == END:
                    yield Finished(FinishReason.STOP, "end", Usage(1, 2))
                    return
                if frame.data == OVERLOADED:
                    raise Overloaded("no room")
                yield TextDelta(frame.data)
