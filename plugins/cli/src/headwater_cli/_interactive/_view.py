"""An answer on a terminal: Markdown that is formatted while it is written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO

from headwater import (
    Event,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallFinished,
)

from .._show import started_lines, tool_call_line
from .._terminal import dimmed, shown
from ._blocks import Block, Blocks
from ._live import Live, window_size
from ._markdown import BlockPainter

__all__ = ["MarkdownView"]

PAINT_GAP_S: Final = 0.04
_PAINT_SHARE: Final = 4  # of the time, painting takes a quarter at most
_THOUGHT_LINES: Final = 4
_THOUGHT_CHARS: Final = 1000  # enough for those lines in any window


class MarkdownView:
    """Show an answer while it comes.

    Blocks that are finished are shown once, and scroll away; the open one is painted again when it
    has grown, though not more often than the eye sees.

    Args:
        stream: A terminal.
        painter: Gives the lines of a block.
        is_whole_wanted: Whether an answer in one piece is what was asked for.
        is_reasoning_open: Whether reasoning stays on the screen, and is not folded into a line.
        clock: Tells the time.
    """

    def __init__(
        self,
        stream: TextIO,
        painter: BlockPainter,
        *,
        is_whole_wanted: bool = False,
        is_reasoning_open: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._painter = painter
        self._is_whole_wanted = is_whole_wanted
        self._is_reasoning_open = is_reasoning_open
        self._clock = clock
        self._live = Live(stream)
        self._blocks = Blocks()
        self._has_begun = False  # something stands above, from which a gap sets off
        self._held = ""  # a carriage return that may belong to a line break
        self._thought = ""  # its end
        self._thought_since: float | None = None
        self._painted_at = -PAINT_GAP_S
        self._gap_s = PAINT_GAP_S
        self._timer: asyncio.TimerHandle | None = None

    def take(self, event: Event) -> None:
        """Show an event, or pass over it."""
        match event:
            case TextDelta(text=text) | RefusalDelta(text=text):
                self._end_thought()
                self._write(text)
            case ReasoningDelta(text=text):
                self._end_answer()
                self._think(text)
            case Started():
                for line in started_lines(event, is_whole_wanted=self._is_whole_wanted):
                    self.note(line)
            case ToolCallFinished():
                self.note(tool_call_line(event))
            case _:
                pass

    def note(self, line: str) -> None:
        """Write one line of text that is safe to show beside the answer."""
        self.leave()
        self._stream.write(dimmed(line) + "\n")
        self._stream.flush()

    def leave(self) -> None:
        """End what was begun: no further event comes, for whatever reason."""
        self._end_thought()
        self._end_answer()

    def _write(self, text: str) -> None:
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        for block in self._blocks.feed(shown(text.removesuffix("\r"))):
            self._keep(block)
        self._paint_soon()

    def _think(self, text: str) -> None:
        if self._thought_since is None:
            self._thought_since = self._clock()
        text = shown(text)
        if self._is_reasoning_open:
            self._stream.write(dimmed(text) if text else "")
            self._stream.flush()
            self._thought = text or self._thought
        else:
            self._thought = (self._thought + text)[-_THOUGHT_CHARS:]
            self._paint_soon()

    def _end_thought(self) -> None:
        if self._thought_since is None:
            return
        self._stop_timer()
        if self._is_reasoning_open:
            self._stream.write("" if self._thought.endswith("\n") else "\n")
        else:
            time_s = self._clock() - self._thought_since
            self._live.keep([dimmed(f"[thought for {time_s:.0f} s; /reasoning shows it]")])
        self._thought, self._thought_since = "", None
        self._has_begun = True

    def _end_answer(self) -> None:
        self._stop_timer()
        for block in self._blocks.close():
            self._keep(block)
        self._blocks, self._held = Blocks(), ""

    def _keep(self, block: Block) -> None:
        self._live.keep(self._lines(block))
        self._has_begun = True

    def _lines(self, block: Block | None) -> list[str]:
        """Give the lines of what may still change."""
        width = window_size(self._stream)[0] - 1
        if self._thought_since is not None:
            return self._painter.dim_lines(self._thought, width)[-_THOUGHT_LINES:]
        if block is None:
            return []
        lines = self._painter.lines(block, width)
        return ["", *lines] if block.has_gap and self._has_begun and lines else lines

    def _paint_soon(self) -> None:
        wait_s = self._painted_at + self._gap_s - self._clock()
        if wait_s <= 0:
            self._paint()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._paint_late)

    def _paint_late(self) -> None:
        with suppress(OSError):  # the terminal is gone: who writes next is told
            self._paint()

    def _paint(self) -> None:
        self._stop_timer()
        began = time.thread_time()
        self._live.show(self._lines(self._blocks.open))
        self._gap_s = max(PAINT_GAP_S, _PAINT_SHARE * (time.thread_time() - began))
        self._painted_at = self._clock()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
