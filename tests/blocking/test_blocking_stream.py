"""What a thread reads of a stream: the asynchronous one's events, answer and errors."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import AsyncGenerator
from contextvars import ContextVar
from typing import TypeVar

import pytest

import headwater
from headwater import (
    Call,
    ConfigurationError,
    Event,
    FinishReason,
    InvalidRequest,
    Overloaded,
    Provenance,
    Started,
    StreamInterrupted,
    TextDelta,
    UnknownProvider,
)
from headwater.blocking import ChatStream, Runner
from headwater.middleware import Handler
from headwater.testing import End, FaultServer, Wait, respond
from headwater_demo import Demo

from .lines import OVERLOADED, begun, said, whole

T = TypeVar("T")


async def asynchronous(prompt: str) -> list[Event]:
    """Give the events that the asynchronous runner gives."""
    async with headwater.Runner(providers={"demo": Demo(delay_s=0)}) as runner:
        return [event async for event in runner.stream_chat("demo/echo", prompt)]


@pytest.mark.parametrize("read_ahead", [1, 2, 3, 100])
def test_the_events_are_those_of_the_asynchronous_runner(read_ahead: int) -> None:
    """Every event, in order, whatever is read ahead."""
    prompt = " ".join(map(str, range(200)))
    with Runner(providers={"demo": Demo(delay_s=0)}, read_ahead=read_ahead) as runner:
        events = list(runner.stream_chat("demo/echo", prompt))
    assert events == asyncio.run(asynchronous(prompt))


def test_text_comes_alone(runner: Runner) -> None:
    """`text` gives the text and nothing else."""
    assert list(runner.stream_chat("lines/m", "Hi").text()) == ["a", "b"]


def test_collect_gives_the_whole_answer(runner: Runner) -> None:
    """`collect` reads to the end, from wherever reading stands."""
    stream = runner.stream_chat("lines/m", "Hi")
    next(stream)
    response = stream.collect()
    assert (response.text, response.finish_reason) == ("ab", FinishReason.STOP)
    assert stream.response == response


def test_after_the_end_there_is_nothing(runner: Runner) -> None:
    """A stream that has ended goes on ending, closed or not."""
    with runner.stream_chat("lines/m", "Hi") as stream:
        assert len(list(stream)) == 4
        assert list(stream) == []
    assert list(stream) == []


def test_metrics_are_those_of_the_call(runner: Runner) -> None:
    """The handle tells how fast the answer came."""
    stream = runner.stream_chat("lines/m", "Hi")
    assert stream.metrics.attempts == 0
    stream.collect()
    assert stream.metrics.attempts == 1
    assert stream.metrics.total_s is not None


def test_the_other_calls_give_their_values(runner: Runner) -> None:
    """`chat`, `count_usage`, `list_models`, `check_health`, `plugins`: values and no awaitables."""
    assert runner.chat("lines/m", "Hi").text == "ab"
    assert runner.count_usage("lines/m", "Hi").provenance is Provenance.ESTIMATED
    assert runner.list_models("demo")
    assert runner.check_health("lines").is_ok
    assert "lines" in {status.name for status in runner.plugins()}
    assert len(runner.middleware) == 4


def test_a_provider_may_be_added(runner: Runner) -> None:
    """A provider object that is added answers from the next call on."""
    runner.add_provider("mine", Demo(delay_s=0))
    assert runner.chat("mine/echo", "Hi").text == "Hi"


def test_the_answer_so_far_is_what_was_handed_over(runner: Runner, server: FaultServer) -> None:
    """What was read ahead is not in the response before the reader has taken it."""
    server.answer_with(whole("a", "b", "c"))
    with runner.stream_chat("lines/m", "Hi") as stream:
        taken = [next(stream), next(stream)]
        server.wait_until(lambda: server.connections[0].taken_bytes > 0)
        assert taken == [Started("m"), TextDelta("a")]
        assert (stream.response.text, stream.response.finish_reason) == ("a", None)
    assert (stream.response.text, stream.response.finish_reason) == ("a", None)
    assert stream.response.usage.is_known


def test_an_error_comes_after_what_came_before_it(runner: Runner, server: FaultServer) -> None:
    """The events that preceded an error are handed over first, and are the partial answer."""
    server.answer_with(respond(said("a", "b", OVERLOADED)))
    shown: list[str] = []
    with pytest.raises(Overloaded) as caught:
        shown += runner.stream_chat("lines/m", "Hi").text()
    assert caught.value.partial is not None
    assert caught.value.partial.text == "ab"
    assert (caught.value.provider, caught.value.model) == ("lines", "lines/m")


def test_a_half_answer_is_no_success(runner: Runner, server: FaultServer) -> None:
    """An answer without its end mark is an error here, too, and so it is for `chat`."""
    server.answer_with(begun("a", then=End()))
    with pytest.raises(StreamInterrupted):
        runner.stream_chat("lines/m", "Hi").collect()
    with pytest.raises(StreamInterrupted):
        runner.chat("lines/m", "Hi", attempts=1)


def test_a_traceback_shows_both_sides(runner: Runner) -> None:
    """It has the line that called, and the place in the framework where it went wrong."""
    with pytest.raises(UnknownProvider) as caught:
        runner.chat("nobody/m", "Hi")
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[0] == "test_a_traceback_shows_both_sides"
    assert "_load" in frames
    assert not any("concurrent" in line for line in traceback.format_exception(caught.value))


def test_wrong_arguments_are_told_at_once(runner: Runner, server: FaultServer) -> None:
    """What is wrong in itself raises when the method is called, and nothing is sent."""
    with pytest.raises(TypeError, match="no option is called temprature"):
        runner.stream_chat("lines/m", "Hi", temprature=1)  # type: ignore[call-arg]  # that is it
    with pytest.raises(InvalidRequest):
        runner.stream_chat("lines/m", [])
    with pytest.raises(TypeError):
        runner.chat("lines/m", "Hi", temprature=1)  # type: ignore[call-arg]  # that is it
    assert server.connections == []


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "10"], ids=str)
def test_reading_ahead_is_by_whole_numbers(wrong: int) -> None:
    """`read_ahead` is a number from 1."""
    with pytest.raises(ConfigurationError, match="read_ahead"):
        Runner(read_ahead=wrong)


def test_making_a_stream_sends_nothing(runner: Runner, server: FaultServer) -> None:
    """Nothing is sent, and no thread is started, before the first event is asked for."""
    before = threading.active_count()
    with runner.stream_chat("lines/m", "Hi"):
        pass
    assert threading.active_count() <= before
    assert server.connections == []


@pytest.mark.slow
def test_two_threads_cannot_read_one_stream(runner: Runner, server: FaultServer) -> None:
    """The second one is told."""
    server.answer_with(respond(said("a"), Wait(0.5), said("b", "[END]")))
    stream = runner.stream_chat("lines/m", "Hi")
    reader = threading.Thread(target=stream.collect)
    reader.start()
    server.wait_until(lambda: len(server.requests) == 1)
    with pytest.raises(InvalidRequest, match="another thread"):
        next(stream)
    reader.join()
    assert stream.response.text == "ab"


SPAN: ContextVar[str] = ContextVar("SPAN", default="none")


class Spans:
    """Note what the caller's context says."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        """Note it."""
        self.seen.append(SPAN.get())
        async for item in call_next(call):
            yield item


def test_a_call_runs_in_the_context_of_its_caller() -> None:
    """Context variables, as traces and loggers use them, go along; and stay with their call."""
    spans = Spans()
    with Runner(providers={"demo": Demo(delay_s=0)}, middleware=[spans]) as runner:
        runner.chat("demo/echo", "Hi")
        token = SPAN.set("mine")
        runner.chat("demo/echo", "Hi")
        runner.stream_chat("demo/echo", "Hi").collect()
        SPAN.reset(token)
        runner.chat("demo/echo", "Hi")
    assert spans.seen == ["none", "mine", "mine", "none"]


def test_a_stream_keeps_its_runner() -> None:
    """A runner that nobody else holds lives as long as its stream is read."""

    def stream() -> ChatStream:
        return Runner(providers={"demo": Demo(delay_s=0)}).stream_chat("demo/echo", "a b c")

    assert "".join(stream().text()) == "a b c"
