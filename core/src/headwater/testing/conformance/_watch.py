"""Noticing what goes past the transport: sockets, processes, and a sleep that blocks the loop."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, SupportsIndex

__all__ = ["watched"]

_WATCHED: Final = frozenset(
    {"socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "time.sleep"}
)
_ACTIVE: dict[int, list[str]] = {}


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _ACTIVE and event in _WATCHED:  # pragma: no branch  # called where nothing is traced
        done = _ACTIVE.get(threading.get_ident())
        if done is not None:  # pragma: no branch  # another thread's
            done.append(event)


@cache  # a hook cannot be taken out again: one, that does nothing while nobody watches
def _install() -> None:
    sys.addaudithook(_hook)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Watch this thread; gives what it did, by the names of Python's audit events."""
    _install()
    done: list[str] = []
    _ACTIVE[threading.get_ident()] = done
    sleep = time.sleep

    def noted(
        seconds: float | SupportsIndex, /
    ) -> None:  # before Python 3.13 there is no audit event for it
        _hook("time.sleep", (seconds,))
        sleep(seconds)

    time.sleep = noted
    try:
        yield done
    finally:
        time.sleep = sleep
        del _ACTIVE[threading.get_ident()]
