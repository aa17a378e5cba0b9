"""Tests of cutting Markdown into blocks while it comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater_cli._interactive._blocks import Block, Blocks

PIECES = st.sampled_from(
    [
        *(
            "\n",
            "\n\n",
            " ",
            "  ",
            "word ",
            "# ",
            "- ",
            "1. ",
            "12) ",
            "> ",
            "```\n",
            "```py\n",
            "~~~\n",
        ),
        *(
            "| a | b |\n",
            "|---|---|\n",
            "---\n",
            "***",
            "===\n",
            "**",
            "`",
            "    ",
            "\t",
            "[x]: y\n",
        ),
    ]
)
MARKDOWN = st.lists(PIECES, max_size=40).map("".join)


def _cut(text: str, size: int, max_chars: int = 3000) -> list[Block]:
    blocks = Blocks(max_chars=max_chars)
    found = []
    for start in range(0, len(text), size):
        found += blocks.feed(text[start : start + size])
    return found + blocks.close()


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("one\ntwo\n\nthree", ["one\ntwo", "three"]),
        ("# A\ntext\n## B\n", ["# A", "text", "## B"]),
        ("A\n===\nB\n---\nc", ["A\n===", "B\n---", "c"]),
        ("a\n***\nb", ["a", "***", "b"]),
        (
            "Here:\n- a\n- b\n  more\n\n  part\n- c",
            ["Here:", "- a", "- b\n  more\n\n  part", "- c"],
        ),
        ("- a\n\nb", ["- a", "b"]),
        ("in 1999\n2000. it was", ["in 1999\n2000. it was"]),
        (
            "1. a\n   ```sh\n   b\n\n   c\n   ```\n2. d",
            ["1. a\n   ```sh\n   b\n\n   c\n   ```", "2. d"],
        ),
        ("| a |\n|---|\n| b |\n\nc", ["| a |\n|---|\n| b |", "c"]),
        ("> a\n> b\n\nc", ["> a\n> b", "c"]),
    ],
    ids=[
        *("paragraphs", "headings", "underlined", "rule", "list", "after-list", "no-list"),
        *("code-in-list", "table", "quote"),
    ],
)
def test_blocks_end_where_markdown_ends_them(text: str, blocks: list[str]) -> None:
    """Each block can be shown by itself."""
    assert [block.text for block in _cut(text, 1)] == blocks


def test_fenced_code_is_a_block_of_its_own() -> None:
    """Code keeps its blank lines and its language; what looks like Markdown in it is code."""
    text = "text\n```python x\n# no heading\n\n- no item\n~~~\n```\n\nend"
    assert _cut(text, 3) == [
        Block("text"),
        Block("# no heading\n\n- no item\n~~~", language="python"),
        Block("end", has_gap=True),
    ]


def test_code_that_is_never_closed_is_code() -> None:
    """An answer may end in the middle."""
    assert _cut("````\na\n```\nb", 2) == [Block("a\n```\nb", language="")]


@pytest.mark.parametrize("max_chars", [3000, 25])
@given(text=MARKDOWN, size=st.integers(1, 7))
def test_slicing_changes_nothing(text: str, size: int, max_chars: int) -> None:
    """The same text gives the same blocks, however it came."""
    assert _cut(text, size, max_chars) == _cut(text, len(text) + 1, max_chars)


@given(text=MARKDOWN, max_chars=st.integers(8, 60))
def test_no_word_is_lost(text: str, max_chars: int) -> None:
    """Every word of the text stands in some block, as often as it was written."""
    shown = "\n".join(block.text for block in _cut(text, 5, max_chars))
    assert shown.count("word") == text.count("word")


@given(text=MARKDOWN, max_chars=st.integers(8, 60))
def test_the_open_block_stays_short(text: str, max_chars: int) -> None:
    """What is painted again and again has a limit, whatever is written."""
    blocks = Blocks(max_chars=max_chars)
    for character in text:
        blocks.feed(character)
        assert blocks.open is None or len(blocks.open.text) <= max_chars


def test_long_code_is_cut_at_a_blank_line() -> None:
    """The parts of a function stay together, where there is a choice."""
    code = "".join(f"def f{n}():\n    return {n}\n\n" for n in range(9))
    parts = _cut(f"```python\n{code}```\n", 4, max_chars=100)
    assert "\n".join(part.text for part in parts).split() == code.split()
    assert all(part.text.startswith("def") for part in parts)
    assert [part.is_continued for part in parts] == [False, *[True] * (len(parts) - 1)]
    assert [part.is_cut for part in parts] == [*[True] * (len(parts) - 1), False]


def test_a_long_table_goes_on_under_its_head() -> None:
    """Each part of a table can be read."""
    rows = "".join(f"| {n} | x |\n" for n in range(30))
    parts = _cut(f"| a | b |\n|---|---|\n{rows}", 9, max_chars=120)
    assert len(parts) > 2
    assert all(part.text.startswith("| a | b |\n|---|---|\n| ") for part in parts)
