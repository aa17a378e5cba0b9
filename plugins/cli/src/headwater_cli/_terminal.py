"""The standard streams: made safe to write to, and what they can show."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

import click

from headwater.errors import printable

__all__ = [
    "Screen",
    "as_line",
    "dimmed",
    "is_styled",
    "prepare_streams",
    "shown",
    "silence_streams",
]


def prepare_streams() -> None:
    """Open the streams that the caller closed, and make sure that no character can fail.

    A closed stream must be opened first: the next socket would get its number.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  # stays open to the end
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # as above
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # as above
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def silence_streams() -> None:
    """Lead both outputs nowhere, so that flushing at exit cannot fail as well."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


def is_styled(stream: TextIO) -> bool:
    """Tell whether a stream shows colour and movement, and the user wants them."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def dimmed(text: str) -> str:
    """Make text dim."""
    return click.style(text, dim=True)


def as_line(text: str) -> str:
    r"""Make text of others safe to show, on one line.

    Shapes:
        "a\nb\x1b[2J" -> "a\\nb\\x1b[2J"
    """
    return printable(text).replace("\n", "\\n")


class Screen:
    """Write the answer to one stream and all else to another, which may share a terminal.

    The answer ends with exactly one newline, whatever the model wrote: newlines are held back until
    more text follows.

    Args:
        out: Where the answer goes.
        err: Where everything else goes.

    Attributes:
        is_styled: Whether `err` shows colour and movement.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self.is_styled = is_styled(err)
        self._out = out
        self._err = err
        self._out_is_terminal = out.isatty()
        self._held_newlines = 0
        self._has_answer = False
        self._is_in_answer = False  # the cursor of a shared terminal is within a line of it
        self._is_in_aside = False

    def write_answer(self, text: str) -> None:
        """Add to the answer; on a terminal, text that would steer it is escaped."""
        if self._out_is_terminal:
            text = shown(text)
        body = text.rstrip("\n")
        if body:
            self._end_aside()
            self._out.write("\n" * self._held_newlines + body)
            self._out.flush()
            self._held_newlines = 0
            self._has_answer = self._is_in_answer = True
        self._held_newlines += len(text) - len(body)

    def write_aside(self, text: str) -> None:
        """Add to what goes beside the answer, dimmed."""
        self._leave_answer()
        self._write_err(shown(text))
        self._is_in_aside = not text.endswith("\n")

    def write_line(self, text: str) -> None:
        """Write one line of text that is safe to show beside the answer, dimmed."""
        self._leave_answer()
        self._end_aside()
        self._write_err(text, end="\n")

    def end(self) -> None:
        """End the lines that were begun; an answer that has no text stays empty."""
        self._end_aside()
        if self._has_answer:
            self._out.write("\n")
            self._out.flush()
        self._held_newlines = 0
        self._has_answer = self._is_in_answer = False

    def _write_err(self, text: str, end: str = "") -> None:
        self._err.write((dimmed(text) if self.is_styled and text else text) + end)
        self._err.flush()

    def _end_aside(self) -> None:
        if self._is_in_aside:
            self._write_err("", end="\n")
        self._is_in_aside = False

    def _leave_answer(self) -> None:
        """Begin a line of the terminal through `err`: the answer itself stays as it is."""
        if self._is_in_answer and self._out_is_terminal:
            self._write_err("", end="\n")
        self._is_in_answer = False


def shown(text: str) -> str:
    """Make text of others safe to show, in lines as it is."""
    return printable(text.replace("\r\n", "\n"))
