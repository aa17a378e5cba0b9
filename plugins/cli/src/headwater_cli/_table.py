"""Rows for people: fitted to a terminal, one line each elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TextIO

from ._terminal import as_line, is_styled

__all__ = ["write_table"]

_ENDLESS: Final = 10_000  # columns of what is no terminal: `grep` wants whole lines


def write_table(heads: Sequence[str], rows: Sequence[Sequence[str]], stream: TextIO) -> None:
    """Write rows under their heads; text of others is made safe to show."""
    from rich.console import Console  # only here: it costs more to import than all the rest
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, head in enumerate(heads):
        table.add_column(Text(head, "bold"), overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*(Text(as_line(cell)) for cell in row))
    Console(
        file=stream,
        width=None if stream.isatty() else _ENDLESS,
        color_system="auto" if is_styled(stream) else None,
    ).print(table)
