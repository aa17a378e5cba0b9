"""Tests of `headwater chat` on pipes: what goes where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .shell import TIMEOUT_S, Shell

pytestmark = pytest.mark.slow  # each test runs a process

NO_DELAY = ("-o", "extra.delay_s", "0")
ECHO = ("chat", "-m", "demo/echo", *NO_DELAY)
USAGE = "[stop | 2 in, 2 out tokens"


def test_the_answer_alone_goes_to_standard_output(shell: Shell) -> None:
    """Standard output holds the answer and one newline; the usage stands on standard error."""
    done = shell.run(*ECHO, "hi there")
    assert (done.code, done.out) == (0, "hi there\n")
    assert done.err.startswith(USAGE)
    assert done.err.count("\n") == 1


def test_the_answer_comes_word_by_word(shell: Shell) -> None:
    """The first word is there long before the last."""
    gate = shell.folder / "gate"
    running = shell.start("chat", "-m", "stage/slow", "go", STAGE_GATE=str(gate))
    assert running.stdout is not None
    first = os.read(running.stdout.fileno(), 100)
    gate.touch()
    rest, _ = running.communicate(timeout=TIMEOUT_S)
    assert first in (b"one", b"one two")
    assert first + rest == b"one two three\n"


@pytest.mark.parametrize(
    ("arguments", "given", "answer"),
    [
        (["hello"], "wörld\n", "hello\n\nwörld\n"),
        ([], "wörld\n\n", "wörld\n"),
        ([""], "world", "world\n"),
        (["hello"], "", "hello\n"),
        (["hello"], " \n", "hello\n"),
        ([], "\ufeffworld", "world\n"),
        (["--", "-1 + 1"], "", "-1 + 1\n"),
    ],
    ids=["both", "input", "empty-prompt", "no-input", "blank-input", "byte-order-mark", "dash"],
)
def test_standard_input_is_joined_to_the_prompt(
    shell: Shell, arguments: list[str], given: str, answer: str
) -> None:
    """Prompt, blank line, input; or the one that there is."""
    assert shell.run(*ECHO, *arguments, given=given).out == answer


def test_without_a_model_one_line_says_which(shell: Shell) -> None:
    """Eliza answers, and one line says so and how to choose another."""
    done = shell.run("chat", *NO_DELAY, "hi")
    assert done.code == 0
    assert done.out
    first, usage = done.err.splitlines()
    assert "demo/eliza" in first
    assert "-m PROVIDER/MODEL" in first
    assert usage.startswith("[stop")


def test_the_environment_names_a_model(shell: Shell) -> None:
    """HEADWATER_MODEL stands in for -m, without a word."""
    done = shell.run("chat", *NO_DELAY, "hi", HEADWATER_MODEL="demo/echo")
    assert done.out == "hi\n"
    assert done.err.count("\n") == 1


def test_reasoning_stays_out_of_the_answer(shell: Shell) -> None:
    """What the model thought goes to standard error."""
    done = shell.run("chat", "-m", "stage/thoughts", "go")
    assert done.out == "First.\nSecond.\n"
    assert "let me think\n" in done.err
    assert "[stop | 12 in (5 cached), 34 out (20 reasoning) tokens" in done.err


def test_tool_calls_are_shown_on_a_line_each(shell: Shell) -> None:
    """Name and arguments of each call, and that some are no JSON."""
    done = shell.run("chat", "-m", "stage/tools", "go")
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines()[:2] == [
        '[tool call: get_weather {"city": "Zürich"}]',
        '[tool call with invalid arguments: get_weather {"city": \\n]',
    ]
    assert "[tool_calls | 7 in, ? out tokens" in done.err


def test_a_refusal_is_no_answer(shell: Shell) -> None:
    """The words of a refusal go to standard error."""
    done = shell.run("chat", "-m", "stage/refusal", "go")
    assert (done.code, done.out) == (0, "")
    assert "I would rather not.\n[refusal | " in done.err


def test_an_answer_in_one_piece_says_so(shell: Shell) -> None:
    """A provider that cannot stream is named as such, unless that is what was asked for."""
    streamed = shell.run("chat", "-m", "stage-whole/x", "go")
    asked = shell.run("chat", "-m", "stage-whole/x", "--no-stream", "go")
    assert streamed.out == asked.out == "all at once\n"
    assert "cannot stream" in streamed.err
    assert "cannot stream" not in asked.err
    assert asked.err.startswith("[stop | ~")


def test_what_was_dropped_is_told(shell: Shell) -> None:
    """What could not be sent stands on standard error, and cannot steer a terminal."""
    done = shell.run("chat", "-m", "stage/hostile", "go")
    assert "[dropped: an image safe\\x1b[2J" in done.err
    assert "\x1b" not in done.err


def test_attachments_options_and_system_prompt_arrive(shell: Shell) -> None:
    """Everything that is asked reaches the provider, attachments first."""
    (shell.folder / "notes.txt").write_text("remember", encoding="utf-8")
    (shell.folder / "photo.png").write_bytes(b"\x89PNG\xff")
    done = shell.run(
        *("chat", "-m", "stage/request", "-s", "Be brief.", "-a", "notes.txt", "-a", "photo.png"),
        *("-o", "extra.a.b", "1", "-o", "total_s", "30", "look"),
    )
    text, image, prompt, rest = done.out.splitlines()
    assert "notes.txt:\\n\\nremember" in text
    assert "image/png" in image
    assert "look" in prompt
    assert rest == "{'a': {'b': 1}, 'system': 'Be brief.'}"


def test_an_attachment_needs_no_prompt(shell: Shell) -> None:
    """A picture alone is a question, where there is no terminal to talk on."""
    (shell.folder / "photo.png").write_bytes(b"\x89PNG\xff")
    done = shell.run("chat", "-m", "stage/request", "-a", "photo.png")
    assert done.code == 0
    assert done.out.startswith("Image(")


@pytest.mark.parametrize(
    "variables",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1:strict"},
    ],
    ids=["c", "ascii", "latin"],
)
def test_no_locale_is_fatal(shell: Shell, variables: dict[str, str]) -> None:
    """Any text comes through any locale, what it cannot hold as escapes."""
    done = shell.run("chat", "-m", "stage/unicode", "Zürich 🌊", **variables)
    assert done.code == 0
    assert done.out.endswith("\\ud83c\n")
    assert "rich" in done.out


def test_a_prompt_in_utf8_survives_an_ascii_locale(shell: Shell) -> None:
    """What was typed arrives, though Python could not decode it."""
    variables = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = shell.run(*ECHO, "--json", "Zürich", **variables)
    assert '"text": "Z\\u00fcrich"' in done.out


@pytest.mark.parametrize("stream", ["0", "1", "2"], ids=["stdin", "stdout", "stderr"])
def test_a_closed_stream_is_no_error(shell: Shell, stream: str) -> None:
    """A caller that closed a standard stream does not want it, and that is all."""
    start = "import os, sys; os.close(int(sys.argv[1])); os.execv(sys.argv[2], sys.argv[2:])"
    command = [sys.executable, "-m", "headwater_cli", *ECHO, "hi"]
    done = subprocess.run(
        [sys.executable, "-c", start, stream, *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=shell.folder,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout == (b"" if stream == "1" else b"hi\n")
    assert b"Error" not in done.stderr


@pytest.mark.parametrize("form", [[], ["--json"], ["--jsonl"], ["--no-stream"]], ids=str)
def test_a_reader_that_leaves_is_no_error(shell: Shell, form: list[str]) -> None:
    """A closed pipe ends the run without a word, as it ends other programs."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "headwater_cli", *ECHO, *form, "hi"]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        cwd=shell.folder,
        timeout=TIMEOUT_S,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_reader_that_leaves_in_the_middle_closes_the_stream(shell: Shell, tmp_path: Path) -> None:
    """Once the pipe is closed nobody reads on from the provider."""
    note = tmp_path / "note"
    running = shell.start("chat", "-m", "stage/endless", "go", STAGE_NOTE=str(note))
    assert running.stdout is not None
    assert running.stderr is not None
    os.read(running.stdout.fileno(), 10)
    running.stdout.close()
    assert running.wait(TIMEOUT_S) == 141
    assert running.stderr.read() == b""
    running.stderr.close()
    assert note.read_text(encoding="utf-8") == "closed"


def test_a_full_disk_is_told(shell: Shell) -> None:
    """An answer that cannot be written is an error, in one line."""
    command = [sys.executable, "-m", "headwater_cli", *ECHO, "hi"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=shell.folder,
            timeout=TIMEOUT_S,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(b"Error: ")
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr
