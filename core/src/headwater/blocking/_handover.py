"""Events on their way from the loop to the thread that reads them, so many ahead and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import aclosing, suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Protocol, final

import attrs

from ..errors import ConfigurationError, HeadwaterError, PluginError, StreamInterrupted
from ..events import Event
from ..responses import ChatResponse
from ..stream import StreamMetrics
from ._job import LOOK_UP_S, Job
from ._thread import CLEAN_UP_S, LoopThread

__all__ = ["AsyncStream", "HandOver", "read"]


class AsyncStream(Protocol):
    """What is read on the loop: the stream of a runner, or of a session."""

    def __aiter__(self) -> AsyncStream:
        """Give the stream itself."""
        ...

    def __anext__(self) -> Awaitable[Event]:
        """Give the next event."""
        ...

    async def aclose(self) -> None:
        """Stop the answer and close the connection."""
        ...

    @property
    def response(self) -> ChatResponse:
        """Give the answer so far."""
        ...

    @property
    def metrics(self) -> StreamMetrics:
        """Give how fast it came."""
        ...


@final
@attrs.frozen
class _End:
    """Stand behind the last event: the task that carried them, which may have failed."""

    task: asyncio.Task[None]


class HandOver:
    """Carry the events of one stream over to another thread.

    The loop reads ahead, up to a limit, and then waits for the reader; it waits outside the
    stream's `anext`, so that this counts as the time of a busy consumer. A wait costs a switch of
    threads each way, hence it ends only when half is taken. With a limit of 1 nothing is read
    before it is asked for.

    Args:
        thread: Where the stream is read.
        stream: The stream.
        limit: How many events may wait to be taken.
        owner: What must live as long as somebody reads.

    Attributes:
        stream: As given.
        is_closed: Whether the reader wants no more.
    """

    def __init__(
        self, thread: LoopThread, stream: AsyncStream, *, limit: int, owner: object
    ) -> None:
        self.stream = stream
        self.is_closed = False
        self.mail: SimpleQueue[Event | _End] = SimpleQueue()
        self.limit = limit
        self.is_held = False
        self._room = asyncio.Event()
        self._thread = thread
        self._owner: object = owner
        self._beginning = Lock()  # held also by who closes, so that they see what is to be closed
        self._job: Job[None] | None = None
        self._is_over = False

    def begin(self) -> Job[None]:
        """Begin to read the stream."""
        with self._beginning:
            self._job = self._thread.begin(self._carry, self._end)
            return self._job

    def resume(self) -> None:
        """Have the loop read on."""
        assert self._job is not None  # it has begun, or it would not be held
        self.is_held = False
        self._job.tell(self._room.set)

    def drop(self) -> None:
        """Have the stream closed soon; never waits, as the garbage collector may be the caller."""
        self.is_closed = True
        if self._job is not None and not self._is_over:
            self._job.cancel()

    def close(self) -> None:
        """Close the stream, and wait until the connection is closed.

        Raises:
            PluginError: A layer or the plugin does not let go.
        """
        self.is_closed = True
        with self._beginning:
            job = self._job
        if job is None or self._is_over or job.has_ended():
            return
        with suppress(ConfigurationError):  # the runner is being closed, and its streams with it
            self._thread.run(partial(_stop, job))

    async def _carry(self) -> None:
        put, count, last = self.mail.put, self.mail.qsize, self.limit - 1
        is_cut = False
        try:
            async with aclosing(self.stream) as events:
                if self.is_closed:  # before it began: let the stream itself say so
                    await events.aclose()
                async for event in events:
                    if count() < last:
                        put(event)
                        continue
                    self._room.clear()
                    self.is_held = True  # before the reader can take it and come back for more
                    put(event)
                    await self._room.wait()
        except asyncio.CancelledError:
            is_cut = True  # and nobody awaits this task
        if is_cut:
            await anext(self.stream, None)  # it refuses, and says what was closed
            raise _closed()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._is_over = True
        self._owner = None  # an error holds the frames it came through, and they would hold this
        self.mail.put(_End(task))


async def _stop(job: Job[None]) -> None:
    """End what a job does, and hear from a plugin that does not let go."""
    task = job.task
    assert task is not None  # the loop keeps the order in which it is told
    if task.done():
        return
    task.cancel()
    await asyncio.wait([task], timeout=CLEAN_UP_S)
    if not task.done():
        raise PluginError(
            f"the stream did not end within {CLEAN_UP_S:g} seconds of its closing: its plugin, or "
            "a middleware, goes on though it was cancelled"
        )
    if not task.cancelled() and isinstance(error := task.exception(), PluginError):
        raise error


def read(
    hand_over: HandOver, fold: Callable[[Event], None], answer: Callable[[], ChatResponse]
) -> Generator[Event, None, None]:
    """Take events as they come, in the thread of the reader.

    The generator refers to the hand-over and not to the handle of the stream: dropping the handle
    ends it.

    Args:
        hand_over: Whence.
        fold: Is shown each event before the reader gets it.
        answer: Gives what the reader has been handed.
    """
    get, count, low = hand_over.mail.get, hand_over.mail.qsize, hand_over.limit // 2
    job = hand_over.begin()
    try:
        while True:
            if hand_over.is_held and count() <= low:
                hand_over.resume()
            try:
                event = get(True, LOOK_UP_S)
            except Empty:
                job.check()
                continue
            except BaseException:  # Ctrl-C
                with suppress(HeadwaterError):
                    hand_over.close()
                raise
            if type(event) is _End:
                _check(event.task, answer, is_closed=hand_over.is_closed)
                return
            if not hand_over.is_closed:  # by another thread: what it had ahead is not wanted
                fold(event)
                yield event
    finally:
        hand_over.drop()


def _check(
    task: asyncio.Task[None], answer: Callable[[], ChatResponse], *, is_closed: bool
) -> None:
    """Raise what a stream ended with; one that its reader closed too early ended with that."""
    error = _closed() if task.cancelled() else task.exception()
    if is_closed:
        if answer().finish_reason is not None:
            return
        error = error or _closed()
    if isinstance(error, HeadwaterError):
        error.partial = answer()
    if error is not None:
        raise error


def _closed() -> StreamInterrupted:
    return StreamInterrupted(
        "the stream was closed before the answer was complete", is_retryable=False
    )
