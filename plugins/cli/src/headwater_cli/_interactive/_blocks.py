"""Markdown that is still being written: which blocks are finished, and which one is open."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

import attrs

__all__ = ["Block", "Blocks"]

MAX_BLOCK_CHARS: Final = 3000  # an open block is painted again and again: beyond it, it is cut

_FENCE: Final = re.compile(r"^ {0,3}(?P<mark>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<word>[^\s`]*)")
_INNER_FENCE: Final = re.compile(
    r"^\s*(?:(?:[-*+]|\d{1,9}[.)])\s+)?(?P<mark>`{3,}(?=[^`]*$)|~{3,})"
)
_HEADING: Final = re.compile(r"^ {0,3}#{1,6}(?:[ \t]|$)")
_RULE: Final = re.compile(r"^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_UNDERLINE: Final = re.compile(r"^ {0,3}(?:-+|=+)[ \t]*$")
_ITEM: Final = re.compile(r"^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_INTERRUPTING_ITEM: Final = re.compile(r"^ {0,3}(?:[-*+]|1[.)])[ \t]+\S")
_TABLE_RULE: Final = re.compile(r"^[ \t]*\|?[ \t]*:?-+[-:| \t]*$")

# The beginning of a line that says already what the line will be, whatever follows.
_CLEAR: Final = re.compile(
    r"^ {0,3}(?:#{1,6}[ \t]+\S|(?P<mark>[-*+])[ \t]+(?!(?P=mark))\S|\d{1,9}[.)][ \t]+\S)"
)


@attrs.frozen
class Block:
    """Hold a piece of Markdown that can be shown by itself.

    Attributes:
        text: Its source; of fenced code, the code.
        language: The word after the fence; None: it is no fenced code.
        has_gap: Whether a blank line stands before it.
        is_continued: Whether it goes on from the block before, which was too long.
        is_cut: Whether more of it may follow.
    """

    text: str
    language: str | None = attrs.field(default=None, kw_only=True)
    has_gap: bool = attrs.field(default=False, kw_only=True)
    is_continued: bool = attrs.field(default=False, kw_only=True)
    is_cut: bool = attrs.field(default=False, kw_only=True)


class _Kind(Enum):
    TEXT = auto()
    ITEM = auto()
    CODE = auto()


@attrs.define
class _Open:
    """Keep the block that is being written: its complete lines."""

    kind: _Kind
    has_gap: bool
    fence: str | None = None  # what ends the code that we are in; of an item, the code within it
    language: str | None = None
    is_continued: bool = False
    lines: list[str] = attrs.field(factory=list)
    size: int = 0

    def take(self, line: str) -> bool:
        """Take a line, and tell whether it is the last."""
        if self.kind is _Kind.CODE and self.is_end_of_code(line):
            return True
        self.lines.append(line)
        self.size += len(line) + 1
        if self.kind is _Kind.ITEM:
            self._follow_inner_code(line)
        return self.kind is _Kind.TEXT and self._is_last(line)

    def is_end_of_code(self, line: str) -> bool:
        mark = line.strip()
        return self.fence is not None and mark.startswith(self.fence) and set(mark) == {mark[0]}

    def block(self, text: str, *, is_cut: bool) -> Block:
        return Block(
            text,
            language=self.language,
            has_gap=self.has_gap,
            is_continued=self.is_continued,
            is_cut=is_cut,
        )

    def _follow_inner_code(self, line: str) -> None:
        if self.fence is not None:
            if self.is_end_of_code(line):
                self.fence = None
        elif found := _INNER_FENCE.match(line):
            self.fence = found["mark"]

    def _is_last(self, line: str) -> bool:
        if len(self.lines) == 1:
            return bool(_HEADING.match(line) or _RULE.match(line))
        return _UNDERLINE.match(line) is not None


class Blocks:
    """Cut Markdown into blocks while it comes.

    A block that is finished never changes again, so each is shown once. Which blocks there are does
    not depend on how the text was sliced. The work is linear in the text, and the open block is
    never longer than a limit: what is longer is cut, at the end of a line where there is one.

    A link whose address stands in another block is shown as it is written.
    """

    def __init__(self, *, max_chars: int = MAX_BLOCK_CHARS) -> None:
        self._max_chars = max_chars
        self._finished: list[Block] = []
        self._open: _Open | None = None
        self._tail = ""  # the line that is being written
        self._is_placed = False  # and it is known to belong to the open block
        self._has_gap = False  # a blank line stands before what comes next

    @property
    def open(self) -> Block | None:
        """Give the block that is being written; None: there is none."""
        tail = "" if self._may_be_fence() else self._tail
        if self._open is None:
            return Block(tail, has_gap=self._has_gap, is_cut=True) if tail.strip() else None
        lines = [*self._open.lines, tail] if tail else self._open.lines
        return self._open.block("\n".join(lines), is_cut=True)

    def feed(self, text: str) -> list[Block]:
        """Take what was written, and give the blocks that it finished."""
        *complete, rest = text.split("\n")
        for line in complete:
            self._extend(line)
            self._end_line()
        self._extend(rest)
        if not self._is_placed and not self._is_in_code and _CLEAR.match(self._tail):
            self._place(self._tail)
            self._is_placed = True
        return self._take_finished()

    def close(self) -> list[Block]:
        """Give what was open: nothing more is written."""
        if self._tail:
            self._end_line()
        self._finish()
        return self._take_finished()

    @property
    def _is_in_code(self) -> bool:
        return self._open is not None and self._open.kind is _Kind.CODE

    def _may_be_fence(self) -> bool:
        """Tell whether the line that is being written begins or ends code: it is not shown yet."""
        return not self._is_placed and self._tail.lstrip()[:2] in ("``", "~~")

    def _take_finished(self) -> list[Block]:
        finished, self._finished = self._finished, []
        return finished

    def _extend(self, text: str) -> None:
        """Add to the line that is being written; an endless one is cut on the way."""
        while text:
            size = self._open.size if self._open is not None else 0
            room = max(1, self._max_chars - size - len(self._tail))
            self._tail += text[:room]
            text = text[room:]
            if size + len(self._tail) >= self._max_chars:
                self._cut()

    def _end_line(self) -> None:
        line, self._tail = self._tail, ""
        is_placed, self._is_placed = self._is_placed, False
        is_more = is_placed or self._is_in_code or self._place(line)
        if not is_more or self._open is None:
            return
        if self._open.take(line):
            self._finish()
        elif self._open.size >= self._max_chars:
            self._cut()
            self._is_placed = False

    def _place(self, line: str) -> bool:
        """Make open the block that a line belongs to; False: the line adds nothing to it."""
        if not line.strip():
            self._has_gap = True
            if self._open is not None and self._open.kind is _Kind.ITEM:
                return True
            self._finish()
            return False
        fence = _FENCE.match(line) if self._open is None or self._is_new(line) else None
        if fence is not None:
            self._finish()
            self._begin(_Kind.CODE, fence["mark"], fence["word"])
            return False
        self._settle(line)
        return True

    def _settle(self, line: str) -> None:
        """Let a line that is no fence go on with the open block, or begin another."""
        if self._open is not None and not self._is_new(line):
            self._has_gap = False  # a blank line before it was within the item
            return
        self._finish()
        is_item = _ITEM.match(line) and not _RULE.match(line)
        self._begin(_Kind.ITEM if is_item else _Kind.TEXT)

    def _is_new(self, line: str) -> bool:
        """Tell whether a line begins a block, with another one open."""
        assert self._open is not None  # asked only then
        if self._open.kind is _Kind.ITEM:
            if line[:2].isspace():
                return False
            if self._has_gap or self._open.fence is not None or _ITEM.match(line):
                return True
        elif _UNDERLINE.match(line):
            return False
        return any(p.match(line) for p in (_FENCE, _HEADING, _RULE, _INTERRUPTING_ITEM))

    def _begin(self, kind: _Kind, fence: str | None = None, language: str | None = None) -> None:
        self._open = _Open(kind, self._has_gap, fence, language)
        self._has_gap = False

    def _finish(self) -> None:
        if self._open is None:
            return
        block = self._open.block("\n".join(self._open.lines).rstrip(), is_cut=False)
        if block.text or block.language is not None:
            self._finished.append(block)
        self._open = None

    def _cut(self) -> None:
        """Finish as much of the open block as can be, since it is too long to stay open."""
        if self._tail and not self._is_placed and not self._is_in_code:
            self._settle(self._tail)
        self._is_placed = True
        if self._open is not None and self._open.size + len(self._tail) < self._max_chars:
            return  # the line began another block
        before = self._open
        assert before is not None  # begun by the line, if not before
        if before.lines:
            place = _cut_place(before)
            head, rest = before.lines[:place], before.lines[place:]
        else:
            place = max(self._tail.rfind(" ", len(self._tail) // 2), 0) or len(self._tail)
            head, rest = [self._tail[:place]], []
            self._tail = self._tail[place:]
        self._finished.append(before.block("\n".join(head), is_cut=True))
        lines = [*_table_head(head, self._max_chars), *rest]
        size = sum(len(line) + 1 for line in lines)
        self._open = attrs.evolve(before, has_gap=False, is_continued=True, lines=lines, size=size)


def _cut_place(block: _Open) -> int:
    """Choose after which line to cut: the last blank one of code, if it is not far back."""
    count = len(block.lines)
    if block.kind is _Kind.CODE:
        for place in range(count - 1, count // 2, -1):
            if not block.lines[place].strip():
                return place + 1
    return count


def _table_head(lines: list[str], max_chars: int) -> list[str]:
    """Give the lines that a table needs to go on after a cut; none, if it is no table."""
    head = lines[:2]
    is_table = len(head) == 2 and "|" in head[0] and _TABLE_RULE.match(head[1])
    return head if is_table and sum(map(len, head)) < max_chars // 2 else []
