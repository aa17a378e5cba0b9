"""The API as the author of a plugin or of a layer writes it: never run, only type-checked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TypeVar

import attrs

from headwater import (
    Call,
    ChatRequest,
    ChatResponse,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    Health,
    Limits,
    Message,
    ModelInfo,
    ProviderInfo,
    Role,
    Runner,
    Secret,
    TextDelta,
    Usage,
    hookimpl,
)
from headwater.middleware import Handler, Log, Middleware, compose
from headwater.secret import require_key
from headwater.wire.sse import ServerSentEvent, SSEDecoder
from headwater.wire.status import ErrorBody, status_error
from headwater.wire.transport import HTTPRequest, Transport

T = TypeVar("T")


class Counting:
    """Count what flows, whatever it is."""

    def __init__(self) -> None:
        self.seen = 0

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        async with aclosing(call_next(call)) as items:
            async for item in items:
                self.seen += 1
                yield item


def as_secret(value: str | Secret | None) -> Secret | None:
    return Secret.of(value)


@attrs.define
class Provider:
    """A provider with everything that one may have."""

    api_key: Secret | None = attrs.field(default=None, converter=as_secret)
    base_url: str | None = None

    info = ProviderInfo("Mine", key_variables=("MINE_KEY",), limits=Limits(first_content_s=300))

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        async with transport.send(self._encode(request), errors=read_error) as response:
            async for frame in response.sse():
                yield TextDelta(frame.data)
        yield Finished(FinishReason.STOP, "stop", Usage(1, 2))

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        async with transport.send(self._encode(request), errors=read_error) as response:
            text = str(await response.json())
        return ChatResponse(Message(Role.ASSISTANT, text), finish_reason=FinishReason.STOP)

    @hookimpl
    async def count_usage(self, request: ChatRequest, transport: Transport) -> Usage:
        return Usage(len(request.messages))

    @hookimpl
    async def list_models(self, transport: Transport) -> Sequence[ModelInfo]:
        return [ModelInfo("m")]

    @hookimpl
    async def check_health(self, transport: Transport) -> Health:
        return Health(True)

    def _encode(self, request: ChatRequest) -> HTTPRequest:
        key = require_key(self.api_key, "MINE_KEY")
        return HTTPRequest.post_json("https://h", {}, {"authorization": key.bearer()})


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
    return status_error(status, headers, ErrorBody.read(body))


def use() -> Runner:
    layers: list[Middleware] = [Log(), Counting()]
    return Runner(providers={"mine": Provider(api_key="k")}, middleware=layers)


def composed(handler: Handler[Event]) -> Handler[Event]:
    return compose([Counting()], handler)


def decoded(chunk: bytes) -> list[ServerSentEvent]:
    decoder = SSEDecoder(max_event_bytes=100)
    last: ServerSentEvent | None = decoder.close()
    return decoder.feed(chunk) + ([last] if last else [])
