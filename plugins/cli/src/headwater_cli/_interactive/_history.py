"""The prompts of earlier conversations, for the arrow keys and Ctrl-R."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import platformdirs
from prompt_toolkit.history import FileHistory

__all__ = ["PromptHistory", "history_path"]

_MAX_BYTES: Final = 2**20


def history_path() -> Path:
    """Tell where the prompts are kept."""
    return platformdirs.user_state_path("headwater", appauthor=False) / "prompts"


class PromptHistory(FileHistory):
    """Keep prompts in a file that nobody else may read.

    Where the file cannot be written the prompts of this conversation are all there is.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "r+b") as file:
                os.chmod(path, 0o600)
                if file.seek(0, os.SEEK_END) > _MAX_BYTES:
                    _halve(path)

    def load_history_strings(self) -> list[str]:
        """Give the prompts, the newest first."""
        try:
            return list(super().load_history_strings())
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        """Keep a prompt."""
        with suppress(OSError):
            super().store_string(string)


def _halve(path: Path) -> None:
    """Forget the older half, at the beginning of a prompt."""
    content = path.read_bytes()
    start = content.find(b"\n# ", len(content) // 2)
    fresh = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content[start:] if start >= 0 else b"")
    fresh.replace(path)
