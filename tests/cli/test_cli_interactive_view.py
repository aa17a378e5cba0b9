"""Tests of showing an answer in Markdown while it is written."""

from __future__ import annotations

import asyncio
import fcntl
import io
import os
import pty
import re
import struct
import termios
from collections.abc import Callable, Iterator

import pyte
import pytest
from hypothesis import given, settings

from headwater import Finished, FinishReason, ReasoningDelta, RefusalDelta, Started, TextDelta
from headwater_cli._interactive._blocks import Block
from headwater_cli._interactive._live import Live
from headwater_cli._interactive._markdown import BlockPainter
from headwater_cli._interactive._view import MarkdownView

from .test_cli_interactive_blocks import MARKDOWN


class Window(io.StringIO):
    """A terminal: its size can change, and it keeps what a person has seen."""

    def __init__(self, columns: int = 60, rows: int = 12) -> None:
        super().__init__()
        self._master, self._slave = pty.openpty()
        self.screen = pyte.HistoryScreen(columns, rows, history=100_000)
        self.screen.set_mode(pyte.modes.LNM)  # what the terminal's driver makes of a newline
        self._parser = pyte.Stream(self.screen)
        self.written = 0
        self.on_write: Callable[[], None] = lambda: None
        self.resize(columns, rows)

    def fileno(self) -> int:
        return self._slave

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written += len(text)
        self._parser.feed(text)
        self.on_write()
        return len(text)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def destroy(self) -> None:
        os.close(self._master)
        os.close(self._slave)

    @property
    def text(self) -> str:
        """Give all that was shown, what has scrolled away included."""
        gone = [
            "".join(row[place].data for place in range(self.screen.columns))
            for row in self.screen.history.top
        ]
        return "\n".join(line.rstrip() for line in [*gone, *self.screen.display]).rstrip("\n")


class CountingPainter(BlockPainter):
    """Count the characters that are made into lines."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.painted = 0

    def lines(self, block: Block, width: int) -> list[str]:
        self.painted += len(block.text)
        return super().lines(block, width)


class Ticking:
    """Tell a time that goes on whenever it is asked for: each delta is painted."""

    def __init__(self, step_s: float = 1.0) -> None:
        self._now = 0.0
        self._step_s = step_s

    def __call__(self) -> float:
        self._now += self._step_s
        return self._now


@pytest.fixture
def window() -> Iterator[Window]:
    """Open a small window."""
    window = Window()
    yield window
    window.destroy()


def _view(window: Window, **wishes: bool) -> MarkdownView:
    return MarkdownView(window, BlockPainter(window), clock=Ticking(), **wishes)


def _write(view: MarkdownView, text: str, size: int = 3) -> None:
    for start in range(0, len(text), size):
        view.take(TextDelta(text[start : start + size]))
    view.leave()


ANSWER = """\
# Rivers

A **long** paragraph about rivers, which goes on for more than one line of a small window.
Its second line stands on its own.

- the `Rhine`
- the Danube, which is the longer one of the two and comes from the same mountains

```python
def flow(x):
    return x
```
| river | km |
|---|---|
| Rhine | 1233 |

1. <b>HTML</b> is text & so is \\*this\\*
2. [a link](https://example.org/x) and ![an image](https://example.org/y.png)

[1]: https://example.org/source
"""

SHOWN = """\
Rivers

A long paragraph about rivers, which goes on for more than
one line of a small window.
Its second line stands on its own.

 • the Rhine
 • the Danube, which is the longer one of the two and comes
   from the same mountains

```python
def flow(x):
    return x
```
 river  km
 ───────────
 Rhine  1233

 1 <b>HTML</b> is text & so is *this*
 2 a link (https://example.org/x) and an image
   (https://example.org/y.png)

[1]: https://example.org/source"""


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_an_answer_as_it_is_seen(window: Window, size: int) -> None:
    """However it comes, and though it scrolls through a small window, it is shown once."""
    _write(_view(window), ANSWER, size)
    assert window.text == SHOWN


async def test_what_came_is_shown_soon(window: Window) -> None:
    """A delta that comes right after another is shown without waiting for a third."""
    shown = asyncio.Event()
    window.on_write = lambda: shown.set() if "one two" in window.text else None
    view = MarkdownView(window, BlockPainter(window))
    view.take(TextDelta("one"))
    view.take(TextDelta(" two"))
    async with asyncio.timeout(10):
        await shown.wait()
    view.leave()


@pytest.mark.slow
@settings(max_examples=60)
@given(text=MARKDOWN)
def test_no_text_can_break_it(text: str) -> None:
    """Whatever is written, the end is the same as if it had come at once, and has all words."""
    first, second = Window(), Window()
    try:
        _write(_view(first), text, 4)
        _write(_view(second), text, len(text) + 1)
        assert first.text == second.text
        assert len(re.findall("word", first.text)) == text.count("word")
    finally:
        first.destroy()
        second.destroy()


def _paragraph(size: int) -> str:
    return ("Some words of a paragraph that never ends, " * (size // 43 + 1))[:size]


def _unbroken(size: int) -> str:
    return "x" * size


def _code(size: int) -> str:
    return "```python\n" + "value = compute(1, 2)\n" * (size // 22)


def _list(size: int) -> str:
    return "- an item of a long list\n" * (size // 25)


def _item(size: int) -> str:
    return "- an item\n" + "  with a line more\n" * (size // 19)


def _table(size: int) -> str:
    return "| a | b |\n|---|---|\n" + "| one | two |\n" * (size // 14)


def _quote(size: int) -> str:
    return "> a line of a quote\n" * (size // 20)


SHAPES = [_paragraph, _unbroken, _code, _list, _item, _table, _quote]


def _cost(make: Callable[[int], str], size: int) -> tuple[int, int]:
    """Count what is painted and written for an answer whose every delta is painted."""
    window = Window(80, 24)
    painter = CountingPainter(window)
    try:
        text = make(size)
        view = MarkdownView(window, painter, clock=Ticking(1e6))  # however slow the machine
        _write(view, text, 300)
    finally:
        window.destroy()
    return painter.painted, window.written


@pytest.mark.slow
@pytest.mark.parametrize("make", SHAPES, ids=lambda make: make.__name__.strip("_"))
def test_a_long_answer_costs_linear_work(make: Callable[[int], str]) -> None:
    """Twice the answer is twice the work, of painting and of writing, whatever its shape."""
    small, large = _cost(make, 6_000), _cost(make, 12_000)
    assert large[0] < 2.5 * small[0]
    assert large[1] < 2.5 * small[1]


@pytest.mark.slow
async def test_a_hundred_kilobytes_are_painted_seldom() -> None:
    """At the speed of models a paint is due 25 times a second, and shows what is open."""
    window = Window(80, 24)
    painter = CountingPainter(window)
    try:
        text = _paragraph(100_000)
        view = MarkdownView(window, painter, clock=Ticking(0.0004))  # 2,500 deltas a second
        for start in range(0, len(text), 4):
            view.take(TextDelta(text[start : start + 4]))
        view.leave()
    finally:
        window.destroy()
    assert painter.painted < 20 * len(text)
    assert window.written < 3 * len(text)


def test_reasoning_is_folded(window: Window) -> None:
    """While it thinks one sees the end of it; when it answers, a line says how long it thought."""
    view = _view(window)
    for _ in range(40):
        view.take(ReasoningDelta("a thought and another one, "))
    lines = window.text.split("\n")
    assert len(lines) == 4
    assert "another one," in lines[-1]
    _write(view, "Done.")
    assert re.fullmatch(r"\[thought for \d+ s; /reasoning shows it\]\nDone\.", window.text)


def test_reasoning_stays_open_where_that_is_wanted(window: Window) -> None:
    """All of it stands above the answer, and so does what is thought later."""
    view = _view(window, is_reasoning_open=True)
    view.take(ReasoningDelta("first "))
    view.take(ReasoningDelta("thought"))
    view.take(TextDelta("Answer."))
    view.take(ReasoningDelta("second\n"))
    _write(view, "More.")
    assert window.text == "first thought\nAnswer.\nsecond\nMore."


def test_a_refusal_is_shown(window: Window) -> None:
    """The model's words for not answering are an answer to read."""
    view = _view(window)
    view.take(Started(dropped=("an image",)))
    view.take(RefusalDelta("I would rather "))
    view.take(RefusalDelta("not."))
    view.take(Finished(FinishReason.REFUSAL))
    view.leave()
    assert window.text == "[dropped: an image]\nI would rather not."


def test_a_line_break_may_be_cut_in_two(window: Window) -> None:
    """The two characters of a line break of Windows may come in two deltas."""
    _write(_view(window), "one\r\ntwo\r\n\r\nthree", 1)
    assert window.text == "one\ntwo\n\nthree"


def test_a_provider_cannot_steer_the_terminal(window: Window) -> None:
    """Control characters are shown, in text, code and thoughts."""
    view = _view(window, is_reasoning_open=True)
    view.take(ReasoningDelta("a\x1b[2Jb"))
    _write(view, "c\x1b]0;title\x07d `e\x9b31mf`\n\n```\x1b[5m\ng\rh\n```\n", 100)
    assert "a\\x1b[2Jb" in window.text
    assert "c\\x1b]0;title\\x07d e\\x9b31mf" in window.text
    assert "g\\rh" in window.text


@pytest.mark.parametrize("columns", [30, 61, 90])
def test_the_window_may_change_its_width(columns: int) -> None:
    """What is open is shown anew in the new width, and nothing of the old one is left."""
    window = Window(60, 20)
    words = " ".join(f"w{n:02}" for n in range(30))
    try:
        view = _view(window)
        view.take(TextDelta(words[:100]))
        before = [line.rstrip() for line in window.screen.display if line.strip()]
        assert len(before) == 2
        if columns < 60:  # a terminal that breaks the lines that are too long now
            window.screen.reset()
            window.screen.set_mode(pyte.modes.LNM)
            broken = [line[at : at + columns] for line in before for at in range(0, 60, columns)]
            window.resize(columns, 20)
            window.write("\n".join(line for line in broken if line))
        window.resize(columns, 20)
        view.take(TextDelta(words[100:]))
        view.leave()
        assert " ".join(window.text.split()) == words
    finally:
        window.destroy()


def test_lines_that_have_not_changed_stay(window: Window) -> None:
    """To show one line more costs the writing of that line."""
    live = Live(window)
    live.show(["first line", "second line"])
    written = window.written
    live.show(["first line", "second line", "third line"])
    assert window.written - written < len("third line") + 10
    assert window.text == "first line\nsecond line\nthird line"
    live.show(["first line"])
    assert window.text == "first line"
    live.show([])
    assert window.text == ""


def test_what_is_higher_than_the_window_scrolls_away(window: Window) -> None:
    """Lines above the window stay as they are, and those within it still change."""
    live = Live(window)
    for count in range(1, 30):
        live.show([f"line {n}" for n in range(count)])
    live.show([*(f"line {n}" for n in range(28)), "changed"])
    live.keep([*(f"line {n}" for n in range(28)), "kept"])
    assert window.text.split("\n") == [*(f"line {n}" for n in range(28)), "kept"]


def test_a_window_that_gets_lower_shows_no_line_twice() -> None:
    """The lines that scroll away as the window shrinks are above it from then on."""
    window = Window(40, 20)
    try:
        live = Live(window)
        lines = [f"line {n}" for n in range(15)]
        live.show(lines)
        # The terminal keeps the lower lines, and the cursor stays on the last of them.
        window.screen.reset()
        window.screen.set_mode(pyte.modes.LNM)
        window.resize(40, 6)
        window.write("\n".join(lines[-6:]))
        live.show([*lines, "more"])
        live.keep([*lines, "more", "end"])
        assert window.text.split("\n") == [*lines[-6:], "more", "end"]
    finally:
        window.destroy()
