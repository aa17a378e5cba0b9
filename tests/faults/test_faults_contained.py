"""A plugin that holds on to what it should let go is stopped, and leaves nothing open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import attrs
import pytest

from headwater import (
    ChatRequest,
    ChatResponse,
    ContentGapTimeout,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    Message,
    PluginError,
    Runner,
    StreamInterrupted,
    TextDelta,
    Usage,
    hookimpl,
)
from headwater.testing.fault_server import FaultServer
from headwater.wire.http import HTTPTransport
from headwater.wire.transport import HTTPRequest, ReadError, Response, Transport

from .odd import Odd, Says
from .provider import Wire, read_error, read_into
from .wire import CHUNKED, begun, whole

END = Finished(FinishReason.STOP, "stop", Usage(1, 1))


@attrs.define
class Keeps(Wire):
    """Leave the response open as it returns."""

    kept: list[object] = attrs.field(factory=list)

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Enter the response, and forget to leave it."""
        sending = transport.send(self.request(request), errors=lambda *_: HeadwaterError(""))
        self.kept.append(sending)
        response = await sending.__aenter__()
        async for _ in response.sse():
            break
        yield END


async def test_what_a_plugin_leaves_open_is_closed(server: FaultServer) -> None:
    """The transport of an attempt closes at its end what the plugin forgot."""
    server.answer_with(begun("a"))
    async with Runner(providers={"odd": Keeps(server.url)}) as runner:
        await runner.stream_chat("odd/m", "Hi").collect()
        assert await server.end_seen_s(asyncio.get_running_loop().time()) < 0.1


@attrs.define
class Swallows(Wire):
    """Catch what it should let pass, and go on."""

    caught: list[BaseException] = attrs.field(factory=list)

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Read on, whatever happens."""
        async with transport.send(self.request(request), errors=lambda *_: END) as response:  # type: ignore[arg-type]
            yield TextDelta("a")
            for _ in range(3):
                try:
                    await response.read_chunk()
                except BaseException as error:
                    self.caught.append(error)
            await transport.wait(asyncio.sleep(10))


@attrs.define
class FailsOpen(Keeps):
    """Fail with the response open."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Do as the other does, up to the end."""
        async for _ in Keeps.stream_chat(self, request, transport):
            raise ValueError("no")
        yield END


class Counted(HTTPTransport):
    """Count how often what was sent is left."""

    left = 0

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Send, and count."""
        async with super().send(request, errors=errors) as response:
            try:
                yield response
            finally:
                self.left += 1


@pytest.mark.parametrize("kind", [Keeps, FailsOpen], ids=["ends", "fails"])
async def test_a_transport_of_ones_own_is_left_as_well(
    server: FaultServer, kind: type[Keeps]
) -> None:
    """Whatever a plugin forgot to leave, however it ended."""
    server.answer_with(begun("a"))
    transport = Counted()
    provider = kind(server.url)
    async with Runner(providers={"odd": provider}, transport=transport) as runner:
        with suppress(PluginError):
            await runner.stream_chat("odd/m", "Hi").collect()
        assert (transport.left, len(provider.kept)) == (1, 1)
    await transport.aclose()


async def test_a_plugin_that_swallows_cancellation_is_stopped(server: FaultServer) -> None:
    """Its next wait fails at once, in a PluginError that names it, and the connection is closed."""
    server.answer_with([CHUNKED])
    async with Runner(providers={"odd": Swallows(server.url)}) as runner:
        task = asyncio.create_task(runner.stream_chat("odd/m", "Hi").collect())
        await server.requests_seen(1)
        await asyncio.sleep(0.02)
        left_at = asyncio.get_running_loop().time()
        task.cancel()
        with pytest.raises(PluginError, match="'odd' went on"):
            await task
        assert await server.end_seen_s(left_at) < 0.1


async def test_a_plugin_that_swallows_a_limit_is_stopped(server: FaultServer) -> None:
    """A limit that a plugin catches stops its next wait as well, and cancels nobody."""
    server.answer_with([CHUNKED])
    provider = Swallows(server.url)
    async with Runner(providers={"odd": provider}) as runner:
        task = asyncio.create_task(runner.stream_chat("odd/m", "Hi", content_gap_s=0.05).collect())
        with pytest.raises(ContentGapTimeout):
            await task
    assert task.cancelling() == 0


async def blocking(seconds: float) -> AsyncGenerator[Event, None]:
    """Take long to clean up."""
    try:
        yield TextDelta("a")
        yield TextDelta("b")
    finally:
        await asyncio.sleep(seconds)


async def stubborn() -> AsyncGenerator[Event, None]:
    """Yield when it should end."""
    with suppress(GeneratorExit):
        yield TextDelta("a")
    yield TextDelta("b")


@pytest.mark.slow
async def test_a_plugin_that_blocks_in_its_clean_up_is_named() -> None:
    """Clean-up is bounded to a second, and whoever takes longer is named."""
    async with Runner(providers={"odd": Odd(lambda _: blocking(30))}) as runner:
        stream = runner.stream_chat("odd/m", "Hi")
        await anext(stream)
        with pytest.raises(PluginError, match=r"'odd'.*clean-up"):
            await stream.aclose()


async def test_a_plugin_that_does_not_end_is_named() -> None:
    """A generator that yields as it is closed is a PluginError."""
    async with Runner(providers={"odd": Odd(lambda _: stubborn())}) as runner:
        stream = runner.stream_chat("odd/m", "Hi")
        await anext(stream)
        with pytest.raises(PluginError, match="ignored GeneratorExit"):
            await stream.aclose()


@pytest.mark.slow
async def test_a_plugin_that_waits_past_its_transport_is_named() -> None:
    """What cannot be interrupted is said to be so, by an error of ours."""

    async def sleeping() -> AsyncGenerator[Event, None]:
        await asyncio.sleep(1.5)
        yield END

    async with Runner(providers={"odd": Odd(lambda _: sleeping())}) as runner:
        stream = runner.stream_chat("odd/m", "Hi")
        task = asyncio.create_task(read_into([], stream))
        await asyncio.sleep(0.01)
        with pytest.raises(PluginError, match=r"'odd'.*without its transport"):
            await stream.aclose()
        with pytest.raises(StreamInterrupted):
            await task


async def test_the_other_providers_go_on(server: FaultServer) -> None:
    """A runner whose one plugin fails serves the others."""
    server.answer_with(whole("a"))
    providers = {"odd": Says(["text"]), "wire": Wire(server.url)}
    async with Runner(providers=providers) as runner:
        with pytest.raises(PluginError):
            await runner.chat("odd/m", "Hi")
        assert (await runner.chat("wire/m", "Hi")).text == "a"


@attrs.define
class HoldsOn(Wire):
    """Take its time over whatever ends it, inside the response."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Read, and clean up slowly."""
        async with transport.send(self.request(request), errors=read_error) as response:
            try:
                async for frame in response.sse():
                    yield TextDelta(frame.data)
            finally:
                await asyncio.sleep(0.3)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["cancel", "close"])
async def test_the_connection_does_not_wait_for_a_plugins_clean_up(
    server: FaultServer, how: str
) -> None:
    """The socket is closed first, whether the reader waited or was between two events."""
    server.answer_with(begun("a"))
    async with Runner(providers={"odd": HoldsOn(server.url)}) as runner:
        stream = runner.stream_chat("odd/m", "Hi")
        await anext(stream)
        await anext(stream)
        left_at = asyncio.get_running_loop().time()
        if how == "close":
            await stream.aclose()
        else:
            task = asyncio.create_task(read_into([], stream))
            await asyncio.sleep(0.01)
            left_at = asyncio.get_running_loop().time()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await server.end_seen_s(left_at) < 0.1


@attrs.define
class KeepsInChat(Wire):
    """Leave the response open as `chat` fails or waits."""

    fails: bool = True
    kept: list[object] = attrs.field(factory=list)

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Enter the response, and forget to leave it."""
        sending = transport.send(self.request(request), errors=read_error)
        self.kept.append(sending)
        await sending.__aenter__()
        if self.fails:
            raise ValueError("no")
        await transport.wait(asyncio.sleep(30))
        raise AssertionError


@pytest.mark.parametrize("fails", [True, False], ids=["fails", "is cancelled"])
async def test_what_a_chat_leaves_open_is_closed(server: FaultServer, fails: bool) -> None:
    """However it ends."""
    server.answer_with(begun("a"))
    provider = KeepsInChat(server.url, fails=fails)
    async with Runner(providers={"odd": provider}) as runner:
        task = asyncio.create_task(runner.chat("odd/m", "Hi"))
        await server.requests_seen(1)
        await asyncio.sleep(0.02)
        left_at = asyncio.get_running_loop().time()
        task.cancel()
        with pytest.raises(PluginError if fails else asyncio.CancelledError):
            await task
        assert await server.end_seen_s(left_at) < 0.1


@attrs.define
class AnswersOpen(Keeps):
    """Answer in one piece, with the response open."""

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Enter the response, and forget to leave it."""
        sending = transport.send(self.request(request), errors=read_error)
        self.kept.append(sending)
        await sending.__aenter__()
        return ChatResponse(
            Message("assistant", "a"), finish_reason=FinishReason.STOP, usage=Usage(1, 1)
        )


async def test_what_a_chat_that_answers_leaves_open_is_closed(server: FaultServer) -> None:
    """That it has its answer makes no difference."""
    server.answer_with(begun("a"))
    transport = Counted()
    provider = AnswersOpen(server.url)
    async with Runner(providers={"odd": provider}, transport=transport) as runner:
        await runner.chat("odd/m", "Hi")
        assert (transport.left, len(provider.kept)) == (1, 1)
    await transport.aclose()
