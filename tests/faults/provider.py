"""A provider as small as one can be, over the real transport."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

import attrs

from headwater import (
    ChatRequest,
    ChatResponse,
    ChatStream,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    Limits,
    Message,
    Overloaded,
    ProviderInfo,
    Role,
    Secret,
    Started,
    TextDelta,
    Usage,
    UsageUpdated,
    hookimpl,
)
from headwater.wire.status import ErrorBody, status_error
from headwater.wire.transport import HTTPRequest, Transport

from .wire import DONE

KEY = "sk-live-0123456789abcdef"


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
    """Make the error of a refusal."""
    return status_error(status, headers, ErrorBody.read(body))


async def read_into(shown: list[str], stream: ChatStream) -> None:
    """Read a stream to its end or its error, keeping the texts that it shows."""
    async for text in stream.text():
        shown.append(text)  # noqa: PERF401  # kept as they come, the error notwithstanding


def as_secret(value: str | Secret | None) -> Secret | None:
    """Convert a key."""
    return Secret.of(value)


INFO = ProviderInfo("Wire", key_variables=("WIRE_API_KEY",))


@attrs.define
class Wire:
    """Stream the data of each event as text; a few words of its own mean something else."""

    base_url: str
    api_key: Secret | None = attrs.field(default=Secret(KEY), converter=as_secret)
    info: ProviderInfo = INFO

    def request(self, request: ChatRequest) -> HTTPRequest:
        """Encode a request."""
        headers = {} if self.api_key is None else {"authorization": self.api_key.bearer()}
        body = {"prompt": request.messages[-1].text, **request.extra}
        return HTTPRequest.post_json(f"{self.base_url}/chat", body, headers)

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Stream: "begin" is `Started`, "count" a usage, "overloaded" an error, "stop" the end."""
        reason = None
        async with transport.send(self.request(request), errors=read_error) as response:
            async for frame in response.sse():
                match frame.data:
                    case "begin":
                        yield Started("wire-1", "r-1")
                    case "count":
                        yield UsageUpdated(Usage(7, 0))
                    case "overloaded":
                        raise Overloaded("no room")
                    case "stop":
                        reason = FinishReason.STOP
                        response.settle()
                    case text if text == DONE:
                        yield Finished(reason or FinishReason.OTHER, None, Usage(7, 2))
                        return
                    case text:
                        yield TextDelta(text)
            if reason is not None:
                yield Finished(reason, "stop")


@attrs.define
class Whole(Wire):
    """Answer in one piece as well."""

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Give the body's text."""
        async with transport.send(self.request(request), errors=read_error) as response:
            text = (await response.read()).decode()
        message = Message(Role.ASSISTANT, text)
        return ChatResponse(message, finish_reason=FinishReason.STOP, usage=Usage(7, 2))


def with_limits(base_url: str, limits: Limits) -> Wire:
    """Make a provider that declares limits."""
    return Wire(base_url, info=ProviderInfo("Wire", limits=limits))
