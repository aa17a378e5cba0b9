"""The handle that a caller iterates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import TypeVar

import pytest

from headwater import (
    Call,
    ChatRequest,
    DeadlineExceeded,
    Event,
    Finished,
    FinishReason,
    InvalidRequest,
    Provenance,
    ReasoningDelta,
    Runner,
    Started,
    StreamInterrupted,
    TextDelta,
    Usage,
    hookimpl,
)
from headwater.middleware import Handler
from headwater.wire.transport import Transport

T = TypeVar("T")


class Slow:
    """Take a moment between contents."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        yield Started("m-1", "r-1")
        await transport.wait(asyncio.sleep(0.01))
        yield ReasoningDelta("hm")
        await transport.wait(asyncio.sleep(0.03))
        yield TextDelta("a")
        yield TextDelta("", {"seal": 1})
        yield TextDelta("b")
        await transport.wait(asyncio.sleep(0.01))
        yield Finished(FinishReason.STOP, "stop", Usage(1, 50))


@pytest.fixture
def runner() -> Runner:
    """Make a runner with the slow provider."""
    return Runner(providers={"slow": Slow()})


async def test_text_is_text_alone(runner: Runner) -> None:
    """No reasoning, and nothing empty."""
    assert [text async for text in runner.stream_chat("slow/m", "Hi").text()] == ["a", "b"]


async def test_text_may_be_left_and_taken_up_again(runner: Runner) -> None:
    """Leaving the text leaves the stream open."""
    async with runner.stream_chat("slow/m", "Hi") as stream:
        async for text in stream.text():
            assert text == "a"
            break
        assert [text async for text in stream.text()] == ["b"]


async def test_a_stream_is_collected(runner: Runner) -> None:
    """To the whole answer, also when some of it was read before."""
    stream = runner.stream_chat("slow/m", "Hi")
    await anext(stream)
    response = await stream.collect()
    assert (response.text, response.reasoning, response.model) == ("ab", "hm", "m-1")
    assert response == stream.response


async def test_a_stream_ends_once(runner: Runner) -> None:
    """After its end there is nothing, however often it is asked; closing changes nothing."""
    stream = runner.stream_chat("slow/m", "Hi")
    await stream.collect()
    await stream.aclose()
    for _ in range(2):
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


async def test_a_response_grows(runner: Runner) -> None:
    """It can be looked at at any time, and says that it is partial."""
    stream = runner.stream_chat("slow/m", "Hi")
    assert (stream.response.text, stream.response.usage.is_known) == ("", False)
    async for event in stream:
        if event == TextDelta("a"):
            break
    assert (stream.response.text, stream.response.finish_reason) == ("a", None)
    assert stream.response.usage.provenance is Provenance.ESTIMATED
    await stream.aclose()


async def test_metrics_tell_how_fast(runner: Runner) -> None:
    """The first content, the whole, the longest gap, and the speed in between."""
    stream = runner.stream_chat("slow/m", "Hi")
    before = stream.metrics
    await stream.collect()
    metrics = stream.metrics
    assert (before.attempts, before.total_s, before.output_tokens_per_s) == (0, None, None)
    assert metrics.attempts == 1
    assert metrics.first_content_s is not None
    assert metrics.total_s is not None
    assert metrics.longest_gap_s is not None
    assert metrics.output_tokens_per_s is not None
    assert 0.01 <= metrics.first_content_s <= metrics.total_s
    assert 0.03 <= metrics.longest_gap_s <= metrics.total_s
    speed = 50 / (metrics.total_s - metrics.first_content_s)
    assert metrics.output_tokens_per_s == pytest.approx(speed, rel=0.05)


async def answer_without_a_provider(
    call: Call, call_next: Handler[T], /
) -> AsyncGenerator[T, None]:
    """Answer as a layer with a store of answers would."""
    told: list[Event] = [TextDelta("a"), TextDelta("b"), Finished(FinishReason.STOP, None)]
    for event in told:
        yield event  # type: ignore[misc]  # it knows that a stream is asked for


async def test_what_a_layer_makes_up_has_no_gaps() -> None:
    """It came when its first content came: there was nothing to wait for in between."""
    runner = Runner(providers={"slow": Slow()}, middleware=[answer_without_a_provider])
    stream = runner.stream_chat("slow/m", "Hi")
    assert (await stream.collect()).text == "ab"
    assert stream.metrics.first_content_s is not None
    assert stream.metrics.longest_gap_s is None


async def test_metrics_may_be_looked_at_under_way(runner: Runner) -> None:
    """A speed so far, and no total."""
    stream = runner.stream_chat("slow/m", "Hi")
    async for event in stream:
        if event == TextDelta("a"):
            break
    metrics = stream.metrics
    assert (metrics.total_s, metrics.output_tokens_per_s is not None) == (None, True)
    await stream.aclose()


async def test_the_consumers_time_is_no_gap(runner: Runner) -> None:
    """Only the wait for the model counts."""
    stream = runner.stream_chat("slow/m", "Hi")
    async for _ in stream:
        await asyncio.sleep(0.02)
    assert stream.metrics.longest_gap_s is not None
    assert stream.metrics.longest_gap_s < 0.06


async def test_two_tasks_cannot_read_at_once(runner: Runner) -> None:
    """The second is told so, and the first one reads on."""
    async with runner.stream_chat("slow/m", "Hi") as stream:
        first = asyncio.ensure_future(stream.__anext__())
        await asyncio.sleep(0)
        with pytest.raises(InvalidRequest, match="another task is reading"):
            await anext(stream)
        assert isinstance(await first, Started)
        assert (await stream.collect()).text == "ab"


class Settles:
    """End well when it is interrupted, as an answer does of which only the usage is missing."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        yield TextDelta("a")
        with suppress(StreamInterrupted):
            await transport.wait(asyncio.sleep(30))
        yield Finished(FinishReason.STOP)


@pytest.mark.parametrize("closers", [1, 2])
async def test_closing_as_the_answer_completes_waits_for_no_reader(closers: int) -> None:
    """The reader has the whole answer; whether it asks for more is its own affair."""
    seen: list[Event] = []
    async with Runner(providers={"settles": Settles()}) as runner:
        stream = runner.stream_chat("settles/m", "Hi")

        async def read_and_stay() -> None:
            async for event in stream:
                seen.append(event)
                if isinstance(event, Finished):
                    await asyncio.sleep(30)

        reader = asyncio.create_task(read_and_stay())
        await asyncio.sleep(0.01)
        async with asyncio.timeout(0.5):
            await asyncio.gather(*(stream.aclose() for _ in range(closers)))
        assert isinstance(seen[-1], Finished)
        assert stream.metrics.total_s is not None
        reader.cancel()


class Sees:
    """Note the error that passes, and swallow it if told so."""

    def __init__(self, *, swallows: bool = False) -> None:
        self.seen: list[type[BaseException]] = []
        self._swallows = swallows

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        try:
            async with aclosing(call_next(call)) as items:
                async for item in items:
                    yield item
        except BaseException as error:
            self.seen.append(type(error))
            if not self._swallows:
                raise


@pytest.mark.parametrize("swallows", [False, True], ids=["passes on", "swallows"])
async def test_a_deadline_that_passes_while_the_consumer_is_busy_is_seen_by_the_layers(
    runner: Runner, *, swallows: bool
) -> None:
    """So that it is logged as what it is, and raised whatever a layer makes of it."""
    layer = Sees(swallows=swallows)
    layers = [layer, *runner.middleware]
    stream = runner.stream_chat("slow/m", "Hi", middleware=layers, total_s=0.1)

    async def read_slowly() -> None:
        async for event in stream:
            if isinstance(event, TextDelta):
                await asyncio.sleep(0.12)

    with pytest.raises(DeadlineExceeded) as caught:
        await read_slowly()
    assert layer.seen == [DeadlineExceeded]
    assert caught.value.partial is not None
    assert caught.value.partial.text == "a"
