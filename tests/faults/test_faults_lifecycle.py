"""Runners, providers and event loops: who belongs to whom, and what outlives what."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import warnings
import weakref
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

import attrs
import pytest

from headwater import (
    Call,
    ChatRequest,
    ConfigurationError,
    DeadlineExceeded,
    Event,
    Finished,
    FinishReason,
    RawFrame,
    Runner,
    TextDelta,
    Usage,
    hookimpl,
)
from headwater.middleware import Deadline, Handler, Middleware, Retry, Timeout
from headwater.testing.fault_server import LAST_CHUNK, FaultServer, Stall, Wait
from headwater.wire.http import HTTPTransport
from headwater.wire.transport import Transport

from .provider import Wire
from .wire import CHUNKED, begun, head, said, whole

T = TypeVar("T")


async def test_each_provider_gets_its_own_calls(server: FaultServer) -> None:
    """A provider that is added after another was used changes nothing for that one."""
    async with (
        FaultServer(whole("other")) as other,
        Runner(providers={"one": Wire(server.url)}) as runner,
    ):
        first = await runner.chat("one/m", "Hi")
        runner.add_provider("two", Wire(other.url))
        second = await runner.chat("two/m", "Hi")
        third = await runner.chat("one/m", "Hi")
    assert [first.text, second.text, third.text] == ["ab", "other", "ab"]


async def test_equal_providers_under_two_names_are_two(server: FaultServer) -> None:
    """Provider objects that compare equal, and cannot be hashed, are told apart by name."""
    one, two = Wire(server.url), Wire(server.url)
    assert one == two
    async with Runner(providers={"one": one, "two": two}) as runner:
        for name in ("one", "two", "one"):
            await runner.chat(f"{name}/m", "Hi")
    assert len(server.requests) == 3


async def test_one_provider_under_two_names_serves_both(server: FaultServer) -> None:
    """The same object may stand for two names."""
    provider = Wire(server.url)
    async with Runner(providers={"one": provider, "two": provider}) as runner:
        await runner.chat("one/m", "Hi")
        await runner.chat("two/m", "Hi")
    assert len(server.requests) == 2


async def test_a_replaced_provider_gets_the_next_call(server: FaultServer) -> None:
    """A name given anew stands for the new provider; a call under way keeps the old one."""
    async with FaultServer(whole("new")) as other:
        server.answer_with([CHUNKED + said("o"), said("ld", "[DONE]") + LAST_CHUNK])
        async with Runner(providers={"wire": Wire(server.url)}) as runner:
            stream = runner.stream_chat("wire/m", "Hi")
            await anext(stream)
            runner.add_provider("wire", Wire(other.url))
            response = await runner.chat("wire/m", "Hi")
            old = await stream.collect()
    assert (response.text, old.text) == ("new", "old")


async def test_many_calls_at_once_do_not_mix(runner: Runner, server: FaultServer) -> None:
    """A hundred streams at once each get their own answer, whole."""
    server.answer_with(*[whole(f"answer-{number}") for number in range(100)], whole("none"))
    streams = [runner.stream_chat("wire/m", "Hi") for _ in range(100)]
    texts = [response.text for response in await asyncio.gather(*(s.collect() for s in streams))]
    assert sorted(texts) == sorted(f"answer-{number}" for number in range(100))


def ask(runner: Runner, *, close: bool = False) -> str:
    """Run one call in an event loop of its own, against a server in that loop."""

    async def call() -> str:
        async with FaultServer(whole("a")) as server:
            runner.add_provider("wire", Wire(server.url))
            response = await runner.stream_chat("wire/m", "Hi").collect()
            if close:
                await runner.aclose()
        return response.text

    return asyncio.run(call())


def test_a_runner_serves_one_loop_after_another(caplog: pytest.LogCaptureFixture) -> None:
    """Used in a second event loop, a runner takes a fresh session, and nobody complains."""
    runner = Runner()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the sockets of the loops before
        answers = [ask(runner), ask(runner), ask(runner, close=True)]
        gc.collect()
    assert (answers, caplog.text) == (["a", "a", "a"], "")


def test_a_runner_may_be_closed_in_another_loop(caplog: pytest.LogCaptureFixture) -> None:
    """Closing where the connections do not belong lets go of them in silence."""
    runner = Runner()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the sockets of the loop before
        ask(runner)
        asyncio.run(runner.aclose())
        gc.collect()
    assert caplog.text == ""


@pytest.mark.slow
def test_two_loops_at_once_do_not_close_each_others_connections() -> None:
    """A call that a runner has under way in one loop survives a call in another."""
    runner = Runner()

    async def outer() -> str:
        async with FaultServer([CHUNKED + said("a"), Wait(0.1), *whole("b")[1:]]) as server:
            server.answer_with([CHUNKED + said("a"), Wait(0.1), said("b", "[DONE]") + LAST_CHUNK])
            runner.add_provider("wire", Wire(server.url))
            stream = runner.stream_chat("wire/m", "Hi")
            await anext(stream)
            await asyncio.to_thread(ask, runner)
            text = (await stream.collect()).text
            await runner.aclose()
        return text

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        text = asyncio.run(outer())
        gc.collect()
    assert text == "ab"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
async def test_a_forked_process_gets_a_session_of_its_own(server: FaultServer) -> None:
    """A child of fork uses none of its parent's connections, and closes none of them."""
    transport = HTTPTransport()
    async with Runner(providers={"wire": Wire(server.url)}, transport=transport) as runner:
        await runner.chat("wire/m", "Hi")
        child = os.fork()
        if child == 0:  # pragma: no cover  # another process
            os._exit(_in_the_child(runner))
        status = await asyncio.to_thread(os.waitpid, child, 0)
        await runner.chat("wire/m", "Hi")
    await transport.aclose()
    assert os.waitstatus_to_exitcode(status[1]) == 0
    assert len(server.connections) == 2


def _in_the_child(runner: Runner) -> int:
    """Make a call in the child; 0 when it was answered."""
    try:
        asyncio.events._set_running_loop(None)
        asyncio.set_event_loop(None)
        answer = asyncio.new_event_loop().run_until_complete(runner.chat("wire/m", "Hi"))
    except BaseException as error:
        print(repr(error), file=sys.stderr)
        return 1
    return 0 if answer.text == "ab" else 2


async def test_a_closed_runner_says_so(runner: Runner) -> None:
    """A call on a closed runner is refused at once; closing again is nothing."""
    await runner.aclose()
    await runner.aclose()
    with pytest.raises(ConfigurationError, match="this Runner is closed"):
        runner.stream_chat("wire/m", "Hi")


async def test_nothing_is_sent_before_the_first_event(runner: Runner, server: FaultServer) -> None:
    """To make a stream is to send nothing, and to drop it costs nothing."""
    stream = runner.stream_chat("wire/m", "Hi")
    await stream.aclose()
    await asyncio.sleep(0.02)
    assert server.connections == []


async def test_a_runner_needs_no_context(server: FaultServer) -> None:
    """`await runner.aclose()` closes the pooled connections."""
    runner = Runner(providers={"wire": Wire(server.url)})
    await runner.chat("wire/m", "Hi")
    closed_at = asyncio.get_running_loop().time()
    await runner.aclose()
    assert await server.end_seen_s(closed_at) < 0.1


@attrs.define
class Stuck:
    """Never let go in time."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Fail in the clean-up."""
        try:
            yield TextDelta("a")
            yield Finished(FinishReason.STOP, None, Usage(1, 1))
        finally:
            raise ValueError("stuck")


@attrs.define
class Late:
    """Let go a little later than others."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Take a while in the clean-up."""
        try:
            yield TextDelta("a")
            yield Finished(FinishReason.STOP, None, Usage(1, 1))
        finally:
            await asyncio.sleep(0.1)


async def test_one_stream_that_fails_to_close_keeps_no_other_open(server: FaultServer) -> None:
    """Closing a runner closes everything, whatever goes wrong with one of its streams."""
    server.answer_with(begun("a"))
    runner = Runner(providers={"stuck": Stuck(), "late": Late(), "wire": Wire(server.url)})
    streams = [runner.stream_chat(f"{name}/m", "Hi") for name in ("stuck", "late", "wire")]
    for stream in streams:
        await anext(stream)
    closed_at = asyncio.get_running_loop().time()
    with pytest.raises(Exception, match="stuck"):
        await runner.aclose()
    assert asyncio.all_tasks() - server.tasks == {asyncio.current_task()}
    assert await server.end_seen_s(closed_at) < 0.1


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "chat"])
async def test_a_call_that_is_over_is_looked_at_no_more(
    server: FaultServer, *, streamed: bool
) -> None:
    """Its timer does not wait out the limits of a call that has its answer."""
    seen: list[Call] = []

    def remember(call: Call, call_next: Handler[T]) -> AsyncGenerator[T, None]:
        seen.append(call)
        return call_next(call)

    layers: list[Middleware] = [remember, Deadline(), Timeout()]
    async with Runner(providers={"wire": Wire(server.url)}, middleware=layers) as runner:
        stream = runner.stream_chat("wire/m", "Hi")
        await (stream.collect() if streamed else runner.chat("wire/m", "Hi"))
    timer = seen[0].watch._timer
    assert timer is not None
    assert timer.cancelled()


async def test_a_call_that_is_over_is_forgotten(server: FaultServer) -> None:
    """No timer of ten minutes holds on to a call of a moment."""
    calls: list[weakref.ref[Call]] = []

    class Watches:
        async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
            calls.append(weakref.ref(call))
            async with aclosing(call_next(call)) as items:
                async for item in items:
                    yield item

    layers = (Deadline(), Retry(), Timeout(), Watches())
    async with Runner(providers={"wire": Wire(server.url)}, middleware=layers) as runner:
        await runner.chat("wire/m", "Hi")
        await runner.stream_chat("wire/m", "Hi").collect()
        gc.collect()
        assert [call() for call in calls] == [None, None]


async def test_a_deadline_that_passed_meets_a_settled_answer_in_silence(
    runner: Runner, server: FaultServer
) -> None:
    """A limit that passes once the finish reason is known spoils nothing and warns of nothing."""
    server.answer_with([CHUNKED + said("a", "stop"), Stall()])
    stream = runner.stream_chat("wire/m", "Hi", total_s=0.2)
    async for event in stream:
        if isinstance(event, TextDelta):
            await asyncio.sleep(0.02)
    assert stream.response.finish_reason is FinishReason.STOP


@pytest.mark.slow
async def test_a_wait_that_may_not_begin_leaves_no_coroutine(
    runner: Runner, server: FaultServer
) -> None:
    """After the deadline the next wait is refused, and Python has nothing to warn of."""
    server.answer_with([CHUNKED + said("stop", "a"), Stall()])
    stream = runner.stream_chat("wire/m", "Hi", total_s=0.2)
    await anext(stream)
    await anext(stream)
    await asyncio.sleep(0.25)
    with pytest.raises(DeadlineExceeded):
        await anext(stream)
    gc.collect()
    assert stream.response.text == "a"


async def test_the_whole_of_a_json_body_is_a_raw_frame(runner: Runner, server: FaultServer) -> None:
    """An answer in plain JSON, as some servers fail, is shown like any frame."""
    body = b'{"x": 1}'
    server.answer_with(
        [head(200, f"content-length: {len(body)}", media_type="application/json") + body]
    )
    stream = runner.stream_chat("wire/m", "Hi", raw=True)
    assert await anext(stream) == RawFrame(body)
    await stream.aclose()
