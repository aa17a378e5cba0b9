"""An honest provider for the wire of `brook.py`; `liars.py` has what becomes of it otherwise."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any, ClassVar

import attrs

from headwater import (
    ChatRequest,
    ChatResponse,
    ContextTooLong,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    Image,
    InvalidRequest,
    Message,
    Overloaded,
    Part,
    ProtocolError,
    ProviderError,
    ProviderEvent,
    ProviderInfo,
    QuotaExceeded,
    RateLimited,
    Reasoning,
    ReasoningDelta,
    Role,
    Secret,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolResult,
    UnsupportedFeature,
    Usage,
    fold,
    hookimpl,
)
from headwater.parts import Media
from headwater.secret import as_secret, require_key
from headwater.wire.calls import CallIds, finished_call
from headwater.wire.status import ErrorBody, status_error
from headwater.wire.transport import HTTPRequest, Response, Transport

__all__ = ["Decoder", "Honest"]

REASONS = {
    "done": FinishReason.STOP,
    "full": FinishReason.LENGTH,
    "asks": FinishReason.TOOL_CALLS,
}
CODES: Mapping[str, type[HeadwaterError]] = {
    "busy": Overloaded,
    "slow": RateLimited,
    "wrong": InvalidRequest,
    "long": ContextTooLong,
    "paid": QuotaExceeded,
}


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
    """Make the error of a refusal."""
    said = ErrorBody.read(body)
    return status_error(status, headers, said, kind=CODES.get(said.code or ""))


class Decoder:
    """Decode one answer, frame by frame."""

    def __init__(self, request: ChatRequest) -> None:
        self.has_begun = False
        self.is_over = False
        self.why: str | None = None
        self.usage: Usage | None = None
        self.open: dict[int, tuple[str, str, list[str]]] = {}
        self.ids = CallIds(request.messages)

    def feed(self, name: str, data: str) -> list[Event]:
        """Take a frame."""
        value = self.parse(data)
        take = getattr(self, f"take_{name}", None)
        if take is None:
            return []
        try:
            events = list(take(value))
            self.has_begun = self.has_begun or bool(events)
            return events
        except (KeyError, TypeError, AttributeError) as error:
            raise ProtocolError.malformed("an event of the brook", data, error) from None

    def parse(self, data: str) -> dict[str, Any]:
        """Read the JSON of a frame."""
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ProtocolError.malformed("an event of the brook", data, error) from None
        if not isinstance(value, dict):
            raise ProtocolError.malformed("an event of the brook", data, ValueError("no object"))
        return value

    def take_begin(self, value: dict[str, Any]) -> Iterator[Event]:
        """Begin."""
        if not self.has_begun:
            yield Started(value.get("model"), value.get("id"), origin="brook")

    def take_note(self, value: dict[str, Any]) -> Iterator[Event]:
        """Pass on what has no event of its own."""
        yield ProviderEvent("note", value)

    def take_think(self, value: dict[str, Any]) -> Iterator[Event]:
        """Take a piece of reasoning."""
        if value.get("text"):
            yield ReasoningDelta(value["text"])

    def take_seal(self, value: dict[str, Any]) -> Iterator[Event]:
        """Take the seal of the reasoning."""
        yield ReasoningDelta("", {"seal": value.get("seal")})

    def take_say(self, value: dict[str, Any]) -> Iterator[Event]:
        """Take a piece of text."""
        if value.get("text"):
            yield TextDelta(value["text"])

    def take_call(self, value: dict[str, Any]) -> Iterator[Event]:
        """Begin a tool call."""
        if value["n"] in self.open:
            raise KeyError(value["n"])
        call_id = self.ids.unique(value.get("id"))
        name = value.get("name") or ""
        self.open[value["n"]] = (call_id, name, [])
        yield ToolCallStarted(call_id, name)

    def take_args(self, value: dict[str, Any]) -> Iterator[Event]:
        """Take a piece of a call's arguments."""
        call_id, _, pieces = self.open[value["n"]]
        if value.get("text"):
            pieces.append(value["text"])
            yield ToolCallDelta(call_id, value["text"])

    def take_end(self, value: dict[str, Any]) -> Iterator[Event]:
        """Take why the model stopped."""
        self.why = value.get("why")
        for call_id, name, pieces in self.open.values():
            yield finished_call(call_id, name, "".join(pieces))
        self.open.clear()

    def take_count(self, value: dict[str, Any]) -> Iterator[Event]:
        """Take the counts."""
        self.usage = self.count(value)
        yield from ()

    def count(self, value: dict[str, Any]) -> Usage:
        """Add up: the wire counts the cached and the thoughts apart."""
        cached, thought = value.get("cached"), value.get("thought")
        return Usage(
            value["read"] + (cached or 0),
            value["said"] + (thought or 0),
            cached_input_tokens=cached,
            reasoning_tokens=thought,
        )

    def take_over(self, value: dict[str, Any]) -> Iterator[Event]:
        """End, if the model has said why; else what came was cut."""
        if self.why is not None:
            self.is_over = True
            yield self.finished()

    def take_error(self, value: dict[str, Any]) -> Iterator[Event]:
        """Raise what the server says."""
        raise CODES.get(value.get("code", ""), ProviderError)(value.get("text", "it failed"))

    def finished(self) -> Finished:
        """Make the last event."""
        return Finished(REASONS.get(self.why or "", FinishReason.OTHER), self.why, self.usage)

    def close(self) -> list[Event]:
        """Take the end of the bytes."""
        return [] if self.why is None or self.is_over else [self.finished()]


@attrs.define(eq=False)
class Honest:
    """Speak the brook's wire."""

    api_key: Secret | None = attrs.field(default=None, converter=as_secret)
    base_url: str = "https://brook.test/v1"

    info: ClassVar[ProviderInfo] = ProviderInfo("Brook", key_variables=("BROOK_API_KEY",))
    make_decoder: ClassVar[type[Decoder]] = Decoder

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Stream the answer."""
        decoder = self.make_decoder(request)
        sent = self.encode(request, is_stream=True)
        async with transport.send(sent, errors=self.read_error) as response:
            async for name, data in self.frames(response):
                for event in decoder.feed(name, data):
                    yield event
                if decoder.is_over:
                    return
                if decoder.why is not None:
                    response.settle()
            for event in decoder.close():
                yield event

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Give the whole answer."""
        sent = self.encode(request, is_stream=False)
        async with transport.send(sent, errors=self.read_error) as response:
            return self.whole(request, await response.json())

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        """Give the name and the data of each event."""
        async for frame in response.sse():
            yield frame.event, frame.data

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
        """Make the error of a refusal."""
        return read_error(status, headers, body)

    def whole(self, request: ChatRequest, body: Any) -> ChatResponse:
        """Read a whole answer, as the stream that it might have been."""
        if not isinstance(body, dict) or "why" not in body:
            raise ProtocolError("expected an answer of the brook, got something else")
        decoder = self.make_decoder(request)
        events = [*decoder.take_begin(body), *decoder.take_think({"text": body["thought"]})]
        events += decoder.take_seal(body) if body["seal"] else []
        events += decoder.take_say(body)
        for number, call in enumerate(body["calls"]):
            events += decoder.take_call({**call, "n": number})
            events += decoder.take_args({"n": number, "text": call["args"]})
        events += decoder.take_end(body)
        events += decoder.take_count(body["count"]) if body["count"] else []
        return fold([*events, *decoder.take_over({})])

    def encode(self, request: ChatRequest, *, is_stream: bool) -> HTTPRequest:
        """Encode a request."""
        body = {**self.body(request, is_stream=is_stream), **request.extra}
        return HTTPRequest.post_json(f"{self.base_url}/chat", body, self.headers())

    def headers(self) -> dict[str, str | Secret]:
        """Make the headers."""
        return {"authorization": require_key(self.api_key, "BROOK_API_KEY").bearer()}

    def body(self, request: ChatRequest, *, is_stream: bool) -> dict[str, Any]:
        """Encode the body."""
        tools = [
            {"name": tool.name, "about": tool.description, "takes": tool.parameters}
            for tool in request.tools
        ]
        form = request.response_format
        return {
            "model": request.model.name,
            "stream": is_stream,
            "turns": [self.turn(message) for message in request.messages],
            "most": request.max_output_tokens,
            "heat": request.temperature,
            "share": request.top_p,
            "until": request.stop,
            "seed": request.seed,
            "tools": tools,
            "must": request.tool_choice,
            "form": None if form is None else form.schema,
        }

    def turn(self, message: Message) -> dict[str, Any]:
        """Encode a message."""
        parts = [self.part(part, message) for part in message.parts]
        return {"who": message.role, "parts": parts}

    def part(self, part: Part | Media, message: Message) -> dict[str, Any]:
        """Encode a part."""
        match part:
            case Text():
                return {"text": part.text}
            case Reasoning():
                is_ours = message.origin == "brook" and message.role is Role.ASSISTANT
                return {"thought": part.text, **((part.replay or {}) if is_ours else {})}
            case Image(data=bytes() as data):
                return {"image": base64.b64encode(data).decode()}
            case Image(url=str() as url):
                return {"image": url}
            case ToolCall():
                return {"call": part.call_id, "name": part.name, "args": part.raw_arguments}
            case ToolResult():
                content = [self.part(inner, message) for inner in part.content]
                return {"result": part.call_id, "content": content}
            case _:
                raise UnsupportedFeature(f"the brook takes no {type(part).__name__}")
