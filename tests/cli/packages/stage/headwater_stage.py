"""A provider that plays scenes, for the tests of the command line.

The model's name chooses the scene: "slow", or "fail-RateLimited" for an error.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, TypeAlias, cast

import headwater
from headwater import (
    ChatRequest,
    ChatResponse,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    LimitPassed,
    Message,
    MissingKey,
    ModelInfo,
    ProviderEvent,
    ProviderInfo,
    RateLimited,
    ReasoningDelta,
    RefusalDelta,
    Role,
    ServerError,
    Started,
    StreamInterrupted,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    Usage,
    hookimpl,
)
from headwater.errors import printable
from headwater.wire.transport import HTTPRequest, Transport

Events: TypeAlias = AsyncGenerator[Event, None]
Scene: TypeAlias = Callable[[ChatRequest, Transport], Events]

PAUSE_S = 0.25
HOSTILE = "safe\x1b[2J\x1b]0;title\x07\x9b31m\u202eend"


async def slow(request: ChatRequest, transport: Transport) -> Events:
    """Take a while before each word, and wait before the last for the test, if it says so."""
    for word in ("one", " two", " three"):
        await transport.wait(asyncio.sleep(PAUSE_S))
        if word == " three":
            await transport.wait(_gate())
        yield TextDelta(word)
    yield Finished(FinishReason.STOP, "stop", Usage(3, 3))


async def _gate() -> None:
    gate = os.environ.get("STAGE_GATE")
    while gate and not os.access(gate, os.F_OK):  # noqa: ASYNC110  # another process opens it
        await asyncio.sleep(0.02)


async def silent(request: ChatRequest, transport: Transport) -> Events:
    """Never say anything."""
    await transport.wait(asyncio.sleep(3600))
    yield Finished(FinishReason.STOP)


async def endless(request: ChatRequest, transport: Transport) -> Events:
    """Never end, and note when closed."""
    try:
        while True:
            await transport.wait(asyncio.sleep(0.001))
            yield TextDelta("and so on, ")
    finally:
        _note("closed")


async def wire(request: ChatRequest, transport: Transport) -> Events:
    """Pass on the lines that a server sends."""
    sent = HTTPRequest("POST", os.environ["STAGE_URL"], body=b"{}")
    async with transport.send(sent, errors=_no_error) as response:
        async for line in response.ndjson():
            yield TextDelta(line.decode())
    yield Finished(FinishReason.STOP)


async def thoughts(request: ChatRequest, transport: Transport) -> Events:
    """Think aloud, answer, and think again."""
    yield ReasoningDelta("let me")
    yield ReasoningDelta(" think")
    yield TextDelta("First.")
    yield ReasoningDelta("more thought")
    yield TextDelta("\nSecond.")
    usage = Usage(12, 34, cached_input_tokens=5, reasoning_tokens=20)
    yield Finished(FinishReason.STOP, "end_turn", usage)


async def tools(request: ChatRequest, transport: Transport) -> Events:
    """Ask for two tools, once with arguments that are no JSON."""
    for call_id, raw in (("call_1", '{"city": "Zürich"}'), ("call_2", '{"city": \n')):
        is_valid = call_id == "call_1"
        yield ToolCallStarted(call_id, "get_weather")
        yield ToolCallDelta(call_id, raw)
        yield ToolCallFinished(
            call_id,
            "get_weather",
            arguments={"city": "Zürich"} if is_valid else None,
            raw_arguments=raw,
            is_valid=is_valid,
        )
    yield Finished(FinishReason.TOOL_CALLS, "tool_calls", Usage(7, None))


async def refusal(request: ChatRequest, transport: Transport) -> Events:
    """Refuse in words."""
    yield RefusalDelta("I would")
    yield RefusalDelta(" rather not.")
    yield Finished(FinishReason.REFUSAL, "refusal")


async def hostile(request: ChatRequest, transport: Transport) -> Events:
    """Try to steer the terminal, wherever text of a provider is shown."""
    yield Started(HOSTILE, dropped=(f"an image {HOSTILE}",))
    yield ReasoningDelta(HOSTILE)
    yield TextDelta(HOSTILE)
    yield Finished(FinishReason.OTHER, HOSTILE)


async def newlines(request: ChatRequest, transport: Transport) -> Events:
    """End with more newlines than one."""
    for text in ("\n", "a\n", "\n", "b\n\n", "\n"):
        yield TextDelta(text)
    yield Finished(FinishReason.STOP)


async def unicode(request: ChatRequest, transport: Transport) -> Events:
    """Write what no old encoding holds, half a surrogate pair too."""
    yield TextDelta("Zürich \U0001f30a ")
    yield TextDelta("\ud83c")
    yield Finished(FinishReason.STOP)


async def cut(request: ChatRequest, transport: Transport) -> Events:
    """End in the middle."""
    yield ProviderEvent("note", {"a": 1})
    yield TextDelta("half an ans")


async def request(request: ChatRequest, transport: Transport) -> Events:
    """Show the request as it arrived."""
    message = request.messages[-1]
    for part in message.parts:
        yield TextDelta(f"{part!r}\n")
    yield TextDelta(repr({**dict(request.extra), "system": request.messages[0].text}))
    yield Finished(FinishReason.STOP)


async def bug(request: ChatRequest, transport: Transport) -> Events:
    """Fail as programs do."""
    yield TextDelta("so far")
    raise ZeroDivisionError("division by \x1b[5mzero")


def _note(what: str) -> None:
    Path(os.environ["STAGE_NOTE"]).write_text(what, encoding="utf-8")


def _no_error(status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
    return ServerError(printable(body.decode()), status=status)


def _failing(name: str) -> Scene:
    async def fail(request: ChatRequest, transport: Transport) -> Events:
        raise _error(name)
        yield TextDelta("")  # makes it a generator

    return fail


def _error(name: str) -> HeadwaterError:
    """Make the error of that class, as a provider's plugin would."""
    kind = cast("type[HeadwaterError]", getattr(headwater, name))
    if issubclass(kind, LimitPassed):
        return kind("the wait was too long", limit_s=1.0, waited_s=1.0)
    if issubclass(kind, MissingKey):
        return kind("this provider needs a key: set STAGE_KEY")
    wait_s = 7.0 if kind is RateLimited else None
    return kind(
        f"it said {name}",
        status=None if kind is StreamInterrupted else 418,
        is_retryable=False,
        retry_after_s=wait_s,
        request_id="req_1",
    )


SCENES: Mapping[str, Scene] = {
    scene.__name__: scene
    for scene in (
        *(slow, silent, endless, wire, thoughts, tools, refusal),
        *(hostile, newlines, unicode, cut, request, bug),
    )
}


class Stage:
    """Play the scene that the model's name chooses."""

    info: ClassVar[ProviderInfo] = ProviderInfo("Stage", key_variables=("STAGE_KEY",))

    @hookimpl
    def stream_chat(self, request: ChatRequest, transport: Transport) -> Events:
        """Play it."""
        prefix, _, name = request.model.name.partition("fail-")
        scene = SCENES[request.model.name] if prefix else _failing(name)
        return scene(request, transport)

    @hookimpl
    async def list_models(self) -> Sequence[ModelInfo]:
        """List the scenes."""
        return [ModelInfo(name, max_input_tokens=128_000) for name in SCENES]


class Whole:
    """Answer in one piece; have no list of models."""

    info: ClassVar[ProviderInfo] = ProviderInfo("Whole")

    @hookimpl
    async def chat(self, request: ChatRequest) -> ChatResponse:
        """Answer."""
        return ChatResponse(
            Message(Role.ASSISTANT, "all at once"), finish_reason=FinishReason.STOP, model="w-1"
        )


class BrokenModels:
    """Answer like the other, and list what are no models."""

    info: ClassVar[ProviderInfo] = ProviderInfo("Broken models")

    @hookimpl
    async def chat(self, request: ChatRequest) -> ChatResponse:
        """Answer."""
        return ChatResponse(Message(Role.ASSISTANT, "yes"), finish_reason=FinishReason.STOP)

    @hookimpl
    async def list_models(self) -> object:
        """List texts."""
        return ["a", "b"]
