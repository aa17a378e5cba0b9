"""The standard streams: made safe to write to, and what they can show."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

import click

from headwater.errors import printable

__all__ = ["Screen", "as_line", "dimmed", "is_styled", "prepare_streams", "silence_streams"]


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
        self._mid_line: TextIO | None = None  # the stream that left the cursor within a line

    def write_answer(self, text: str) -> None:
        """Add to the answer; on a terminal, text that would steer it is escaped."""
        if self._out_is_terminal:
            text = printable(text.replace("\r\n", "\n"))
        body = text.rstrip("\n")
        if body:
            self._break_line(self._out)
            self._out.write("\n" * self._held_newlines + body)
            self._out.flush()
            self._held_newlines = 0
            self._has_answer = True
            self._mid_line = self._out
        self._held_newlines += len(text) - len(body)

    def end_answer(self) -> None:
        """End the answer with its newline; one that has no text stays empty."""
        if self._has_answer:
            self._break_line(self._out)
            self._out.write("\n")
            self._out.flush()
        self._held_newlines = 0
        self._has_answer = False
        self._mid_line = None if self._mid_line is self._out else self._mid_line

    def write_aside(self, text: str) -> None:
        """Add to what goes beside the answer, dimmed."""
        self._break_line(self._err)
        self._write_err(printable(text.replace("\r\n", "\n")))
        self._mid_line = None if text.endswith("\n") else self._err

    def write_line(self, text: str) -> None:
        """Write one line of text that is safe to show beside the answer, dimmed."""
        self._break_line(None)
        self._write_err(text)
        self._err.write("\n")
        self._err.flush()

    def end_line(self) -> None:
        """End a line that was begun beside the answer."""
        if self._mid_line is self._err:
            self._break_line(None)
            self._err.flush()

    def _write_err(self, text: str) -> None:
        self._err.write(dimmed(text) if self.is_styled else text)
        self._err.flush()

    def _break_line(self, following: TextIO | None) -> None:
        """End the line that another stream began, through `err`: the answer stays as it is."""
        if self._mid_line is None or self._mid_line is following:
            return
        if self._mid_line is self._err or self._out_is_terminal:
            self._err.write("\n")
            self._err.flush()
        self._mid_line = None
