"""Work on its way over to a loop, and the wait for what comes back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, TypeVar

from ..errors import StreamInterrupted

__all__ = ["LOOK_UP_S", "Job", "take"]

T = TypeVar("T")

LOOK_UP_S: Final = 0.5  # how often to look up from a wait: on Windows no signal ends one


class Job(Generic[T]):
    """Carry one piece of work over to a loop, in the context of the thread that asks for it.

    Args:
        loop: Where it is done.
        work: Begins it.
        on_done: Is called there with the task, once it is over.
        running: Where its task is kept until then: asyncio keeps only tasks that wait for the
            network or a timer, and others may be collected.
        has_ended: Tells whether the loop serves nobody any more.

    Attributes:
        task: The work, once the loop has begun it.
        has_stopped: Is set when it is over.
        has_ended: As given.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Callable[[], Coroutine[Any, Any, T]],
        on_done: Callable[[asyncio.Task[T]], None],
        running: set[asyncio.Task[Any]],
        has_ended: Callable[[], bool],
    ) -> None:
        self.task: asyncio.Task[T] | None = None
        self.has_ended = has_ended
        self.has_stopped = threading.Event()
        self._loop = loop
        self._running = running
        loop.call_soon_threadsafe(self._start, work, on_done, context=copy_context())

    def tell(self, call: Callable[[], object]) -> None:
        """Have something called on the loop, soon; never waits, and a loop that has ended is fine.

        It is called where an object is dropped, and so by any thread at any time.
        """
        if not self.has_ended():  # pragma: no branch  # after a fork
            with suppress(RuntimeError):  # it ended just now, and there is nobody left to tell
                self._loop.call_soon_threadsafe(call)

    def cancel(self) -> None:
        """Have the work cancelled, soon."""
        self.tell(self._cancel)

    def check(self) -> None:
        """Look up from a wait: it must have an end.

        Raises:
            StreamInterrupted: The loop has ended, or the process is a fork of the one it is in.
        """
        if self.has_ended():  # pragma: no cover  # after a fork, or beside what never ended
            raise StreamInterrupted(
                "the thread that carried the answer is gone: the Runner was closed, or the process "
                "was forked meanwhile",
                is_retryable=False,
            )

    def _start(
        self,
        work: Callable[[], Coroutine[Any, Any, T]],
        on_done: Callable[[asyncio.Task[T]], None],
    ) -> None:
        self.task = self._loop.create_task(work())
        self._running.add(self.task)
        self.task.add_done_callback(self._running.discard)
        self.task.add_done_callback(self._stopped)
        self.task.add_done_callback(on_done)

    def _stopped(self, task: asyncio.Task[T]) -> None:
        self.has_stopped.set()
        if not task.cancelled():
            task.exception()  # asyncio complains of errors that nobody saw, and some are left

    def _cancel(self) -> None:
        assert self.task is not None  # the loop keeps the order in which it is told
        self.task.cancel()


def take(mail: SimpleQueue[T], job: Job[Any]) -> T:
    """Wait for the next thing that a job sends back; Ctrl-C ends the wait.

    Raises:
        StreamInterrupted: Nothing can come any more.
    """
    while True:
        try:
            return mail.get(True, LOOK_UP_S)
        except Empty:
            job.check()
