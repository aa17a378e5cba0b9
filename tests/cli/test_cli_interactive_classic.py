r"""Tests of `headwater chat --end`: a line `\end` ends each prompt, on a pipe and on a terminal."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from .hanging_server import hanging_server
from .shell import TIMEOUT_S, Shell

ECHO = ("chat", "--end", "-m", "demo/echo", "-o", "extra.delay_s", "0")
YOU = "You [type '\\end' in a separate line to submit prompt]:\n"
END = "\\end\n"

pytestmark = pytest.mark.slow  # each test runs a process


def _usage(given: int | str, made: int | str, total: int | str, limit: int | str = "?") -> str:
    return (
        f"Token Usage: <input tokens: {given}, output tokens: {made}, total tokens: {total}, "
        f"max tokens: {limit}>\n"
    )


def test_the_words_of_the_classic_programs(shell: Shell) -> None:
    """Prompt, answer, how it ended and what it used, turn by turn, to the letter."""
    done = shell.run(*ECHO, given=f"one two\nthree\n{END}{END}  \n{END}four\n{END}")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"{YOU}one two\nthree\n[Stream finished: stop | Chunks received: 3]\n{_usage(3, 3, 6)}"
        f"{YOU}Input is empty. Try again.\n"
        f"{YOU}Input is empty. Try again.\n"
        f"{YOU}four\n[Stream finished: stop | Chunks received: 1]\n{_usage(7, 1, 8)}"
        f"{YOU}"
    )


@pytest.mark.parametrize("given", [f"one\n{END}two", "/help", "", "\n \n"], ids=repr)
def test_the_end_of_input_ends_the_session(shell: Shell, given: str) -> None:
    """What was written is sent, as it is, then the program leaves."""
    done = shell.run(*ECHO, given=given)
    assert (done.code, done.err) == (0, "")
    turns = [turn.partition("\n[Stream")[0] for turn in done.out.split(YOU)]
    sent = [prompt.strip() for prompt in given.split(END)]
    assert [turn for turn in turns if turn] == [prompt for prompt in sent if prompt]


def test_a_file_can_be_read(shell: Shell) -> None:
    """Standard input may be a file as well as a pipe."""
    script = shell.folder / "script.txt"
    script.write_text(f"one\n{END}", encoding="utf-8")
    with script.open("rb") as file:
        out, _ = shell.start(*ECHO, stdin=file).communicate(timeout=TIMEOUT_S)
    assert out.decode().startswith(f"{YOU}one\n[Stream finished: stop")


@pytest.mark.parametrize(
    ("model", "end", "chunks"),
    [
        ("stage-whole/w", "stop", 1),
        ("demo/fault-length-after-3", "length", 3),
        ("stage/thoughts", "stop", 2),
        ("stage/newlines", "stop", 5),
    ],
)
def test_chunks_are_the_deltas_of_the_answer(
    shell: Shell, model: str, end: str, chunks: int
) -> None:
    """However the answer comes, both lines tell of it."""
    done = shell.run(
        "chat", "--end", "-m", model, "-o", "extra.delay_s", "0", given="one two three four"
    )
    assert done.code == 0
    assert f"\n[Stream finished: {end} | Chunks received: {chunks}]\nToken Usage: <" in done.out


def test_an_answer_in_one_piece(shell: Shell) -> None:
    """Without streaming the lines are the same, with one chunk."""
    done = shell.run(*ECHO, "--no-stream", given="one two")
    assert done.out == (
        f"{YOU}one two\n[Stream finished: stop | Chunks received: 1]\n{_usage(2, 2, 4)}{YOU}"
    )


def test_a_provider_that_cannot_stream_says_so(shell: Shell) -> None:
    """One line, and then the answer."""
    done = shell.run("chat", "--end", "-m", "stage-whole/w", given="go")
    assert done.err == "[this provider cannot stream: the answer comes whole]\n"
    assert done.out.startswith(f"{YOU}all at once\n[Stream finished: stop | Chunks received: 1]\n")


def test_the_limit_of_the_session_wins(shell: Shell) -> None:
    """The most is what the conversation may have, else what the model reads, else unknown."""
    given = shell.run(*ECHO, "--max-context-tokens", "5000", given="x")
    assert _usage(1, 1, 2, 5000) in given.out
    known = shell.run("chat", "--end", "-m", "stage/refusal", given="x")
    assert ", max tokens: 128000>" in known.out


def test_an_error_leaves_the_rest_going(shell: Shell) -> None:
    """The part that came is shown, the error beside it, and the next prompt is asked for."""
    done = shell.run("chat", "--end", "-m", "stage/cut", given=f"x\n{END}y\n{END}")
    assert done.code == 1
    assert done.out.count("half an ans\n[Stream finished: error | Chunks received: 1]\n") == 2
    assert done.err.count("Error: ") == 2


def test_a_conversation_that_cannot_be_kept_goes_on(shell: Shell) -> None:
    """Where nothing can be written one line says so, and all else is as ever."""
    (shell.folder / "file").write_text("", encoding="utf-8")
    done = shell.run(*ECHO, given="x", XDG_DATA_HOME=str(shell.folder / "file"))
    assert (done.code, done.err.count("\n")) == (0, 1)
    assert "This conversation is not kept: " in done.err
    assert "[Stream finished: stop | Chunks received: 1]" in done.out


def test_the_last_failure_is_the_exit_code(shell: Shell) -> None:
    """A script is told of what went wrong."""
    done = shell.run("chat", "--end", "-m", "stage/fail-RateLimited", given="x")
    assert done.code == 4
    assert (
        f"[Stream finished: error | Chunks received: 0]\n{_usage('?', '?', '?', '?')}" in done.out
    )


def test_a_script_is_answered_prompt_by_prompt(shell: Shell) -> None:
    """Each answer is there before the next prompt has been written."""
    running = shell.start(*ECHO, stdin=subprocess.PIPE)
    assert running.stdin is not None
    assert running.stdout is not None
    with running:
        for word in ("one", "two"):
            running.stdin.write(f"{word}\n{END}".encode())
            running.stdin.flush()
            lines = [running.stdout.readline().decode() for _ in range(4)]
            assert lines[:3] == [YOU, f"{word}\n", "[Stream finished: stop | Chunks received: 1]\n"]
        running.stdin.close()
        assert running.wait(TIMEOUT_S) == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_wait_for_a_prompt(shell: Shell, number: int, code: int) -> None:
    """A script that does not come to its end can be ended."""
    running = shell.start(*ECHO, stdin=subprocess.PIPE)
    assert running.stdout is not None
    with running:
        assert running.stdout.readline().decode() == YOU
        running.send_signal(number)
        assert running.wait(TIMEOUT_S) == code


def test_ctrl_c_ends_the_answer_alone(shell: Shell) -> None:
    """The server sees the caller leave, and the next prompt is answered."""
    with hanging_server() as server:
        running = shell.start(
            "chat", "--end", "-m", "stage/wire", stdin=subprocess.PIPE, STAGE_URL=server.url
        )
        assert running.stdin is not None
        assert running.stdout is not None
        with running:
            running.stdin.write(f"go\n{END}".encode())
            running.stdin.flush()
            assert running.stdout.readline().decode() == YOU
            assert os.read(running.stdout.fileno(), 5) == b"first"
            running.send_signal(signal.SIGINT)
            assert server.has_left.wait(TIMEOUT_S)
            out, _ = running.communicate(timeout=TIMEOUT_S)
    assert b"\n[Stream finished: interrupted | Chunks received: 1]\nToken Usage: <" in out
    assert running.returncode == 0


def test_a_person_types_it(shell: Shell) -> None:
    """On a terminal lines are edited, and Ctrl-D leaves."""
    with shell.terminal(*ECHO) as terminal:
        terminal.expect_prompt()
        terminal.see("You [type '\\end' in a separate line to submit prompt]:")
        for line in ("one\r", "twx\x7fo\n", "\\end\n"):
            terminal.press(line)
        terminal.expect("\none\ntwo\n[Stream finished: stop | Chunks received: 2]\n")
        terminal.expect("Token Usage: <input tokens: 2, output tokens: 2, total tokens: 4, max")
        terminal.expect_prompt()
        terminal.press("\\end\r")
        terminal.expect("Input is empty. Try again.")
        terminal.expect_prompt()
        terminal.press("\x1b[200~a block\nof lines\n\\end\n\x1b[201~\r")
        terminal.expect("\na block\nof lines\n[Stream finished: stop")
        terminal.expect_prompt()
        terminal.press("last words\r\x04")  # the end of the input ends the prompt, as on a pipe
        terminal.expect("\nlast words\n[Stream finished: stop")
        assert terminal.wait() == 0
        assert terminal.echoes


def test_the_wait_is_animated(shell: Shell) -> None:
    """Something moves until the first word, and is gone then."""
    with hanging_server(None) as server:
        variables = {"STAGE_URL": server.url}
        with shell.terminal("chat", "--end", "-m", "stage/wire", variables=variables) as terminal:
            terminal.expect_prompt()
            terminal.press("go\r\\end\r")
            terminal.see("waiting for stage/wire")
            terminal.press("\x03")
            terminal.expect("[Stream finished: interrupted | Chunks received: 0]")
            assert server.has_left.wait(TIMEOUT_S)
            assert "waiting for" not in terminal.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--json"], "is for one answer"),
        (["hello"], "--end reads the prompts"),
        (["-c", "--private"], "leave --private out"),
    ],
    ids=["json", "prompt", "private"],
)
def test_what_does_not_go_together_is_refused(
    shell: Shell, arguments: list[str], said: str
) -> None:
    """Such a command line is a usage error."""
    done = shell.run("chat", "--end", *arguments)
    assert done.code == 2
    assert said in done.err
