"""The conversation on a terminal, against a llama.cpp server that nobody here wrote."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # each test runs a process

COMMAND = (sys.executable, "-m", "headwater_cli", "chat", "-m", "llamacpp/tiny")
SHORT = ("-o", "max_output_tokens", "12")
PROMPT = b"\x1b[?2004h"  # what a prompt begins with
TIMEOUT_S = 60.0

# So that Ctrl-C on the terminal reaches the command as a signal.
TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def _variables(url: str, folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "HEADWATER_LLAMACPP_BASE_URL": url,
    }


class _Terminal:
    """Drive the command through a pseudo-terminal."""

    def __init__(self, arguments: tuple[str, ...], variables: dict[str, str]) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, *COMMAND, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=variables,
            start_new_session=True,
        )
        os.close(slave)
        self.shown = b""

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def expect(self, text: bytes, more: int = 0) -> None:
        """Read until a text is shown, and some more after it; what came before is forgotten."""
        end = time.monotonic() + TIMEOUT_S
        while (found := self.shown.find(text)) < 0 or len(self.shown) < found + more:
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"never showed {text!r}: {self.shown!r}"
            self.shown += os.read(self.master, 65536)
        self.shown = self.shown[found + len(text) :]


@pytest.fixture
def terminal(
    llamacpp_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[_Terminal]:
    """Begin a conversation, and wait for the prompt."""
    terminal = _Terminal(request.param, _variables(llamacpp_url, tmp_path))
    try:
        terminal.expect(PROMPT)
        yield terminal
        terminal.press("\x04")
        assert terminal.process.wait(TIMEOUT_S) == 0
    finally:
        terminal.process.kill()
        terminal.process.wait()
        os.close(terminal.master)


@pytest.mark.parametrize("terminal", [SHORT], indirect=True, ids=["short"])
def test_a_conversation_of_two_turns(terminal: _Terminal) -> None:
    """Each answer is summed up with what the server counted, and the prompt comes back."""
    for _ in range(2):
        terminal.press("Hello\r")
        terminal.expect(b"[length | ")
        terminal.expect(b" 12 out tokens")
        terminal.expect(PROMPT)


@pytest.mark.parametrize("terminal", [()], indirect=True, ids=["endless"])
def test_ctrl_c_stops_the_server_too(terminal: _Terminal) -> None:
    """A model that never ends is stopped, and the server answers the next prompt."""
    for _ in range(2):
        terminal.press("Hello\r")
        terminal.expect(b"Hello", more=500)
        terminal.press("\x03")
        terminal.expect(b"[interrupted | ")
        terminal.expect(PROMPT)
        terminal.press("/undo\r")  # so long an answer fills the model's context
        terminal.expect(b"Taken back: Hello")
        terminal.expect(PROMPT)


@pytest.mark.parametrize("form", [[], ["--no-stream"]], ids=["streaming", "whole"])
def test_the_classic_manner(llamacpp_url: str, tmp_path: Path, form: list[str]) -> None:
    """Each answer ends with its two lines, and the server's own count."""
    done = subprocess.run(
        [*COMMAND, *SHORT, *form, "--end"],
        input="Hello\n\\end\nHello\n\\end\n",
        env=_variables(llamacpp_url, tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n[Stream finished: length | Chunks received: ") == 2
    assert done.stdout.count(", output tokens: 12, total tokens: ") == 2
