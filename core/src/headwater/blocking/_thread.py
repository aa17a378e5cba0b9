"""An event loop in a thread of its own, from the first work until it is closed."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from ..errors import ConfigurationError, InvalidRequest, StreamInterrupted
from ._job import Job, take
from ._saying import Said, Saying

__all__ = ["CLEAN_UP_S", "LoopThread", "ignore"]

S = TypeVar("S")
T = TypeVar("T")

CLEAN_UP_S: Final = 2.0  # a second for a plugin that lets go slowly, and one for what is round it
JOIN_S: Final = 5.0


def ignore(_value: object) -> None:
    """Hear nothing."""


class LoopThread:
    """Run an event loop in a thread, from the first work until it is closed or forgotten.

    After a fork the child gets a fresh thread with its first work.

    Args:
        close: Closes, on the loop, what the work has opened. It must not refer to what `stop` is
            to be called for.
    """

    def __init__(self, close: Callable[[], Awaitable[None]]) -> None:
        self._close = close
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._running: set[asyncio.Task[Any]] = set()
        self._is_closed = False
        self._is_forked = False
        self._problem: Exception | None = None
        _ALL.add(self)

    def make(self, make: Callable[[], T]) -> T:
        """Make something, in this thread, that closing must know of.

        Raises:
            ConfigurationError: The runner is closed.
        """
        with self._lock:
            self._check_open()
            return make()

    def begin(
        self,
        work: Callable[[], Coroutine[Any, Any, T]],
        on_done: Callable[[asyncio.Task[T]], None],
    ) -> Job[T]:
        """Begin a piece of work, starting the thread if this is the first.

        Raises:
            ConfigurationError: The runner is closed.
            InvalidRequest: This is the loop's own thread.
        """
        with self._lock:
            self._check_open()
            if self._loop is None or self._thread is None:
                self._loop, self._thread = self._started()
            if self._thread is threading.current_thread():
                raise InvalidRequest(
                    "a blocking call was made in the thread of the loop that would answer it, as "
                    "by a middleware or a provider: it would wait for itself; await the "
                    "asynchronous Runner there"
                )
            loop = self._loop
            return Job(
                loop,
                work,
                on_done,
                self._running,
                lambda: self._loop is not loop or loop.is_closed(),
            )

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do a piece of work on the loop, and wait for what comes of it.

        Raises:
            StreamInterrupted: The runner was closed before.
            Exception: What the work raised.
        """
        return self.run_heard(lambda _: work(), ignore)

    def run_heard(
        self,
        work: Callable[[Saying[S]], Coroutine[Any, Any, T]],
        hear: Callable[[S], None],
    ) -> T:
        """Do a piece of work that has things to say meanwhile, which are heard in this thread.

        Args:
            work: Begins it; it is given what it can say things with.
            hear: Is told each.

        Raises:
            StreamInterrupted: The runner was closed before.
            Exception: What the work, or who hears, raised.
        """
        mail: SimpleQueue[asyncio.Task[T] | Said[S]] = SimpleQueue()
        job = self.begin(lambda: work(Saying(mail.put)), mail.put)
        try:
            while isinstance(item := take(mail, job), Said):
                hear(item.value)
                job.tell(item.on_heard)
        except BaseException:  # Ctrl-C, or who hears
            job.cancel()
            job.has_stopped.wait(CLEAN_UP_S)
            raise
        if item.cancelled():
            raise StreamInterrupted(
                "the Runner was closed before the answer came", is_retryable=False
            )
        return item.result()

    def stop(self) -> None:
        """Have the thread end soon; never waits, as the garbage collector may be the caller."""
        with self._lock:
            self._is_closed = True
            if self._loop is not None:
                with suppress(RuntimeError):  # it has ended
                    self._loop.call_soon_threadsafe(self._stopping.set)

    def close(self) -> None:
        """End the thread, and wait until it has ended; any number of times.

        Raises:
            HeadwaterError: Something did not let go.
        """
        self.stop()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        thread.join(JOIN_S)
        problem, self._problem = self._problem, None
        if thread.is_alive():
            raise ConfigurationError(
                f"the loop did not end within {JOIN_S:g} seconds: a provider or a middleware "
                "blocks it, with a call that is not asynchronous"
            )
        if problem is not None:
            raise problem

    def forget(self) -> None:  # pragma: no cover  # in a forked process
        """Begin anew in a forked process, where the thread is not, and the loop is the parent's."""
        self._lock = threading.RLock()
        if self._loop is not None:
            _LEFT_TO_THE_PARENT.append(self._loop)
            self._is_forked = True
        self._loop = self._thread = None
        self._stopping = asyncio.Event()

    def _check_open(self) -> None:
        if self._is_closed:
            raise ConfigurationError("this Runner is closed: make another one")

    def _started(self) -> tuple[asyncio.AbstractEventLoop, threading.Thread]:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(
            target=self._serve, args=(loop,), name="headwater-blocking", daemon=True
        )
        thread.start()
        return loop, thread

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        life = loop.create_task(self._live(loop))
        while not life.done():
            with suppress(KeyboardInterrupt, SystemExit):  # of a task, which asyncio lets through
                loop.run_until_complete(life)
        loop.close()

    async def _live(self, loop: asyncio.AbstractEventLoop) -> None:
        """Keep the loop going until it is to stop, then leave nothing behind."""
        await self._stopping.wait()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLEAN_UP_S)
        try:
            await self._close()
        except Exception as error:  # noqa: BLE001  # who closes hears of it, in their own thread
            # What the parent of a fork had open does not let go here, and need not.
            self._problem = None if self._is_forked else error
        await loop.shutdown_asyncgens()


_ALL: Final[weakref.WeakSet[LoopThread]] = weakref.WeakSet()
_LEFT_TO_THE_PARENT: Final[list[object]] = []  # to close one would take from the parent's selector


@atexit.register
def _close_all() -> None:
    """Close the connections of what nobody has closed, while there is still an interpreter."""
    for thread in list(_ALL):
        with suppress(Exception):  # nobody is left to hear of it
            thread.close()


def _forget_all() -> None:  # pragma: no cover  # in a forked process
    for thread in list(_ALL):
        thread.forget()


if hasattr(os, "register_at_fork"):  # pragma: no branch  # Windows has no fork
    os.register_at_fork(after_in_child=_forget_all)
