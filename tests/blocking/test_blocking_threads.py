"""Threads and processes: who may call, from where, and what is left when it is over."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import attrs
import pytest

from headwater import (
    Call,
    ChatRequest,
    ConfigurationError,
    Event,
    Finished,
    FinishReason,
    InvalidRequest,
    PluginError,
    StreamInterrupted,
    TextDelta,
    Usage,
    hookimpl,
)
from headwater.blocking import Runner
from headwater.middleware import Handler
from headwater.testing import FaultServer, Repeat, respond
from headwater.testing.fault_server import Script, SeenRequest
from headwater.wire.http import HTTPTransport
from headwater.wire.transport import Transport

from ..patience import Pulse
from .lines import END, Lines, begun, said

pytestmark = pytest.mark.slow

T = TypeVar("T")


def loop_threads() -> list[threading.Thread]:
    """List the threads that runners have."""
    return [thread for thread in threading.enumerate() if thread.name == "headwater-blocking"]


def until_no_thread_is_left(within_s: float = 30.0) -> None:
    """Wait until the threads of forgotten runners have ended."""
    ends_at = time.monotonic() + within_s
    while loop_threads():
        assert time.monotonic() < ends_at, "a thread is left"
        time.sleep(0.005)


def echo(request: SeenRequest) -> Script:
    """Answer with the prompt, letter by letter."""
    asked = request.json()
    assert isinstance(asked, dict)
    return respond(said(*str(asked["prompt"]), END))


def test_many_threads_share_a_runner(runner: Runner, server: FaultServer) -> None:
    """Fifty threads with several streams each get their own answers, through one loop."""
    server.answer_with(echo)

    def ask(number: int) -> list[str]:
        texts = [f"{number}-{turn}" for turn in range(4)]
        streams = [runner.stream_chat("lines/m", text) for text in texts[:2]]
        interleaved = ["", ""]
        for events in zip(*streams, strict=True):
            for place, event in enumerate(events):
                interleaved[place] += event.text if isinstance(event, TextDelta) else ""
        return [
            *interleaved,
            runner.stream_chat("lines/m", texts[2]).collect().text,
            runner.chat("lines/m", texts[3]).text,
        ]

    numbers = range(10, 60)  # all prompts are equally long
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(ask, numbers))
    assert answers == [[f"{number}-{turn}" for turn in range(4)] for number in numbers]
    assert len(loop_threads()) == 1


async def test_it_works_in_a_thread_that_runs_a_loop(runner: Runner) -> None:
    """As in a notebook: the caller's own loop does not matter."""
    assert asyncio.get_running_loop().is_running()
    assert list(runner.stream_chat("lines/m", "Hi").text()) == ["a", "b"]
    assert runner.chat("lines/m", "Hi").text == "ab"


def test_connections_are_reused(runner: Runner, server: FaultServer) -> None:
    """Calls one after the other go over one connection."""
    for _ in range(3):
        runner.chat("lines/m", "Hi")
    assert len(server.connections) == 1


class Blocking:
    """Make a blocking call in the thread of the loop."""

    runner: Runner

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        """Ask another model, wrongly."""
        self.runner.chat("lines/m", "Hi")
        async for item in call_next(call):
            yield item


def test_a_call_that_would_wait_for_itself_is_refused(server: FaultServer) -> None:
    """A middleware that calls the blocking runner is told, in place of waiting for ever."""
    layer = Blocking()
    with Runner(providers={"lines": Lines(server.url)}, middleware=[layer]) as runner:
        layer.runner = runner
        with pytest.raises(InvalidRequest, match="await the asynchronous Runner"):
            runner.chat("lines/m", "Hi")


def test_a_forgotten_runner_leaves_nothing(server: FaultServer) -> None:
    """When nobody holds a runner any more its thread ends, and its connections are closed."""
    runner = Runner(providers={"lines": Lines(server.url)})
    runner.chat("lines/m", "Hi")
    assert len(loop_threads()) == 1
    forgotten = weakref.ref(runner)
    del runner
    gc.collect()
    assert forgotten() is None
    until_no_thread_is_left()
    server.wait_until(lambda: server.connections[0].closed_at is not None)


@pytest.mark.parametrize(
    "script", [begun("a"), respond(Repeat(said("a")))], ids=["waits for bytes", "waits for room"]
)
def test_a_forgotten_stream_leaves_nothing(
    server: FaultServer, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor when it is forgotten in the middle of an answer, in a cycle; and nobody complains."""
    server.answer_with(script)
    stream = Runner(providers={"lines": Lines(server.url)}).stream_chat("lines/m", "Hi")
    next(stream)
    time.sleep(0.05)
    cycle: list[object] = [stream]
    cycle.append(cycle)
    del stream, cycle
    gc.collect()
    until_no_thread_is_left()
    server.wait_until(lambda: server.connections[0].closed_at is not None)
    assert caplog.text == ""


def test_a_transport_is_closed_with_its_runner(server: FaultServer) -> None:
    """Without the loop nobody else could close it."""
    with Runner(providers={"lines": Lines(server.url)}, transport=HTTPTransport()) as runner:
        runner.chat("lines/m", "Hi")
    server.wait_until(lambda: server.connections[0].closed_at is not None)


AT_EXIT = """
import atexit, sys, time
ended_at = []
atexit.register(lambda: print("late") if time.monotonic() - ended_at[0] > 4 else None)
sys.path.insert(0, {folder!r})
from lines import Lines
from headwater.blocking import Runner

runner = Runner(providers={{"lines": Lines({url!r})}})
stream = runner.stream_chat("lines/m", "Hi")
print(next(stream).model)
ended_at.append(time.monotonic())  # a thread that does not end is waited for five seconds
"""


@pytest.mark.slow
def test_an_interpreter_that_ends_closes_what_is_open(server: FaultServer) -> None:
    """A script that just ends does so at once, in silence, and its connections are closed."""
    server.answer_with(begun("a"))
    program = AT_EXIT.format(folder=os.path.dirname(__file__), url=server.url)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == (b"m\n", b"")
    server.wait_until(lambda: server.connections[0].closed_at is not None)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_gets_a_thread_of_its_own(runner: Runner, server: FaultServer) -> None:
    """In a child calls work anew, the parent's streams say why not; the parent goes on."""
    server.answer_with(begun("a"))
    stream = runner.stream_chat("lines/m", "Hi")
    while not isinstance(next(stream), TextDelta):
        pass
    server.answer_with(echo)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads and fork do not go well
        child = os.fork()
    if child == 0:  # pragma: no cover  # another process
        os._exit(_in_the_child(runner, stream))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert server.connections[0].closed_at is None
    assert runner.chat("lines/m", "after").text == "after"
    stream.close()


def _in_the_child(runner: Runner, stream: object) -> int:
    """Call in the child, and read and close what the parent had begun; 0 when all is well."""
    try:
        answer = runner.chat("lines/m", "child").text
        try:
            next(stream)  # type: ignore[call-overload]  # it is one
        except StreamInterrupted:
            stream.close()  # type: ignore[attr-defined]  # it is one
            runner.close()
            return 0 if answer == "child" else 1
    except BaseException as error:
        print(repr(error), file=sys.stderr)
    return 2


@attrs.define
class Exits:
    """Leave a task behind that wants to end the program."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Answer all the same."""

        async def end() -> None:
            raise SystemExit(3)

        task = asyncio.get_running_loop().create_task(end())
        task.add_done_callback(lambda task: task.exception())
        await asyncio.sleep(0.01)
        yield TextDelta("here")
        yield Finished(FinishReason.STOP, None, Usage(1, 1))


def test_a_plugin_cannot_end_the_thread(server: FaultServer) -> None:
    """What a task of a plugin raises leaves the loop running for everybody else."""
    with Runner(providers={"exits": Exits(), "lines": Lines(server.url)}) as runner:
        assert runner.chat("exits/m", "Hi").text == "here"
        assert runner.chat("lines/m", "Hi").text == "ab"


@attrs.define
class Stubborn:
    """Go on though it is cancelled, for a while; or complain of it."""

    stays_s: float = 0.0

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Say one thing."""
        try:
            yield TextDelta("a")
            yield Finished(FinishReason.STOP, None, Usage(1, 1))
        finally:
            ends_at = time.monotonic() + self.stays_s
            while time.monotonic() < ends_at:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.05)
            raise ValueError("stuck")


def test_a_plugin_that_fails_to_close_is_named() -> None:
    """Closing the stream, and the runner, raise what the plugin's clean-up did."""
    with Runner(providers={"stuck": Stubborn()}, read_ahead=1) as runner:
        stream = runner.stream_chat("stuck/m", "Hi")
        next(stream)
        next(stream)
        with pytest.raises(PluginError, match="stuck"):
            stream.close()
        stream.close()


@pytest.mark.slow
def test_a_plugin_that_does_not_let_go_is_given_up(pulse: Pulse) -> None:
    """After a while closing gives up, and says so."""
    with Runner(providers={"stuck": Stubborn(stays_s=2.5)}, read_ahead=1) as runner:
        stream = runner.stream_chat("stuck/m", "Hi")
        next(stream)
        next(stream)
        with pytest.raises(PluginError, match="did not end within 2 seconds"):
            stream.close()
        pulse.sleep(1.0)


class Freezes:
    """Block the loop, as nobody should."""

    def __init__(self) -> None:
        self.has_begun = threading.Event()
        self.release = threading.Event()

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        """Wait without awaiting."""
        self.has_begun.set()
        self.release.wait()
        async for item in call_next(call):
            yield item


@pytest.mark.slow
def test_a_loop_that_is_blocked_is_told_of(server: FaultServer) -> None:
    """Closing a runner whose loop somebody blocks does not wait for ever."""
    layer = Freezes()
    runner = Runner(providers={"lines": Lines(server.url)}, middleware=[layer])

    def ask() -> None:
        with pytest.raises(StreamInterrupted, match="the Runner was closed"):
            runner.chat("lines/m", "Hi")

    asking = threading.Thread(target=ask)
    asking.start()
    assert layer.has_begun.wait(30)
    with pytest.raises(ConfigurationError, match="blocks it"):
        runner.close()
    layer.release.set()
    asking.join()
    runner.close()
    until_no_thread_is_left()
