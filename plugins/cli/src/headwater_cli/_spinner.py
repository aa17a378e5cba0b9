"""A sign of life while nothing has come yet."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TextIO

from ._terminal import as_line, is_styled

if TYPE_CHECKING:
    from rich.status import Status

__all__ = ["Spinner"]

DELAY_S: Final = 0.15  # an answer that is faster needs none, and importing rich takes a while


class Spinner:
    """Turn on a terminal until something is shown; elsewhere, do nothing.

    Args:
        label: What is waited for.
        stream: Where to turn.
        is_wanted: Whether to turn at all.
    """

    def __init__(self, label: str, stream: TextIO, *, is_wanted: bool = True) -> None:
        self._label = label
        self._stream = stream
        self._is_wanted = is_wanted
        self._status: Status | None = None
        self._starting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._is_wanted and is_styled(self._stream):
            self._starting = asyncio.create_task(self._start())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        if self._starting is not None:  # gathered, since a spinner that fails is no failure
            await asyncio.gather(self._starting, return_exceptions=True)

    def stop(self) -> None:
        """Wipe it away; any number of times."""
        if self._starting is not None:
            self._starting.cancel()
        if self._status is not None:
            self._status.stop()
            self._status = None

    async def _start(self) -> None:
        await asyncio.sleep(DELAY_S)
        from rich.console import Console  # only here: most of what rich costs to import
        from rich.status import Status
        from rich.text import Text

        console = Console(file=self._stream, force_terminal=True)
        look = "dots" if console.encoding.startswith("utf") else "line"
        self._status = Status(Text(as_line(self._label), "dim"), console=console, spinner=look)
        self._status.start()
