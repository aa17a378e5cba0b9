"""What moves while a call is under way: attempts, and the wire's signs of life."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from .errors import HeadwaterError, LimitPassed, PluginError

__all__ = ["Progress"]


class Progress:
    """Hold what moves while a call is under way: one object for all requests that the call becomes.

    The times that end in `_at` are read off `waited`, a clock that stands still while the consumer
    is busy.

    Attributes:
        call_id: A name for the call in logs; "" until somebody asks for it.
        attempt: Which attempt this is, counted from 1; 0 before the first.
        is_between_attempts: Whether no attempt is under way: before the first too.
        deadline: When the whole call must be over, by `time.monotonic`.
        is_whole: Whether the answer comes in one piece, so that no content can be awaited before.
        connecting_at: When the wait for a connection began; None while there is no such wait.
        attempt_at: When this attempt began.
        sent_at: When its request went out; None before.
        last_byte_at: When its last byte came; None before the first.
        content_at: When its last content came; None before the first.
        request_id: The provider's name for the request.
        waited_s: How long the waits that are over took.
        waiting_since: When the present wait began, by `time.monotonic`.
        reader: The task that waits now; None while the consumer is busy. What a limit may cancel.
        cancels: How many cancellations of the reader were asked for before the present wait.
        interruption: Why no further wait may succeed.
        is_interrupting: Whether the reader has been cancelled for that, once is enough.
        on_retried: Is told the error and the wait, before another attempt.
    """

    call_id: str = ""
    attempt: int = 0
    is_between_attempts: bool = True
    deadline: float = math.inf
    is_whole: bool = False
    connecting_at: float | None = None
    attempt_at: float = 0.0
    sent_at: float | None = None
    last_byte_at: float | None = None
    content_at: float | None = None
    request_id: str | None = None
    waited_s: float = 0.0
    waiting_since: float = 0.0
    reader: asyncio.Task[object] | None = None
    cancels: int = 0
    interruption: HeadwaterError | None = None
    is_interrupting: bool = False
    on_retried: Callable[[HeadwaterError, float], None] | None = None
    _loop: asyncio.AbstractEventLoop | None = None

    def begin_attempt(self) -> None:
        """Count an attempt, and forget what the wire did in the one before."""
        self.end_attempt()
        self.is_between_attempts = False
        self.attempt += 1
        self.attempt_at = self.waited_s
        self.is_whole = False
        self.connecting_at = self.sent_at = self.last_byte_at = self.content_at = None
        self.request_id = None

    def end_attempt(self) -> None:
        """Let no limit of this attempt touch the next one, or the wait before it."""
        self.is_between_attempts = True
        if isinstance(self.interruption, LimitPassed) and self.interruption.is_retryable:
            self.interruption = None

    def forgive(self) -> None:
        """Hold nothing against a plugin that has let a cancellation pass.

        A layer may have cancelled one wait alone, with a timeout, and try something else.
        """
        if isinstance(self.interruption, PluginError):
            self.interruption = None

    def begin_wait(self) -> None:
        """Note that the task of the caller waits from now on."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        # To look the loop up each time is a system call on Python 3.11.
        task = asyncio.current_task(self._loop)
        assert task is not None  # a coroutine that runs has a task
        self.reader = task
        self.cancels = task.cancelling()
        self.waiting_since = time.monotonic()

    def end_wait(self) -> None:
        """Note that the wait is over, one way or another."""
        self.waited_s += time.monotonic() - self.waiting_since
        if self.is_interrupting and self.reader is not None:
            self.is_interrupting = False
            self.reader.uncancel()
        self.reader = None

    def waited(self) -> float:
        """Tell how long the call has waited so far, the present wait included."""
        if self.reader is None:
            return self.waited_s
        return self.waited_s + time.monotonic() - self.waiting_since

    def interrupt(self, error: HeadwaterError) -> None:
        """Make the present wait, or else the next one, fail with an error of ours."""
        self.interruption = error
        if self.reader is not None and not self.is_interrupting:
            self.is_interrupting = True
            self.reader.cancel()
