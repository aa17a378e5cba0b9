"""Running the command as people run it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Self

import attrs
import pyte

PACKAGES = Path(__file__).parent / "packages"
COMMAND = (sys.executable, "-m", "headwater_cli")
TIMEOUT_S = 60.0  # a machine that is busy starts an interpreter in seconds

PASTE_ON = "\x1b[?2004h"  # what a prompt begins with, and nothing else
_ROWS = 300  # so high a screen that nothing scrolls away

# So that Ctrl-C on the terminal reaches the command as a signal.
TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@attrs.frozen
class Done:
    """Hold how a run ended."""

    code: int
    out: str
    err: str


@attrs.frozen
class Shell:
    """Run the command in a folder, with the test's providers installed.

    Attributes:
        folder: Where it runs.
        packages: Which of the test's packages are installed.
    """

    folder: Path
    packages: tuple[str, ...] = ("stage",)
    command: ClassVar[tuple[str, ...]] = COMMAND

    def run(self, *arguments: str, given: bytes | str = "", **variables: str) -> Done:
        """Run it to its end, on pipes."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=given.encode() if isinstance(given, str) else given,
            capture_output=True,
            cwd=self.folder,
            env=self.environment(**variables),
            timeout=TIMEOUT_S,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode())

    def start(
        self, *arguments: str, stdin: int | IO[bytes] = subprocess.DEVNULL, **variables: str
    ) -> subprocess.Popen[bytes]:
        """Start it, on pipes."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env=self.environment(**variables),
        )

    def terminal(
        self,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
        out: int | None = None,
        err: int | None = None,
    ) -> Terminal:
        """Start it on a terminal, but for the outputs that are given a file descriptor."""
        return Terminal(
            arguments, self.folder, self.environment(**(variables or {})), out=out, err=err
        )

    def environment(self, **variables: str) -> dict[str, str]:
        """Give an environment in which nothing is set but what is said here."""
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        return {
            **kept,
            "HOME": str(self.folder),
            "HEADWATER_CONFIG_DIR": str(self.folder / "config"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "PYTHONPATH": os.pathsep.join(str(PACKAGES / name) for name in self.packages),
            "PYTHONWARNINGS": "error",
            **variables,
        }


class Terminal:
    """Run the command with a pseudo-terminal as its controlling terminal.

    Attributes:
        shown: What has been written to it so far.
    """

    def __init__(
        self,
        arguments: tuple[str, ...],
        folder: Path,
        variables: Mapping[str, str],
        *,
        out: int | None,
        err: int | None,
    ) -> None:
        self.shown = ""
        self._read_to = 0
        self._prompts = 0
        self._screen = pyte.Screen(80, _ROWS)
        self._seen = pyte.ByteStream(self._screen)
        self._bytes = b""
        self._master, slave = pty.openpty()
        self.resize(rows=24, columns=80)
        self._process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, *COMMAND, *arguments],
            stdin=slave,
            stdout=slave if out is None else out,
            stderr=slave if err is None else err,
            cwd=folder,
            env=dict(variables),
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(TIMEOUT_S)
        os.close(self._master)

    @property
    def is_running(self) -> bool:
        """Tell whether the command has not ended."""
        return self._process.poll() is None

    def press(self, keys: str) -> None:
        """Type, as a person does."""
        os.write(self._master, keys.encode())

    def terminate(self, number: int = signal.SIGTERM) -> None:
        """Send a signal: SIGTERM."""
        self._process.send_signal(number)

    def resize(self, *, rows: int, columns: int) -> None:
        """Change the size of the window, as a person does who drags its corner."""
        self._screen.resize(_ROWS, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """Close the terminal's window."""
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDWR)

    @property
    def echoes(self) -> bool:
        """Tell whether the terminal shows what is typed: how it is left to the shell."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    @property
    def text(self) -> str:
        """Give all that a person has seen: what scrolled away, and the window as it stands."""
        rows = self._screen.display[: self._screen.cursor.y + 1]
        return "\n".join(row.rstrip() for row in rows)

    def expect(self, text: str) -> str:
        """Read until a text is shown below what was expected before, and give what led to it."""
        end = time.monotonic() + TIMEOUT_S
        while (found := self.text.find(text, self._read_to)) < 0:
            assert self._read(end - time.monotonic()), f"never showed {text!r}: {self.text!r}"
        before = self.text[self._read_to : found]
        self._read_to = found + len(text)
        return before

    def see(self, text: str) -> None:
        """Read until a text is shown, which may be gone later."""
        end = time.monotonic() + TIMEOUT_S
        while not any(text in row for row in self._screen.display):
            assert self._read(end - time.monotonic()), f"never showed {text!r}: {self.text!r}"

    def expect_more(self, count: int) -> None:
        """Read until so many more bytes have been written."""
        end, wanted = time.monotonic() + TIMEOUT_S, len(self._bytes) + count
        while len(self._bytes) < wanted:
            assert self._read(end - time.monotonic()), f"no more came: {self.text!r}"

    def expect_prompt(self) -> None:
        """Read until one more prompt is ready for what is typed."""
        end = time.monotonic() + TIMEOUT_S
        self._prompts += 1
        while self.shown.count(PASTE_ON) < self._prompts:
            assert self._read(end - time.monotonic()), f"no prompt: {self.text!r}"

    def wait_for(self, text: str) -> None:
        """Read until a text is shown."""
        end = time.monotonic() + TIMEOUT_S
        while text not in self.shown:
            assert self._read(end - time.monotonic()), f"never showed {text!r}: {self.shown!r}"

    def wait(self) -> int:
        """Read to the end, and give the exit code."""
        end = time.monotonic() + TIMEOUT_S
        while self._read(end - time.monotonic()):
            pass
        return self._process.wait(max(0.1, end - time.monotonic()))

    def wait_quietly(self) -> int:
        """Wait for the end without a terminal to read from, and give the exit code."""
        return self._process.wait(TIMEOUT_S)

    def _read(self, timeout_s: float) -> bool:
        """Read what comes next; False: nothing comes any more."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, timeout_s))
        chunk = b""
        if ready:
            with suppress(OSError):  # Linux says EIO once the other side is closed
                chunk = os.read(self._master, 65536)
        self._bytes += chunk
        self._seen.feed(chunk)
        self.shown = self._bytes.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(chunk)
