"""Where prompts come from: the shape that a terminal and a pipe share."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final, Protocol

__all__ = ["END", "Source"]

END: Final = r"\end"  # the line that ends a prompt of several lines


class Source(Protocol):
    """Give one prompt after the other."""

    async def read(self, draft: str = "", *, until_end: bool = False) -> str:
        r"""Give the next prompt.

        Args:
            draft: What stands there already, to be edited.
            until_end: Whether the prompt goes on until a line `\end`.

        Raises:
            EOFError: There is none.
            KeyboardInterrupt: Ctrl-C was pressed where nothing had been written.
        """
        ...

    def quiet(self) -> AbstractContextManager[None]:
        """Keep what is typed off the screen, for the next prompt."""
        ...
