"""Prompts from a pipe, a file, or a terminal that can do nothing but show text."""

from __future__ import annotations

import asyncio
import codecs
import os
from contextlib import AbstractContextManager, nullcontext
from typing import Final, TextIO

import click

from ._source import END

__all__ = ["LineSource"]

_CHUNK_BYTES: Final = 65536
_MAX_PROMPT_CHARS: Final = 50 * 2**20  # no provider takes more


class LineSource:
    """Read prompts line by line, as UTF-8 whatever the locale says.

    The end of the input ends the prompt that is being written, as its own end would.

    Args:
        stream: What to read. Nobody else may read it.
        out: Where what asks for a prompt is written.
        message: What asks for it.
    """

    def __init__(self, stream: TextIO, out: TextIO, message: str) -> None:
        self._descriptor = stream.fileno()
        self._out = out
        self._message = message
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._pieces: list[str] = []
        self._lines: list[str] = []  # read ahead, the next one last
        self._has_ended = False

    async def read(self, draft: str = "", *, until_end: bool = False) -> str:
        """Give the next prompt; a draft cannot be shown here, and is passed over."""
        self._out.write(self._message)
        self._out.flush()
        lines: list[str] = []
        size = 0
        while (line := await self._line()) is not None:
            if not until_end:
                return line
            if line.strip() == END:
                return "\n".join(lines)
            lines.append(line)
            size += len(line) + 1
            if size > _MAX_PROMPT_CHARS:
                raise click.UsageError(
                    f"a prompt is larger than the {_MAX_PROMPT_CHARS // 2**20} MiB that a request "
                    "can carry"
                )
        if not any(text.strip() for text in lines):
            raise EOFError
        return "\n".join(lines)

    def quiet(self) -> AbstractContextManager[None]:
        """Leave the terminal as it is: whatever it is, it edits lines itself."""
        return nullcontext()

    async def _line(self) -> str | None:
        """Give the next line; None: there is none."""
        while not self._lines:
            if self._has_ended:
                return None
            await self._read_on()
        return self._lines.pop()

    async def _read_on(self) -> None:
        chunk = await _chunk(self._descriptor)
        self._has_ended = not chunk
        text = self._decoder.decode(chunk, final=self._has_ended)
        *lines, rest = text.split("\n")
        if lines:
            lines[0] = "".join([*self._pieces, lines[0]])
            self._pieces = []
        self._pieces.append(rest)
        if self._has_ended and any(self._pieces):
            lines.append("".join(self._pieces))
        self._lines = [line.removesuffix("\r") for line in reversed(lines)]


async def _chunk(descriptor: int) -> bytes:
    """Read what is there, waiting without holding up the loop where that can be."""
    loop = asyncio.get_running_loop()
    is_ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, is_ready.set)
    except (PermissionError, NotImplementedError):
        return os.read(descriptor, _CHUNK_BYTES)  # a file, which never lets wait
    try:
        await is_ready.wait()
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, _CHUNK_BYTES)
