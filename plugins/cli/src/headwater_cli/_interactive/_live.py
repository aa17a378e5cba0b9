"""The lines at the foot of a terminal that may still change."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final, TextIO

__all__ = ["Live", "window_size"]

_STYLES: Final = re.compile(r"\x1b\[[0-9;]*m")
_DEFAULT_SIZE: Final = (80, 24)


def window_size(stream: TextIO) -> tuple[int, int]:
    """Tell how wide and high the window of a terminal is, as it is now."""
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return _DEFAULT_SIZE
    return columns or _DEFAULT_SIZE[0], rows or _DEFAULT_SIZE[1]


class Live:
    """Show lines, and show them again when they have changed: what has not changed stays.

    The cursor stands at the end of the last line. What does not fit into the window scrolls away,
    and stays as it was shown.

    Args:
        stream: A terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []  # those within the window
        self._gone = 0  # how many have scrolled away
        self._size = (0, 0)

    def show(self, lines: Sequence[str]) -> None:
        """Make these the lines at the foot; none: wipe them away."""
        columns, rows = window_size(self._stream)
        if self._size != (columns, rows):
            self._follow(columns, rows)
        fresh = list(lines[self._gone :])
        text = self._move(fresh)
        if text:
            self._stream.write(text)
            self._stream.flush()
        overflow = max(0, len(fresh) - max(1, rows - 1))
        self._gone += overflow
        self._lines = fresh[overflow:]

    def keep(self, lines: Sequence[str]) -> None:
        """Show lines for the last time: what comes is shown beneath."""
        self.show(lines)
        if self._lines:
            self._stream.write("\n")
            self._stream.flush()
        self._lines, self._gone = [], 0

    def _move(self, fresh: list[str]) -> str:
        """Say how the terminal gets from the lines that it shows to others.

        Each line is written over what stands there. To wipe all away first would flicker, and some
        terminals take a window that is wiped whole for one to be kept.
        """
        shown = self._lines
        same = 0
        while same < min(len(shown), len(fresh)) and shown[same] == fresh[same]:
            same += 1
        if same == len(shown) == len(fresh):
            return ""
        if shown and same == len(shown):
            return "\n" + _over(fresh[same:])
        same = min(same, max(0, len(fresh) - 1))  # what ends where the cursor is to stand
        return _up(len(shown) - 1 - same) + _over(fresh[same:])

    def _follow(self, columns: int, rows: int) -> None:
        """Go on in a window of another size.

        A terminal that got narrower has broken the lines that are too long now, and of one that got
        lower the upper lines have scrolled away.
        """
        heights = [max(1, -(-_width(line) // columns)) for line in self._lines]
        while len(heights) > 1 and sum(heights) > rows:
            del heights[0], self._lines[0]
            self._gone += 1
        before, self._size = self._size[0], (columns, rows)
        if before == columns:
            return
        if heights:
            self._stream.write(f"{_up(sum(heights) - 1)}\x1b[J")
        self._lines = []
        # Lines were counted at the old width: rather show one again than lose one.
        self._gone = min(self._gone, self._gone * before * 4 // (columns * 5))


def _up(rows: int) -> str:
    return f"\r\x1b[{rows}A" if rows > 0 else "\r"


def _over(lines: list[str]) -> str:
    """Write lines over what stands there, and wipe what stands below."""
    return "\x1b[K\n".join(lines) + "\x1b[J"


def _width(line: str) -> int:
    from rich.cells import cell_len  # only here: rich is heavy

    return cell_len(_STYLES.sub("", line))
