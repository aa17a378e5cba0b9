"""What is shown, and where: the answer, what stands beside it, and what the program says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TextIO

import click

from headwater import Event, HeadwaterError

from .._errors import message_of
from .._show import TextReporter
from .._spinner import Spinner
from .._terminal import Screen, dimmed, is_styled

if TYPE_CHECKING:
    from ._markdown import BlockPainter

__all__ = ["Display", "View"]


class View(Protocol):
    """Show one answer."""

    def take(self, event: Event) -> None:
        """Show an event, or pass over it."""
        ...

    def leave(self) -> None:
        """End what was begun: no further event comes, for whatever reason."""
        ...


class Display:
    """Show a conversation.

    The answer goes to `out`, everything else to the terminal, whichever stream that is.

    Args:
        out: Where answers go.
        err: Where everything else goes, if `out` is no terminal.
        is_plain: Whether text is shown as it comes, without rendering and colour.
        is_whole_wanted: Whether answers in one piece are what was asked for.

    Attributes:
        ui: Where the program speaks.
        is_styled: Whether colour and movement are shown.
    """

    def __init__(
        self, out: TextIO, err: TextIO, *, is_plain: bool = False, is_whole_wanted: bool = False
    ) -> None:
        self.ui = out if out.isatty() else err
        self.is_styled = is_styled(self.ui) and not is_plain
        self._out = out
        self._err = err
        self._is_whole_wanted = is_whole_wanted
        self._painter: BlockPainter | None = None

    def view(self, is_reasoning_open: bool) -> View:
        """Make what shows the next answer."""
        if not self.is_styled or self.ui is not self._out:
            return self.plain_view()
        from ._markdown import BlockPainter  # only here: it brings rich
        from ._view import MarkdownView

        self._painter = self._painter or BlockPainter(self._out)
        return MarkdownView(
            self._out,
            self._painter,
            is_whole_wanted=self._is_whole_wanted,
            is_reasoning_open=is_reasoning_open,
        )

    def plain_view(self) -> View:
        """Make what shows the next answer as the text that it is."""
        screen = Screen(self._out, self._err)
        screen.is_styled = screen.is_styled and self.is_styled
        return TextReporter(screen, is_whole_wanted=self._is_whole_wanted)

    def spinner(self, label: str) -> Spinner:
        """Make a sign of life for a wait."""
        return Spinner(label, self.ui, is_wanted=self.is_styled)

    def answer(self, text: str) -> None:
        """Write a line where the answers go."""
        self._out.write(f"{text}\n")
        self._out.flush()

    def say(self, text: str) -> None:
        """Write text that is safe to show."""
        self.ui.write(f"{text}\n")
        self.ui.flush()

    def note(self, text: str) -> None:
        """Write text that is safe to show, dimmed."""
        self.say(dimmed(text) if self.is_styled else text)

    def fail(self, error: HeadwaterError) -> None:
        """Say what went wrong."""
        text = message_of(error)
        if self.is_styled and self._err.isatty():
            head, colon, rest = text.partition(":")
            text = click.style(head + colon, fg="red") + rest
        self._err.write(f"{text}\n")
        self._err.flush()
