"""A conversation without an event loop: the asynchronous session, and what its reader has seen."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import headwater
from headwater import (
    ConfigurationError,
    Event,
    Finished,
    InvalidRequest,
    ModelId,
    SessionBusy,
    TextDelta,
    ToolCallFinished,
    assistant,
    user,
)
from headwater.blocking import Runner, Session, SessionStream
from headwater.middleware import Timeout
from headwater.store import Store
from headwater.testing import FaultServer, Stall, respond
from headwater_demo import Demo

from .lines import begun, said


@pytest.fixture
def session(runner: Runner) -> Session:
    """Converse with the server of the test."""
    return Session(runner, "lines/m")


@pytest.fixture
def quick(runner: Runner) -> Runner:
    """Have a demo that does not dawdle."""
    runner.add_provider("quick", Demo(delay_s=0))
    return runner


def read_to_content(stream: SessionStream, count: int = 1) -> None:
    """Read until there was so much text."""
    while count:
        count -= isinstance(next(stream), TextDelta)


def test_a_turn_joins_the_history(session: Session) -> None:
    """Streamed or whole, the turn and its answer are there for the next one."""
    with session.stream("Hi") as stream:
        assert list(stream.text()) == ["a", "b"]
    assert stream.usage == stream.response.usage
    assert stream.cost is None
    session.send("And?")
    assert session.messages == (user("Hi"), assistant("ab"), user("And?"), assistant("ab"))
    assert len(session.turns) == 2
    assert session.usage.total_tokens == 6
    assert session.cost is None


def test_the_turn_is_there_with_its_last_event(session: Session) -> None:
    """When `Finished` is handed over the answer has joined the history, and not before."""
    for event in session.stream("Hi"):
        assert bool(session.messages) == isinstance(event, Finished)


def test_a_turn_that_is_left_leaves_the_history(session: Session, server: FaultServer) -> None:
    """A cut answer is kept aside, and is just what the reader was handed."""
    server.answer_with(respond(said(*"abcdefgh", "[END]")))
    with session.stream("Hi") as stream:
        read_to_content(stream, 2)
    assert session.messages == ()
    assert session.last_partial is not None
    assert session.last_partial.text == stream.response.text == "ab"


def test_a_bare_loop_that_is_left_gives_its_turn_back(
    session: Session, server: FaultServer
) -> None:
    """The next thing that is said finds the session idle, whoever closed nothing."""
    for _ in range(5):
        server.answer_with(begun("a"), respond(said("b", "[END]")))
        for event in session.stream("Hi"):
            if isinstance(event, TextDelta):
                break
        assert not session.is_busy
        assert session.last_partial is not None
        assert session.send("Hi").text == "b"


def test_a_cut_answer_may_be_kept(session: Session, server: FaultServer) -> None:
    """With `keep_partial` the text that was handed over joins the history."""
    server.answer_with(begun(*"abcdefgh"))
    with session.stream("Hi", keep_partial=True) as stream:
        read_to_content(stream, 3)
    assert session.messages == (user("Hi"), assistant("abc"))


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_gives_the_turn_back(session: Session, server: FaultServer) -> None:
    """As the interrupt arrives the session is idle again, the answer cut."""
    server.answer_with([Stall()])
    waits: list[Callable[[], object]] = [
        lambda: session.send("Hi"),
        lambda: list(session.stream("Hi")),
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
        interrupting.join()
        assert not session.is_busy
        assert session.messages == ()


def test_one_turn_at_a_time(session: Session, server: FaultServer) -> None:
    """A second thread is told that the session is busy, until the first one's turn is over."""
    server.answer_with(begun("a"))
    stream = session.stream("Hi")
    read_to_content(stream)
    errors: list[BaseException] = []

    def interfere() -> None:
        for act in (session.undo, session.clear, lambda: session.send("Hi"), session.flush):
            try:
                act()
            except SessionBusy as error:
                errors.append(error)

    other = threading.Thread(target=interfere)
    other.start()
    other.join()
    assert len(errors) == 4
    stream.close()
    session.clear()


def test_the_history_may_be_changed(quick: Runner) -> None:
    """`inject`, `undo`, `retry`, `edit`, `stream_current`, `clear`, `fork`: as in the original."""
    session = Session(quick, "quick/echo", system="Repeat.")
    session.inject(user("one"), assistant("1"))
    session.send("two")
    assert session.retry().collect().text == "two"
    assert session.edit("three").collect().text == "three"
    other = session.fork()
    assert session.undo() == (user("three"), assistant("three"))
    session.inject(user("four"))
    assert session.stream_current().collect().text == "four"
    session.clear()
    assert session.messages == ()
    assert other.messages == (user("one"), assistant("1"), user("three"), assistant("three"))


def test_the_model_and_the_system_prompt_may_be_changed(quick: Runner) -> None:
    """From the next turn on."""
    session = Session(quick, "quick/eliza", max_context_tokens=1000)
    assert session.model == ModelId("quick", "eliza")
    session.switch_model("quick/echo")
    session.system = "Repeat."
    assert session.system == "Repeat."
    assert session.send("Hi").text == "Hi"


def test_a_session_is_saved_and_loaded(quick: Runner, tmp_path: Path) -> None:
    """The file is the one of the asynchronous session."""
    session = Session(quick, "quick/echo")
    session.send("Hi")
    session.save(tmp_path / "session.jsonl")
    loaded = Session.load(quick, tmp_path / "session.jsonl")
    assert (loaded.messages, loaded.usage) == (session.messages, session.usage)


def test_a_session_may_be_kept_in_a_store(tmp_path: Path) -> None:
    """It goes on in another runner, and the store is closed with each."""
    path = tmp_path / "conversations.db"
    with Runner(providers={"quick": Demo(delay_s=0)}) as runner:
        session = Session(runner, "quick/echo", store=Store(path))
        assert session.id is None
        session.send("Hi")
        session.inject(user("kept"))
        session.flush()
    assert session.id is not None
    with Runner(providers={"quick": Demo(delay_s=0)}) as runner:
        resumed = Session.resume(runner, Store(path), session.id)
        assert resumed.messages == (user("Hi"), assistant("Hi"), user("kept"))


def test_tools_run_in_threads_and_may_use_the_runner(quick: Runner) -> None:
    """A plain function may make a blocking call; events are told in the calling thread."""

    def shout(text: str) -> str:
        """Say it loudly."""
        return quick.chat("quick/echo", "loud").text.upper()

    heard: list[tuple[Event, threading.Thread]] = []
    session = Session(quick, "quick/echo")
    response = session.run_tools(
        "shout something",
        [shout],
        on_event=lambda event: heard.append((event, threading.current_thread())),
    )
    assert response.text == "LOUD"
    assert {thread for _, thread in heard} == {threading.current_thread()}
    assert any(isinstance(event, ToolCallFinished) for event, _ in heard)
    assert session.run_tools("nothing to call", [shout]).text == "nothing to call"


def test_who_hears_may_end_the_loop_of_tools(quick: Runner) -> None:
    """What `on_event` raises ends the call, and the session is idle when it arrives."""

    def stop(_event: Event) -> None:
        raise LookupError

    session = Session(quick, "quick/echo")
    with pytest.raises(LookupError):
        session.run_tools("Hi", [], on_event=stop)
    assert not session.is_busy
    assert session.messages == ()


def test_the_loop_of_tools_waits_for_who_hears(quick: Runner) -> None:
    """The answer is never ahead of `on_event`, which may take its time."""
    states: list[int] = []
    session = Session(quick, "quick/echo")

    def hear(_event: Event) -> None:
        time.sleep(0.01)
        states.append(len(session.messages))

    session.run_tools("one two three", [], on_event=hear, idle_s=0.005, middleware=[Timeout()])
    assert states == [0, 0, 0, 0, 2]


def test_wrong_arguments_are_told_at_once(session: Session, runner: Runner) -> None:
    """As the asynchronous session tells them, where the method is called."""
    with pytest.raises(InvalidRequest):
        session.stream("")
    with pytest.raises(TypeError):
        session.stream("Hi", temprature=1)  # type: ignore[call-arg]  # that is it
    with pytest.raises(InvalidRequest):
        Session(runner, "no model")
    with pytest.raises(InvalidRequest, match=r"expected a headwater\.blocking\.Runner"):
        Session(headwater.Runner(), "lines/m")  # type: ignore[arg-type]  # that is it
    runner.close()
    with pytest.raises(ConfigurationError, match="this Runner is closed"):
        session.stream("Hi")
