"""Watching a playing: what is logged, memory, sockets."""

from __future__ import annotations

import gc
import logging
import os
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def logged() -> Iterator[list[str]]:
    """Keep everything that is logged, by us or a library beneath."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    keeper, root = Keeper(), logging.getLogger()
    level = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.setLevel(level)
        root.removeHandler(keeper)


@contextmanager
def bounded_memory(limit_bytes: int | None) -> Iterator[None]:
    """Check how much more the process held at most."""
    if limit_bytes is None:
        yield
        return
    gc.collect()
    tracemalloc.start()
    try:
        yield
        grown_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert grown_bytes <= limit_bytes, f"memory grew by {grown_bytes} bytes"


def open_sockets() -> int:
    folder = Path("/proc/self/fd")
    links = [os.readlink(link) for link in folder.iterdir() if link.is_symlink()]
    return sum(link.startswith("socket:") for link in links)
