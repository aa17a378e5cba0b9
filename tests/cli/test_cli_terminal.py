"""Tests of `headwater chat` on a terminal: what is seen, and which keys do what."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from .hanging_server import hanging_server
from .shell import TIMEOUT_S, Shell

pytestmark = pytest.mark.slow  # each test runs a process

ECHO = ("chat", "-m", "demo/echo", "-o", "extra.delay_s", "0")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def _visible(shown: str) -> str:
    return ESCAPES.sub("", shown)


@pytest.mark.slow
def test_words_appear_before_the_end(shell: Shell) -> None:
    """A person reads the first word while the model writes the next."""
    gate = shell.folder / "gate"
    variables = {"STAGE_GATE": str(gate)}
    with shell.terminal("chat", "-m", "stage/slow", "go", variables=variables) as terminal:
        terminal.wait_for("one")
        assert terminal.is_running
        assert "three" not in terminal.shown
        gate.touch()
        assert terminal.wait() == 0
    assert _visible(terminal.shown).replace("\r", "").rstrip().endswith("tokens/s]")


@pytest.mark.slow
def test_a_spinner_turns_until_the_first_word(shell: Shell) -> None:
    """The wait shows a sign of life, which is gone when the answer comes."""
    with shell.terminal("chat", "-m", "stage/slow", "go") as terminal:
        terminal.wait_for("waiting for stage/slow")
        assert terminal.wait() == 0
    before, _, after = terminal.shown.partition("one")
    assert HIDE_CURSOR in before
    assert before.rindex(SHOW_CURSOR) > before.rindex(HIDE_CURSOR)
    assert "waiting" not in after


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_color_means_no_escape_at_all(shell: Shell, name: str, value: str) -> None:
    """Where colour is not wanted there is no spinner and no escape sequence."""
    with shell.terminal("chat", "-m", "stage/slow", "go", variables={name: value}) as terminal:
        assert terminal.wait() == 0
    assert terminal.shown.startswith("one two three\n[stop | ")
    assert "\x1b" not in terminal.shown


@pytest.mark.slow
def test_a_pipe_beside_a_terminal_gets_the_answer_alone(shell: Shell) -> None:
    """With standard output elsewhere the terminal shows all but the answer."""
    reading, writing = os.pipe()
    with shell.terminal("chat", "-m", "stage/slow", "go", out=writing) as terminal:
        os.close(writing)
        assert terminal.wait() == 0
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() == b"one two three\n"
    assert "waiting for" in terminal.shown
    assert "three" not in terminal.shown


def test_a_pipe_for_the_rest_gets_no_escape(shell: Shell) -> None:
    """With standard error elsewhere it holds plain text, though the answer is on a terminal."""
    reading, writing = os.pipe()
    with shell.terminal("chat", "-m", "stage/thoughts", "go", err=writing) as terminal:
        os.close(writing)
        assert terminal.wait() == 0
    with os.fdopen(reading, "rb") as pipe:
        assert b"\x1b" not in pipe.read()
    assert terminal.shown.strip() == "First.\nSecond."


def test_reasoning_is_dim_and_on_lines_of_its_own(shell: Shell) -> None:
    """On a terminal one sees what is thought and what is answered."""
    with shell.terminal("chat", "-m", "stage/thoughts", "go") as terminal:
        assert terminal.wait() == 0
    assert "\x1b[2mlet me\x1b[0m" in terminal.shown
    lines = _visible(terminal.shown).splitlines()
    assert [line for line in lines if line][:4] == [
        "let me think",
        "First.",
        "more thought",
        "Second.",
    ]


def test_a_provider_cannot_steer_the_terminal(shell: Shell) -> None:
    """Control characters in what a provider sends are shown, not obeyed."""
    with shell.terminal("chat", "-m", "stage/hostile", "go") as terminal:
        assert terminal.wait() == 0
    rest = terminal.shown.replace("\x1b[2m", "").replace("\x1b[0m", "")
    assert not re.search("[\x1b\x07\x9b\u202e]", rest)
    assert rest.count("safe\\x1b[2J\\x1b]0;title\\x07\\x9b31m\\u202eend") >= 3


@pytest.mark.parametrize(
    "arguments", [[], ["--json"], ["--jsonl"]], ids=["text", "json", "json-lines"]
)
def test_ctrl_c_ends_the_answer_and_closes_the_connection(
    shell: Shell, arguments: list[str]
) -> None:
    """In mid-answer Ctrl-C leaves what came, quietly, and the server sees the caller go."""
    with hanging_server() as server:
        command = ("chat", "-m", "stage/wire", *arguments, "go")
        with shell.terminal(*command, variables={"STAGE_URL": server.url}) as terminal:
            terminal.wait_for("waiting for" if arguments == ["--json"] else "first")
            terminal.press("\x03")
            assert terminal.wait() == 130
        assert server.has_left.wait(TIMEOUT_S)
    assert "Traceback" not in terminal.shown
    assert "Error" not in terminal.shown
    assert terminal.shown.count(HIDE_CURSOR) == terminal.shown.count(SHOW_CURSOR)


def test_ctrl_c_before_the_first_word(shell: Shell) -> None:
    """While the spinner turns Ctrl-C does the same, and the cursor is back."""
    with hanging_server(None) as server:
        with shell.terminal(
            "chat", "-m", "stage/wire", "go", variables={"STAGE_URL": server.url}
        ) as terminal:
            terminal.wait_for("waiting for")
            terminal.press("\x03")
            assert terminal.wait() == 130
        assert server.has_left.wait(TIMEOUT_S)
    assert "Traceback" not in terminal.shown
    assert terminal.shown.rindex(SHOW_CURSOR) > terminal.shown.rindex(HIDE_CURSOR)


def test_sigterm_ends_the_answer_like_ctrl_c(shell: Shell) -> None:
    """A supervisor that ends the run gets 143, what came stays, and the connection is closed."""
    with hanging_server() as server:
        running = shell.start("chat", "-m", "stage/wire", "go", STAGE_URL=server.url)
        assert running.stdout is not None
        assert os.read(running.stdout.fileno(), 100) == b"first"
        running.terminate()
        out, err = running.communicate(timeout=TIMEOUT_S)
        assert server.has_left.wait(TIMEOUT_S)
    assert (running.returncode, out, err) == (143, b"\n", b"")


def test_a_silent_wait_can_be_terminated_in_the_background(shell: Shell) -> None:
    """A job that ignores Ctrl-C, as shells start them, still ends when it is told to."""
    with hanging_server() as server:
        script = f'trap "" INT; exec {" ".join(shell.command)} chat -m stage/wire go'
        running = subprocess.Popen(
            ["sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd=shell.folder,
            env=shell.environment(STAGE_URL=server.url),
        )
        assert running.stdout is not None
        assert os.read(running.stdout.fileno(), 100) == b"first"
        running.terminate()
        running.communicate(timeout=TIMEOUT_S)
    assert running.returncode == 143


def test_tables_fit_the_terminal(shell: Shell) -> None:
    """A list is cut to the width of the terminal, not wrapped by it."""
    with shell.terminal("plugins") as terminal:
        assert terminal.wait() == 0
    assert max(len(line) for line in _visible(terminal.shown).splitlines()) <= 80
