"""One block of Markdown as the lines that a terminal shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final, TextIO

from markdown_it import MarkdownIt
from rich.console import Console, Group
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.syntax import Syntax
from rich.text import Text
from rich.theme import Theme

from ._blocks import Block

if TYPE_CHECKING:
    from markdown_it.token import Token
    from rich.console import ConsoleOptions, RenderableType, RenderResult

__all__ = ["BlockPainter"]

_PADDING: Final = re.compile(r"(?:\x1b\[[0-9;]*m| )+$")
_THEME: Final = "ansi_dark"  # the terminal's own colours, which suit its background


class BlockPainter:
    """Give the lines of a block, in the colours that a terminal has."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(
            file=stream,
            force_terminal=True,
            highlight=False,
            markup=False,
            emoji=False,
            theme=Theme({"markdown.code": "cyan"}),
        )

    def lines(self, block: Block, width: int) -> list[str]:
        """Give the lines of a block in a window so many columns wide."""
        try:
            return self._printed(
                _code(block) if block.language is not None else _prose(block), width
            )
        except Exception:  # noqa: BLE001  # whatever a model writes, its words must be shown
            return self._printed(Text(block.text), width)

    def dim_lines(self, text: str, width: int) -> list[str]:
        """Give the lines of text that is no Markdown, dimmed."""
        return self._printed(Text(text, "dim"), width)

    def _printed(self, what: RenderableType, width: int) -> list[str]:
        with self._console.capture() as captured:
            self._console.print(what, width=max(1, width))
        lines = [_stripped(line) for line in captured.get().split("\n")]
        while lines and not lines[-1]:
            lines.pop()
        first = next((place for place, line in enumerate(lines) if line), 0)
        return lines[first:]


def _stripped(line: str) -> str:
    """Take away the blanks that pad a line: a window that gets narrower would break them."""
    line = _PADDING.sub("", line)
    return f"{line}\x1b[0m" if "\x1b" in line else line


def _prose(block: Block) -> RenderableType:
    return _Markdown(block.text)


def _code(block: Block) -> RenderableType:
    """Show code between its fences: it can be copied as it stands."""
    rows: list[RenderableType] = [_syntax(block.text, block.language or "text")]
    if not block.is_continued:
        rows.insert(0, Text(f"```{block.language}", "dim"))
    if not block.is_cut:
        rows.append(Text("```", "dim"))
    return Group(*rows)


def _syntax(code: str, language: str) -> Syntax:
    return Syntax(code, language, theme=_THEME, background_color="default", word_wrap=True)


class _Heading(Heading):
    """A heading that begins where all else begins."""

    LEVEL_ALIGN = dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "left")


class _CodeBlock(CodeBlock):
    """Code within something else: no margin, no background."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _syntax(str(self.text).rstrip(), self.lexer_name)


class _Markdown(Markdown):
    """Markdown as people chat in it: HTML is text, and a line break is one."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _CodeBlock,
        "code_block": _CodeBlock,
    }

    def __init__(self, text: str) -> None:
        super().__init__("", hyperlinks=False)
        parser = MarkdownIt("commonmark", {"html": False})
        parser.enable(["strikethrough", "table"]).disable("reference")
        self.parsed = parser.parse(text)
        for token in self.parsed:
            for child in token.children or ():
                _adapt(child)


def _adapt(token: Token) -> None:
    """Show the breaks that were written, and where an image is."""
    if token.type == "softbreak":
        token.type = "hardbreak"
    elif token.type == "image":
        token.type, token.tag = "text", ""
        token.content = f"{token.content} ({token.attrs.get('src', '')})"
        token.children = None
