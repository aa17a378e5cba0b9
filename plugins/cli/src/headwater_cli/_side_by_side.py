"""Answers side by side on a terminal, while they come and when they have."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self, TextIO

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from headwater.errors import printable

from ._contender import Contender
from ._terminal import as_line, is_styled

__all__ = ["LiveColumns", "fits_side_by_side", "write_columns"]

_REFRESH_S: Final = 0.1
_MIN_COLUMN_CHARS: Final = 24
_SPARE_LINES: Final = 5  # head, rule, status, and one at either end


def fits_side_by_side(count: int, stream: TextIO) -> bool:
    """Tell whether that many answers fit beside each other, each wide enough to be read."""
    return Console(file=stream).width >= count * _MIN_COLUMN_CHARS


class LiveColumns:
    """Show answers beside each other while they come: of each as much of its end as fits.

    What is shown goes away at the end, for `write_columns` to write the whole.

    Args:
        contenders: The answers.
        stream: A terminal.
    """

    def __init__(self, contenders: Sequence[Contender], stream: TextIO) -> None:
        self._contenders = contenders
        self._console = _console(stream)
        self._live = Live(
            console=self._console,
            get_renderable=self._table,
            auto_refresh=False,  # no thread: the task below does it
            transient=True,
            vertical_overflow="crop",
        )
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._live.start()
        self._task = asyncio.create_task(self._refresh())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
        self._live.stop()  # first of all, so that the cursor is back whatever comes
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _refresh(self) -> None:
        while True:
            self._live.refresh()
            await asyncio.sleep(_REFRESH_S)

    def _table(self) -> Table:
        width = max(1, self._console.width // len(self._contenders) - 3)
        height = max(1, self._console.height - _SPARE_LINES)
        texts = [_tail(self._console, one.text, width, height) for one in self._contenders]
        return _columns(self._contenders, texts)


def write_columns(contenders: Sequence[Contender], stream: TextIO) -> None:
    """Write whole answers beside each other."""
    _console(stream).print(_columns(contenders, [_safe(one.text) for one in contenders]), "")


def _console(stream: TextIO) -> Console:
    return Console(file=stream, color_system="auto" if is_styled(stream) else None, highlight=False)


def _columns(contenders: Sequence[Contender], texts: Sequence[Text]) -> Table:
    table = Table(box=box.MINIMAL, expand=True, show_footer=True, show_edge=False)
    for one in contenders:
        table.add_column(
            Text(as_line(one.model), "bold"),
            Text(as_line(one.status()), "red" if one.error is not None else "dim"),
            ratio=1,
            overflow="fold",
        )
    table.add_row(*texts)
    return table


def _tail(console: Console, text: str, width: int, height: int) -> Text:
    """Give the last lines of a text; what cannot be seen costs nothing."""
    lines = _safe(text[-width * height :]).wrap(console, width)[-height:]
    return Text("\n").join(lines)


def _safe(text: str) -> Text:
    return Text(printable(text.replace("\r\n", "\n")).strip("\n"))
