"""Closed means closed: the ways in which a thread leaves a stream, as the server sees them."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from headwater import ConfigurationError, Finished, StreamInterrupted, TextDelta
from headwater.blocking import ChatStream, Runner
from headwater.blocking._thread import _close_all as close_all
from headwater.testing import FaultServer, Repeat, Stall, respond
from headwater.testing.fault_server import Raw, Script
from headwater.wire.http import HTTPTransport

from ..patience import Pulse
from .lines import Lines, begun, said

SOON_S = 0.2
LONG_S = 30.0
DROPPED_S = 1.0

SILENCES: dict[str, Script] = {
    "before the head": [Stall()],
    "before the first content": begun(),
    "in the middle of an event": respond(Raw(b"5\r\ndata:"), Stall()),
    "after the first content": begun("a"),
    "after many": begun(*"abcdefgh"),
}
SPOKEN = {name: script for name, script in SILENCES.items() if name.startswith("after")}


def wait_for_the_end(server: FaultServer, number: int = 0) -> None:
    """Wait until the server has seen the end of a connection."""
    server.wait_until(lambda: len(server.connections) > number)
    connection = server.connections[number]
    server.wait_until(lambda: connection.closed_at is not None)


def read_to_content(stream: ChatStream) -> None:
    """Read until there is text."""
    while not isinstance(next(stream), TextDelta):
        pass


def left_by_break(stream: ChatStream) -> None:
    """Break out of the loop and of the context."""
    with stream:
        for event in stream:
            if isinstance(event, TextDelta):
                break


def left_by_an_exception(stream: ChatStream) -> None:
    """Let an exception of the consumer's own out of the context."""

    def consume() -> None:
        with stream:
            read_to_content(stream)
            raise LookupError

    with pytest.raises(LookupError):
        consume()


def left_by_close(stream: ChatStream) -> None:
    """Close it, twice."""
    read_to_content(stream)
    stream.close()
    stream.close()


@pytest.mark.parametrize("script", SPOKEN.values(), ids=SPOKEN.keys())
@pytest.mark.parametrize("leave", [left_by_break, left_by_an_exception, left_by_close])
def test_leaving_closes_the_connection(
    runner: Runner,
    server: FaultServer,
    pulse: Pulse,
    leave: Callable[[ChatStream], None],
    script: Script,
) -> None:
    """However the context is left, the server sees the end at once."""
    server.answer_with(script)
    leave(runner.stream_chat("lines/m", "Hi"))
    left_at = pulse()
    wait_for_the_end(server)
    assert pulse() - left_at < SOON_S


def test_dropping_closes_the_connection(runner: Runner, server: FaultServer, pulse: Pulse) -> None:
    """A bare `for` that is left drops the stream, and so does one over its text."""
    server.answer_with(begun("a"))
    for event in runner.stream_chat("lines/m", "Hi"):
        if isinstance(event, TextDelta):
            break
    dropped_at = pulse()
    gc.collect()
    wait_for_the_end(server)
    assert pulse() - dropped_at < DROPPED_S
    texts = runner.stream_chat("lines/m", "Hi").text()
    assert next(texts) == "a"
    dropped_at = pulse()
    del texts
    wait_for_the_end(server, 1)
    assert pulse() - dropped_at < DROPPED_S


@pytest.mark.parametrize("script", SILENCES.values(), ids=SILENCES.keys())
def test_a_stream_may_be_closed_from_another_thread(
    runner: Runner, server: FaultServer, pulse: Pulse, script: Script
) -> None:
    """The thread that waits gets `StreamInterrupted`, with what it had been handed."""
    server.answer_with(script)
    stream = runner.stream_chat("lines/m", "Hi")
    shown: list[str] = []
    endings: list[BaseException] = []

    def read() -> None:
        try:
            shown.extend(stream.text())
        except BaseException as error:
            endings.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    server.wait_until(lambda: len(server.requests) == 1)
    time.sleep(0.02)
    closed_at = pulse()
    stream.close()
    wait_for_the_end(server)
    assert pulse() - closed_at < SOON_S
    reader.join(LONG_S)
    [error] = endings
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert error.partial.text == "".join(shown)


def test_what_was_read_ahead_of_a_closed_stream_is_not_handed_out(
    runner: Runner, server: FaultServer
) -> None:
    """After `close` there is nothing but the error."""
    server.answer_with(begun(*"abcdefgh"))
    stream = runner.stream_chat("lines/m", "Hi")
    read_to_content(stream)
    stream.close()
    with pytest.raises(StreamInterrupted, match="closed before the answer was complete") as caught:
        next(stream)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "a"
    assert caught.value.provider == "lines"


def test_a_whole_answer_that_was_not_taken_is_cut(runner: Runner, server: FaultServer) -> None:
    """Whoever closes before the end has half an answer, though all of it had been read ahead."""
    stream = runner.stream_chat("lines/m", "Hi")
    read_to_content(stream)
    server.wait_until(lambda: server.connections[0].taken_bytes > 0)
    time.sleep(0.05)
    stream.close()
    with pytest.raises(StreamInterrupted):
        stream.collect()


def test_a_stream_that_was_closed_before_it_began_never_begins(
    runner: Runner, server: FaultServer
) -> None:
    """Nothing is sent for it, and the reader is told."""
    stream = runner.stream_chat("lines/m", "Hi")
    stream.close()
    with pytest.raises(StreamInterrupted, match="closed"):
        next(stream)
    assert server.requests == []


def test_closing_while_the_loop_waits_for_room(
    runner: Runner, server: FaultServer, pulse: Pulse
) -> None:
    """The loop that waits for a slow reader lets go at once."""
    server.answer_with(respond(Repeat(said("a"))))
    with runner.stream_chat("lines/m", "Hi") as stream:
        read_to_content(stream)
        time.sleep(0.05)
    left_at = pulse()
    wait_for_the_end(server)
    assert pulse() - left_at < SOON_S


def test_closing_the_runner_closes_what_is_open(
    server: FaultServer, runner: Runner, pulse: Pulse
) -> None:
    """Streams end with `StreamInterrupted`, and so do calls that wait; connections are closed."""
    server.answer_with(begun("a"))
    streams = [runner.stream_chat("lines/m", "Hi") for _ in range(3)]
    for stream in streams:
        read_to_content(stream)
    endings: list[BaseException] = []

    def wait(call: Callable[[], object]) -> None:
        try:
            call()
        except BaseException as error:
            endings.append(error)

    calls: list[Callable[[], object]] = [
        lambda: next(streams[0]),
        lambda: runner.chat("lines/m", "Hi"),
        runner.stream_chat("lines/m", "Hi").collect,
    ]
    threads = [threading.Thread(target=wait, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    server.wait_until(lambda: len(server.requests) == 5)
    closed_at = pulse()
    runner.close()
    for number in range(5):
        wait_for_the_end(server, number)
    assert pulse() - closed_at < SOON_S
    for thread in threads:
        thread.join(LONG_S)
    assert [type(ending) for ending in endings] == [StreamInterrupted] * 3
    with pytest.raises(StreamInterrupted):
        next(streams[1])
    streams[2].close()


def test_a_closed_runner_says_so(runner: Runner) -> None:
    """Each call on it is refused; closing it again is nothing, whether it was used or not."""
    stream = runner.stream_chat("lines/m", "Hi")
    runner.close()
    runner.close()
    for call in (
        lambda: runner.stream_chat("lines/m", "Hi"),
        lambda: runner.chat("lines/m", "Hi"),
        lambda: next(stream),
    ):
        with pytest.raises(ConfigurationError, match="this Runner is closed"):
            call()


def test_closing_after_the_end_changes_nothing(server: FaultServer) -> None:
    """Whoever had the last event has the whole answer, closed or not."""
    with Runner(providers={"lines": Lines(server.url)}, read_ahead=1) as runner:
        with runner.stream_chat("lines/m", "Hi") as stream:
            while not isinstance(next(stream), Finished):
                pass
        assert list(stream) == []
        assert stream.response.text == "ab"


class Unclosable(HTTPTransport):
    """Fail to close."""

    async def aclose(self) -> None:
        """Close, and fail all the same."""
        await super().aclose()
        raise OSError("stuck")


def test_what_goes_wrong_as_a_runner_is_closed_is_raised_once(server: FaultServer) -> None:
    """Closing raises it where `close` was called, and the thread has ended all the same."""
    runner = Runner(providers={"lines": Lines(server.url)}, transport=Unclosable())
    runner.chat("lines/m", "Hi")
    with pytest.raises(OSError, match="stuck"):
        runner.close()
    runner.close()


def test_what_nobody_closes_is_closed_at_exit(server: FaultServer) -> None:
    """What the interpreter calls as it ends closes all, and goes on if one of them fails."""
    runners = [
        Runner(providers={"lines": Lines(server.url)}, transport=Unclosable()) for _ in range(2)
    ]
    for runner in runners:
        runner.chat("lines/m", "Hi")
    close_all()
    for runner in runners:
        with pytest.raises(ConfigurationError):
            runner.chat("lines/m", "Hi")


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_goes_on_to_the_program(runner: Runner, server: FaultServer, pulse: Pulse) -> None:
    """A thread that waits for an answer, or for an event, gets `KeyboardInterrupt`."""
    server.answer_with([Stall()])
    waits: list[Callable[[], object]] = [
        lambda: runner.chat("lines/m", "Hi"),
        runner.stream_chat("lines/m", "Hi").collect,
    ]
    for number, wait in enumerate(waits):

        def interrupt(number: int = number) -> None:
            server.wait_until(lambda: len(server.requests) > number)
            time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)

        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            wait()
        left_at = pulse()
        wait_for_the_end(server, number)
        assert pulse() - left_at < SOON_S
        interrupting.join()


INTERRUPTED = """
import sys
sys.path.insert(0, {folder!r})
from lines import Lines
from headwater.blocking import Runner

def stream(runner):
    with runner.stream_chat("lines/m", "Hi") as stream:
        for event in stream:
            pass

def bare(runner):
    for event in runner.stream_chat("lines/m", "Hi"):
        pass

def chat(runner):
    runner.chat("lines/m", "Hi")

with Runner(providers={{"lines": Lines({url!r})}}) as runner:
    try:
        {what}(runner)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        input()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("what", ["stream", "bare", "chat"])
@pytest.mark.parametrize(
    "script", [[Stall()], begun("a")], ids=["before the head", "after the first content"]
)
def test_ctrl_c_closes_the_connection(server: FaultServer, what: str, script: Script) -> None:
    """Ctrl-C in a wait ends the call, as the server sees it, and goes on to the program."""
    server.answer_with(script)
    program = INTERRUPTED.format(folder=os.path.dirname(__file__), url=server.url, what=what)
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    server.wait_until(lambda: len(server.requests) == 1)
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    wait_for_the_end(server)  # while the program still waits for its input
    assert child.poll() is None
    output, errors = child.communicate(b"\n", timeout=LONG_S)
    assert (child.returncode, output, errors) == (0, b"interrupted\n", b"")
