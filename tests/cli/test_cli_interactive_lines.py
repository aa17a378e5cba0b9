"""Tests of reading prompts from a pipe or a file."""

from __future__ import annotations

import asyncio
import io
import os
from pathlib import Path

import click
import pytest

from headwater_cli._interactive import _lines
from headwater_cli._interactive._lines import LineSource


async def _prompts(source: LineSource, *, until_end: bool = True) -> list[str]:
    found = []
    while True:
        try:
            found.append(await source.read(until_end=until_end))
        except EOFError:
            return found


@pytest.mark.parametrize(
    ("given", "prompts"),
    [
        ("one two", ["one two"]),
        ("one\ntwo\n", ["one\ntwo"]),
        ("one\n\\end\ntwo", ["one", "two"]),
        ("one\r\n\\end\r\ntüwo\r\n\\end\r\n", ["one", "tüwo"]),
        ("\ufeffone\n  \\end  \n", ["one"]),
        ("one\n\\end\n\\end\n \n\\end\n", ["one", "", " "]),
        ("one \\end\n\\endless\n", ["one \\end\n\\endless"]),
        ("", []),
        ("\n\n  \n", []),
    ],
    ids=["no-newline", "no-end", "second", "dos", "mark", "empty", "within", "nothing", "blank"],
)
@pytest.mark.parametrize("size", [1, 4, 100])
async def test_a_line_ends_each_prompt(given: str, prompts: list[str], size: int) -> None:
    """However the bytes come; the end of the input ends the last prompt, unless it is blank."""
    reading, writing = os.pipe()
    out = io.StringIO()
    with os.fdopen(reading) as pipe, os.fdopen(writing, "wb", buffering=0) as other:

        async def write() -> None:
            content = given.encode()
            for start in range(0, len(content), size):
                other.write(content[start : start + size])
                await asyncio.sleep(0)
            other.close()

        writer = asyncio.create_task(write())
        assert await _prompts(LineSource(pipe, out, "?")) == prompts
        await writer
    assert out.getvalue() == "?" * (len(prompts) + 1)


async def test_a_line_is_a_prompt(tmp_path: Path) -> None:
    """Where no line ends a prompt, each line is one; a file is read like a pipe."""
    file = tmp_path / "prompts"
    file.write_text("one\n\ntwo", encoding="utf-8")
    with file.open() as stream:
        prompts = await _prompts(LineSource(stream, io.StringIO(), ""), until_end=False)
    assert prompts == ["one", "", "two"]


async def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    """A script in another encoding is read as far as it can be."""
    file = tmp_path / "prompts"
    file.write_bytes(b"caf\xe9\n\\end\n")
    with file.open() as stream:
        assert await _prompts(LineSource(stream, io.StringIO(), "")) == ["caf\ufffd"]


async def test_a_wait_can_be_cancelled() -> None:
    """Nobody writes, and the loop goes on; what comes later is not lost."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as pipe, os.fdopen(writing, "w") as other:
        source = LineSource(pipe, io.StringIO(), "")
        waiting = asyncio.create_task(source.read())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        print("one", file=other, flush=True)
        assert await source.read() == "one"


async def test_an_endless_prompt_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No provider takes as much as a pipe can carry."""
    monkeypatch.setattr(_lines, "_MAX_PROMPT_CHARS", 10)
    file = tmp_path / "prompts"
    file.write_text("0123456789\n", encoding="utf-8")
    with file.open() as stream, pytest.raises(click.UsageError, match="larger than"):
        await LineSource(stream, io.StringIO(), "").read(until_end=True)
