"""Tests of the conversation on a terminal with a server that misbehaves, over a real socket."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from headwater.testing.fault_server import (
    End,
    FaultServer,
    Reset,
    Script,
    SeenRequest,
    Stall,
    Step,
    respond,
)

from .shell import Shell, Terminal

pytestmark = pytest.mark.slow  # each test runs a process

MODELS = respond(b'{"data": [{"id": "m", "context_length": 4096}]}', media_type="application/json")


def _said(text: str, reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    chunk = {"id": "c", "model": "m", "choices": [choice]}
    return f"data: {json.dumps(chunk)}\n\n".encode()


WHOLE = respond(_said("A **whole** "), _said("answer."), _said("", "stop"), b"data: [DONE]\n\n")


@contextmanager
def _talk(shell: Shell, *answers: Script) -> Iterator[tuple[Terminal, FaultServer]]:
    """Converse with a server that answers prompts so, in turn, and lists its model."""
    left = list(answers)

    def answer(request: SeenRequest) -> Script:
        if request.method == "GET":
            return MODELS
        return left.pop(0) if len(left) > 1 else left[0]

    with FaultServer(answer) as server:
        variables = {"HEADWATER_COMPATIBLE_BASE_URL": f"{server.url}/v1"}
        arguments = ("chat", "-m", "compatible/m", "-o", "attempts", "1")
        with shell.terminal(*arguments, variables=variables) as terminal:
            terminal.expect_prompt()
            yield terminal, server


def _asked(server: FaultServer) -> list[SeenRequest]:
    return [request for request in server.requests if request.method == "POST"]


def _messages(request: SeenRequest) -> list[tuple[str, str]]:
    body = json.loads(request.body)
    return [(message["role"], message["content"]) for message in body["messages"]]


@pytest.mark.parametrize(
    ("broken", "shown"),
    [
        ([_said("Half"), End()], "Half\n[incomplete | "),
        ([_said("Half"), Reset()], "Half\n[incomplete | "),
        ([_said("Half"), b"data: {oops\n\n"], "Half\n[incomplete | "),
        ([_said("Half"), b'data: {"error": {"message": "no more"}}\n\n'], "Half\n[incomplete | "),
    ],
    ids=["cut", "reset", "garbage", "error"],
)
def test_a_broken_answer_is_asked_for_again(shell: Shell, broken: list[Step], shown: str) -> None:
    """The part that came stays, the error is told, and /retry gets the whole answer."""
    with _talk(shell, respond(*broken), WHOLE) as (terminal, server):
        terminal.press("question\r")
        terminal.expect(shown)
        terminal.expect("/retry asks again")
        terminal.expect_prompt()
        terminal.press("/retry\r")
        terminal.expect("\nA whole answer.\n[stop | ")
        terminal.expect_prompt()
        terminal.press("next\r")
        terminal.expect("\nA whole answer.\n[stop | ")
        terminal.expect_prompt()
        assert _messages(_asked(server)[-1]) == [
            ("user", "question"),
            ("assistant", "A **whole** answer."),
            ("user", "next"),
        ]


@pytest.mark.parametrize(
    "steps", [[Stall()], [_said("Half"), Stall()]], ids=["before-a-word", "in-the-middle"]
)
def test_ctrl_c_closes_the_connection(shell: Shell, steps: list[Step]) -> None:
    """The server sees the caller go within a moment, and what came is sent with the next prompt."""
    with _talk(shell, respond(*steps), WHOLE) as (terminal, server):
        terminal.press("question\r")
        terminal.see("waiting for" if len(steps) == 1 else "Half")
        pressed_at = time.monotonic()
        terminal.press("\x03")
        number = len(server.connections) - 1
        server.wait_until(lambda: server.connections[number].closed_at is not None, 10)
        closed_at = server.connections[number].closed_at
        assert closed_at is not None
        assert closed_at - pressed_at < 5  # at once, but the machine may be busy
        terminal.expect("[interrupted")
        terminal.expect_prompt()
        terminal.press("next\r")
        terminal.expect("\nA whole answer.\n[stop | ")
        kept = [] if len(steps) == 1 else [("user", "question"), ("assistant", "Half")]
        assert _messages(_asked(server)[-1]) == [*kept, ("user", "next")]


def test_the_server_says_how_much_its_model_reads(shell: Shell) -> None:
    """The banner tells it, and Tab completes the server's models."""
    with _talk(Shell(shell.folder, ("stage", "patient")), WHOLE) as (terminal, _):
        terminal.see("compatible/m | context limit 4,096 tokens")
        terminal.press("/model compatible/")
        terminal.see(" compatible/m ")


def test_a_server_that_lists_nothing_holds_nothing_up(shell: Shell) -> None:
    """A conversation begins though the list of models never comes, and leaves at once."""
    with FaultServer(respond(Stall())) as server:
        variables = {"HEADWATER_COMPATIBLE_BASE_URL": f"{server.url}/v1"}
        with shell.terminal("chat", "-m", "compatible/m", variables=variables) as terminal:
            terminal.expect_prompt()
            terminal.press("\x04")
            assert terminal.wait() == 0


def test_the_conversation_goes_on_later(shell: Shell) -> None:
    """With -c the server is sent what was said before, the answer that was cut included."""
    with _talk(shell, respond(_said("Half"), Stall()), WHOLE) as (terminal, server):
        terminal.press("question\r")
        terminal.see("Half")
        terminal.press("\x03")
        terminal.expect("[interrupted")
        terminal.expect_prompt()
        terminal.press("\x04")
        assert terminal.wait() == 0
        url = f"{server.url}/v1"
        done = shell.run("chat", "-c", "-s", "Be kind.", "more", HEADWATER_COMPATIBLE_BASE_URL=url)
        assert (done.code, done.out) == (0, "A **whole** answer.\n")
        assert _messages(_asked(server)[-1]) == [
            ("system", "Be kind."),
            ("user", "question"),
            ("assistant", "Half"),
            ("user", "more"),
        ]
        with shell.terminal("chat", "-c", variables={"HEADWATER_COMPATIBLE_BASE_URL": url}) as on:
            on.expect("compatible/m | context limit 4,096 tokens | goes on after 2 answers")
            on.expect_prompt()
            on.press("/history 1\r")
            on.expect("\nmore\n\ncompatible/m:\nA **whole** answer.\n")


def test_the_cost_is_told(shell: Shell) -> None:
    """Under an answer whose price is known stands what it cost, and /usage adds it up."""
    usage = (
        b'data: {"choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 2000}}\n\n'
    )
    priced = respond(_said("Yes."), _said("", "stop"), usage, b"data: [DONE]\n\n")
    with FaultServer(lambda request: MODELS if request.method == "GET" else priced) as server:
        variables = {"HEADWATER_GROQ_BASE_URL": server.url, "GROQ_API_KEY": "test"}
        model = "groq/llama-3.1-8b-instant"
        with shell.terminal("chat", "-m", model, variables=variables) as terminal:
            terminal.expect_prompt()
            terminal.press("question\r")
            terminal.expect("[stop | 1000 in, 2000 out tokens | $0.0002")
            terminal.expect_prompt()
            terminal.press("/usage\r")
            terminal.expect("1000 in, 2000 out tokens in all | $0.0002")


def test_a_private_conversation_leaves_nothing(shell: Shell) -> None:
    """Neither the prompts nor the answers are written anywhere."""
    with shell.terminal("chat", "--private", "-m", "demo/echo") as terminal:
        terminal.expect_prompt()
        terminal.press("a secret\r")
        terminal.expect("[stop")
        terminal.expect_prompt()
        terminal.press("\x04")
        assert terminal.wait() == 0
    kept = [path for path in shell.folder.rglob("*") if path.is_file()]
    assert [path for path in kept if b"a secret" in path.read_bytes()] == []
    done = shell.run("chat", "-c", "go on")
    assert done.code == 2
    assert "no conversation is kept yet" in done.err
