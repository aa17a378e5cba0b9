"""The transport of one attempt, over transports that are given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from headwater import (
    Call,
    ChatRequest,
    HeadwaterError,
    ModelId,
    Operation,
    ServerError,
    StreamInterrupted,
    user,
)
from headwater.parts import JSONValue
from headwater.wire.attempt import AttemptTransport
from headwater.wire.sse import ServerSentEvent
from headwater.wire.transport import HTTPRequest, ReadError, Response


def made_call(*, is_raw: bool = False) -> Call:
    """Make a call that has begun."""
    request = ChatRequest(model=ModelId("p", "m"), messages=(user("Hi"),))
    call = Call(request=request, operation=Operation.STREAM_CHAT, is_raw=is_raw)
    call.progress.begin_attempt()
    return call


class Frames:
    """Replay frames, without a byte to show for them."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.headers: Mapping[str, str] = {"x-request-id": "r1"}

    async def sse(self) -> AsyncGenerator[ServerSentEvent, None]:
        yield ServerSentEvent("message", "a")
        yield ServerSentEvent("message", "b")

    async def ndjson(self) -> AsyncGenerator[bytes, None]:
        yield b"{}"

    async def json(self) -> JSONValue:
        return {"a": 1}


class Replay:
    """Give one response to every request."""

    def __init__(self, response: Any) -> None:
        self.response = response

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        yield self.response

    async def wait(self, awaitable: Any) -> Any:
        return await awaitable


REQUEST = HTTPRequest("POST", "https://h")


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
    """Make an error of a refusal."""
    return ServerError(body.decode() or "nothing said")


async def test_frames_may_be_replayed_without_bytes() -> None:
    """A transport of somebody's own may give events, lines and JSON, which are shown too."""
    attempt = AttemptTransport(made_call(is_raw=True), lambda: Replay(Frames()), 2**20)
    async with attempt.send(REQUEST, errors=read_error) as response:
        events = [event.data async for event in response.sse()]
        lines = [line async for line in response.ndjson()]
        value = await response.json()
    assert (events, lines, value) == (["a", "b"], [b"{}"], {"a": 1})
    assert attempt.take_frames() == [b"a", b"b", b"{}"]
    assert attempt.take_frames() == []


class Leaving:
    """Count how often it is left."""

    def __init__(self) -> None:
        self.left = 0

    async def __aenter__(self) -> Any:
        return Frames()

    async def __aexit__(self, *_: object) -> None:
        self.left += 1


class Lends:
    """Give one context to every request."""

    def __init__(self, context: Leaving) -> None:
        self._context = context

    def send(self, request: HTTPRequest, *, errors: ReadError) -> Any:
        return self._context

    async def wait(self, awaitable: Any) -> Any:
        return await awaitable


async def test_a_response_is_left_once() -> None:
    """With its context, or else with its attempt, and not with both."""
    context = Leaving()
    attempt = AttemptTransport(made_call(), lambda: Lends(context), 2**20)
    async with attempt.send(REQUEST, errors=read_error):
        pass
    await attempt.aclose()
    assert context.left == 1
    sending = attempt.send(REQUEST, errors=read_error)
    await sending.__aenter__()
    await attempt.aclose()
    await attempt.aclose()
    await sending.__aexit__(None, None, None)
    assert context.left == 2


async def test_frames_that_refuse_have_no_body() -> None:
    """A replayed status makes an error, without words."""
    attempt = AttemptTransport(made_call(), lambda: Replay(Frames(500)), 2**20)
    with pytest.raises(ServerError, match="nothing said"):
        async with attempt.send(REQUEST, errors=read_error):
            pass


async def test_replayed_frames_can_be_left() -> None:
    """With some of them unread."""
    attempt = AttemptTransport(made_call(), lambda: Replay(Frames()), 2**20)
    async with attempt.send(REQUEST, errors=read_error) as response:
        assert (await anext(response.sse())).data == "a"


def settled_after(*chunks: bytes) -> Response:
    """Give chunks, then silence."""
    waiting = list(chunks)

    async def read_chunk() -> bytes:
        return waiting.pop(0) if waiting else await asyncio.sleep(30, b"late")

    return Response(200, {}, read_chunk)


async def test_a_settled_answer_ends_with_an_interruption() -> None:
    """Once the answer is complete, what comes after it spoils nothing, and warns of nothing."""
    call = made_call()
    attempt = AttemptTransport(call, lambda: Replay(settled_after(b"data: a\n\n")), 2**20)
    async with attempt.send(REQUEST, errors=read_error) as response:
        frames = response.sse()
        await anext(frames)
        response.settle()
        call.interrupt(StreamInterrupted("closed"))
        assert [frame async for frame in frames] == []


async def test_an_answer_that_is_not_settled_is_interrupted() -> None:
    """Before that an interruption is what it is."""
    call = made_call()
    attempt = AttemptTransport(call, lambda: Replay(settled_after(b"data: a\n\n")), 2**20)
    async with attempt.send(REQUEST, errors=read_error) as response:
        frames = response.sse()
        await anext(frames)
        call.interrupt(StreamInterrupted("closed"))
        with pytest.raises(StreamInterrupted, match="closed"):
            await anext(frames)


async def test_what_a_plugin_waits_for_is_a_sign_of_life() -> None:
    """Whether it succeeds or not."""
    call = made_call()
    attempt = AttemptTransport(call, lambda: Replay(Frames()), 2**20)
    assert await attempt.wait(asyncio.sleep(0, "done")) == "done"
    assert call.progress.last_byte_at is not None
