"""Running asynchronous work from a command, and ending it in order when a signal comes."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any, TypeVar

__all__ = ["Terminated", "run_until_signal"]

T = TypeVar("T")


class Terminated(BaseException):
    """Say that SIGTERM came; what was under way is closed."""


def run_until_signal(work: Coroutine[Any, Any, T]) -> T:
    """Run work to its end.

    Raises:
        KeyboardInterrupt: SIGINT came and the work was cancelled, so that connections are closed.
        Terminated: SIGTERM came, and likewise.
    """
    return asyncio.run(_terminable(work))


async def _terminable(work: Coroutine[Any, Any, T]) -> T:
    """Treat SIGTERM as asyncio treats SIGINT: the first cancels, a second one no longer waits."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None  # a coroutine that runs has a task
    is_terminated = False

    def terminate(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_terminated
        if is_terminated:
            raise Terminated
        is_terminated = True
        loop.call_soon_threadsafe(task.cancel)

    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        return await work
    except asyncio.CancelledError:
        if is_terminated:
            raise Terminated from None
        raise
    finally:
        signal.signal(signal.SIGTERM, previous or signal.SIG_DFL)  # None: not set by Python
