"""What a plugin does wrong is named, contained, and leaves nothing open."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import pytest

from headwater import (
    ChatResponse,
    Event,
    Finished,
    FinishReason,
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
)
from headwater.wire.transport import Transport

from .odd import Odd, Says

END = Finished(FinishReason.STOP, "stop", Usage(1, 1))
CALL = ToolCallStarted("c1", "search")
CALLED = ToolCallFinished("c1", "search", arguments={}, raw_arguments="", is_valid=True)


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
