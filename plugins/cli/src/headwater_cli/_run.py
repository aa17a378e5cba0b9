"""Running asynchronous work from a command, and ending it in order when a signal comes."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any, Final, TypeVar

__all__ = ["Terminated", "run_until_signal", "until_interrupted"]

T = TypeVar("T")

_ENDINGS: Final = ("SIGTERM", "SIGHUP")  # by name: not every system has both


class Terminated(BaseException):
    """Say that SIGTERM or SIGHUP came; what was under way is closed.

    Attributes:
        exit_code: What a shell is told.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def run_until_signal(work: Coroutine[Any, Any, T]) -> T:
    """Run work to its end.

    Raises:
        KeyboardInterrupt: SIGINT came and the work was cancelled, so that connections are closed.
        Terminated: SIGTERM or SIGHUP came, and likewise.
    """
    return asyncio.run(_terminable(work))


async def until_interrupted(work: Coroutine[Any, Any, T]) -> T | None:
    """Run work that SIGINT ends, and nothing but it; None: it did."""
    task = _this_task()
    is_interrupted = is_over = False

    def cancel() -> None:
        nonlocal is_interrupted
        if not is_interrupted and not is_over:
            is_interrupted = True
            task.cancel()

    def interrupt(_number: int) -> None:
        task.get_loop().call_soon_threadsafe(cancel)

    with _signalled(signal.SIGINT, interrupt):
        try:
            return await work
        except asyncio.CancelledError:
            if not is_interrupted or task.cancelling() > 1:  # or by someone else as well
                raise
            return None
        finally:
            is_over = True
            if is_interrupted:
                task.uncancel()


async def _terminable(work: Coroutine[Any, Any, T]) -> T:
    """Treat SIGTERM and SIGHUP as asyncio treats SIGINT: a second one no longer waits."""
    task = _this_task()
    came: list[int] = []

    def terminate(number: int) -> None:
        if came:
            raise Terminated(number)
        came.append(number)
        task.get_loop().call_soon_threadsafe(task.cancel)

    with ExitStack() as handlers:
        for name in _ENDINGS:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                handlers.enter_context(_signalled(number, terminate))
        try:
            return await work
        except asyncio.CancelledError:
            if came:
                raise Terminated(came[0]) from None
            raise


def _this_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None  # a coroutine that runs has a task
    return task


@contextmanager
def _signalled(number: int, handle: Callable[[int], object]) -> Iterator[None]:
    """Call a function at once, between two steps of the program, whenever a signal comes."""

    def called(number: int, _frame: FrameType | None) -> None:
        handle(number)

    previous = signal.signal(number, called)
    try:
        yield
    finally:
        signal.signal(number, previous or signal.SIG_DFL)  # None: not set by Python
