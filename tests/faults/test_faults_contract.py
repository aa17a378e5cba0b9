"""What a plugin does wrong is named, contained, and leaves nothing open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

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
    PluginError,
    ProviderEvent,
    RawFrame,
    ReasoningDelta,
    RefusalDelta,
    Runner,
    Started,
    StreamInterrupted,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    Usage,
    UsageUpdated,
    hookimpl,
)
from headwater.wire.transport import Transport

from .provider import Wire, read_into
from .rig import FaultServer
from .wire import CHUNKED, begun, whole

END = Finished(FinishReason.STOP, "stop", Usage(1, 1))
CALL = ToolCallStarted("c1", "search")
CALLED = ToolCallFinished("c1", "search", arguments={}, raw_arguments="", is_valid=True)


@attrs.define
class Says:
    """Yield what it is given, whatever that is."""

    events: list[object]

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Yield it."""
        for event in self.events:
            yield event  # type: ignore[misc]  # the point of it


async def stream_of(provider: object) -> ChatResponse:
    """Give the answer of a provider that the runner calls "odd"."""
    async with Runner(providers={"odd": provider}) as runner:
        return await runner.stream_chat("odd/m", "Hi").collect()


BREACHES: dict[str, tuple[list[object], str]] = {
    "no event": (["text"], "yielded str"),
    "no event after one": ([Started(), None], "yielded NoneType"),
    "a raw frame": ([RawFrame(b""), END], "yielded RawFrame"),
    "two starts": ([Started(), Started(), END], "yielded Started"),
    "a start after text": ([TextDelta("a"), Started(), END], "yielded Started"),
    "two ends": ([END, END], "yielded Finished after Finished"),
    "text after the end": ([END, TextDelta("a")], "yielded TextDelta after Finished"),
    "a delta of no call": ([ToolCallDelta("c1", "{}"), END], "ToolCallDelta for a call that is"),
    "a call that ends unbegun": ([CALLED, END], "ToolCallFinished for a call that is"),
    "a call that begins twice": ([CALL, CALL, END], "ToolCallStarted twice"),
    "a call that ends twice": ([CALL, CALLED, CALLED, END], "ToolCallFinished for a call"),
    "an end with a call open": ([CALL, END], "Finished while tool calls were open"),
}


@pytest.mark.parametrize(("events", "what"), BREACHES.values(), ids=BREACHES.keys())
async def test_a_breach_of_the_grammar_is_named(events: list[object], what: str) -> None:
    """The error names the plugin and what it did."""
    with pytest.raises(PluginError, match=f"plugin 'odd' of the object Says .*{what}") as caught:
        await stream_of(Says(events))
    assert (caught.value.provider, caught.value.is_retryable) == ("odd", False)


GOOD: dict[str, list[object]] = {
    "calls that interleave": [
        CALL,
        ToolCallStarted("c2", "search"),
        ToolCallDelta("c1", ""),
        ToolCallDelta("c2", ""),
        CALLED,
        ToolCallFinished("c2", "search", arguments=None, raw_arguments="{", is_valid=False),
        END,
    ],
    "a call id that is used again": [CALL, CALLED, CALL, CALLED, END],
    "everything": [
        Started("m", "r"),
        ReasoningDelta("hm"),
        ReasoningDelta("", {"signature": "s"}),
        RefusalDelta("no"),
        TextDelta("a"),
        UsageUpdated(Usage(1)),
        ProviderEvent("citation", {}),
        END,
    ],
    "an end alone": [END],
}


@pytest.mark.parametrize("events", GOOD.values(), ids=GOOD.keys())
async def test_what_keeps_the_grammar_passes(events: list[object]) -> None:
    """The guard stands in nobody's way."""
    assert (await stream_of(Says(events))).finish_reason is FinishReason.STOP


async def test_a_start_is_supplied() -> None:
    """Readers can rely on Started, which names the model that was asked for."""
    async with Runner(providers={"odd": Says([TextDelta("a"), END])}) as runner:
        events = [event async for event in runner.stream_chat("odd/m", "Hi")]
    assert events[0] == Started("m")


async def test_empty_deltas_are_dropped() -> None:
    """A delta that adds nothing is none, but for what it carries back."""
    empty = [TextDelta(""), ReasoningDelta(""), RefusalDelta(""), TextDelta("", {"s": 1})]
    async with Runner(providers={"odd": Says([*empty, END])}) as runner:
        events = [event async for event in runner.stream_chat("odd/m", "Hi")]
    assert events[1:-1] == [TextDelta("", {"s": 1})]


class Odd:
    """A provider whose hook is a function given to it."""

    def __init__(self, hook: Callable[[Transport], object]) -> None:
        self._hook = hook

    @hookimpl
    def stream_chat(self, request: ChatRequest, transport: Transport) -> object:
        """Do what was given."""
        return self._hook(transport)


async def a_coroutine() -> None:
    """Stand for an `async def` without a `yield`."""


def raised(error: BaseException) -> object:
    """Raise it."""
    raise error


@pytest.mark.parametrize(
    ("hook", "what"),
    [
        (lambda _: a_coroutine(), "async generator, got coroutine"),
        (lambda _: [END], "async generator, got list"),
        (lambda _: None, "async generator, got NoneType"),
        (lambda _: raised(KeyError("x")), "failed with KeyError: 'x'"),
        (lambda _: raised(StopIteration()), "failed with StopIteration"),
    ],
    ids=["coroutine", "list", "nothing", "raises", "stops"],
)
async def test_what_is_no_stream_is_named(hook: Callable[[Transport], object], what: str) -> None:
    """A hook that gives no async generator, or fails as it is called, is a PluginError."""
    with pytest.raises(PluginError, match=what):
        await stream_of(Odd(hook))


async def failing(error: Exception) -> AsyncGenerator[Event, None]:
    """Yield, then fail."""
    yield TextDelta("a")
    raise error


@pytest.mark.parametrize(
    "error",
    [ValueError("no"), StopAsyncIteration(), RuntimeError("no"), TimeoutError(), OSError("no")],
    ids=lambda error: type(error).__name__,
)
async def test_an_exception_of_a_plugin_becomes_ours(error: Exception) -> None:
    """Whatever a plugin raises arrives as a PluginError, with its cause and what had come."""
    with pytest.raises(PluginError, match="the plugin 'odd'") as caught:
        await stream_of(Odd(lambda _: failing(error)))
    assert caught.value.__cause__ is not None
    assert caught.value.partial is not None
    assert caught.value.partial.text == "a"


async def test_a_plugin_that_just_returns_was_cut() -> None:
    """To return without Finished is to say that the bytes ended."""
    with pytest.raises(StreamInterrupted):
        await stream_of(Says([TextDelta("a")]))


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
    server.answers(begun("a"))
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


async def test_a_plugin_that_swallows_cancellation_is_stopped(server: FaultServer) -> None:
    """Its next wait fails at once, in a PluginError that names it, and the connection is closed."""
    server.answers([CHUNKED])
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
    server.answers([CHUNKED])
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
    server.answers(whole("a"))
    providers = {"odd": Says(["text"]), "wire": Wire(server.url)}
    async with Runner(providers=providers) as runner:
        with pytest.raises(PluginError):
            await runner.chat("odd/m", "Hi")
        assert (await runner.chat("wire/m", "Hi")).text == "a"
