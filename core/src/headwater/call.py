"""One call under way: what was asked, its limits, and the wire's signs of life.

A `Call` is what the layers of middleware share. Plugins never see it.
"""

from __future__ import annotations

import asyncio
import math
import time
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from enum import StrEnum
from secrets import token_hex
from typing import Final, TypeVar

import attrs

from .errors import HeadwaterError, InvalidRequest, PluginError
from .requests import ChatRequest, ModelId

__all__ = ["Call", "Limits", "Operation", "Progress", "RetryBudget"]

T = TypeVar("T")

RETRIES: Final = 10.0
RETURNED_BY_SUCCESS: Final = 0.1


class Operation(StrEnum):
    """Which hook a call is for."""

    STREAM_CHAT = "stream_chat"
    CHAT = "chat"
    COUNT_USAGE = "count_usage"
    LIST_MODELS = "list_models"
    CHECK_HEALTH = "check_health"


def _check_limit(
    _limits: Limits, field: attrs.Attribute[float | None], value: float | None
) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise InvalidRequest(
            f"expected {field.name} to be a limit in seconds above 0 (inf: no limit), got {value!r}"
        )


def _attempts(value: int | None) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise InvalidRequest(f"expected attempts to be a whole number from 1, got {value!r}")
    return value


@attrs.frozen(kw_only=True)
class Limits:
    """Hold the limits of a call, each None where nobody has said; `math.inf` is no limit.

    Attributes:
        connect_s: Until a connection stands.
        first_content_s: From the send until the first content; bytes and pings do not count.
        idle_s: Without a byte, once content has come.
        content_gap_s: Between one content and the next.
        total_s: The whole call, all attempts and waits and the consumer's own time included.
        attempts: How often to try.
    """

    connect_s: float | None = attrs.field(default=None, validator=_check_limit)
    first_content_s: float | None = attrs.field(default=None, validator=_check_limit)
    idle_s: float | None = attrs.field(default=None, validator=_check_limit)
    content_gap_s: float | None = attrs.field(default=None, validator=_check_limit)
    total_s: float | None = attrs.field(default=None, validator=_check_limit)
    attempts: int | None = attrs.field(default=None, converter=_attempts)


@attrs.define(eq=False)
class RetryBudget:
    """Hold how many retries the calls to one provider object have left between them.

    Attributes:
        left: How many.
    """

    left: float = RETRIES

    @classmethod
    def of(cls, provider: object) -> RetryBudget:
        """Find the budget of a provider object, which is forgotten with the object.

        One that cannot be referred to weakly gets another budget each time.
        """
        budget = _BUDGETS.get(id(provider))
        if budget is None:
            budget = cls()
            with suppress(TypeError):
                weakref.finalize(provider, _BUDGETS.pop, id(provider), None).atexit = False
                _BUDGETS[id(provider)] = budget
        return budget

    def take(self) -> bool:
        """Take one, if there is one."""
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def give_back(self) -> None:
        """Count a success, which returns a tenth of one."""
        self.left = min(RETRIES, self.left + RETURNED_BY_SUCCESS)


_BUDGETS: Final[dict[int, RetryBudget]] = {}  # by identity: provider objects need not have a hash

NO_LIMITS: Final = Limits()


def _no_limits(_model: ModelId) -> Limits:
    return NO_LIMITS


def _own_budget(_model: ModelId) -> RetryBudget:
    return RetryBudget()


@attrs.define(eq=False)
class Progress:
    """Hold what moves while a call is under way: one object for all requests that the call becomes.

    The times that end in `_at` are read off `waited`, a clock that stands still while the consumer
    is busy.

    Attributes:
        attempt: Which attempt this is, counted from 1; 0 before the first.
        deadline: When the whole call must be over, by `time.monotonic`.
        is_whole: Whether the answer comes in one piece, so that no content can be awaited before.
        connecting_at: When the wait for a connection began; None while there is no such wait.
        attempt_at: When this attempt began.
        sent_at: When its request went out; None before.
        last_byte_at: When its last byte came; None before the first.
        request_id: The provider's name for the request.
        waited_s: How long the waits that are over took.
        waiting_since: When the present wait began, by `time.monotonic`.
        reader: The task that waits now; None while the consumer is busy. What a limit may cancel.
        interruption: Why no further wait may succeed.
        is_interrupting: Whether the reader has been cancelled for that, once is enough.
        on_retried: Is told the error and the wait, before another attempt.
    """

    attempt: int = 0
    deadline: float = math.inf
    is_whole: bool = False
    connecting_at: float | None = None
    attempt_at: float = 0.0
    sent_at: float | None = None
    last_byte_at: float | None = None
    request_id: str | None = None
    waited_s: float = 0.0
    waiting_since: float = 0.0
    reader: asyncio.Task[object] | None = None
    interruption: HeadwaterError | None = None
    is_interrupting: bool = False
    on_retried: Callable[[HeadwaterError, float], None] | None = None

    def begin_attempt(self) -> None:
        """Count an attempt, and forget what the wire did in the one before."""
        self.attempt += 1
        self.attempt_at = self.waited_s
        self.is_whole = False
        self.connecting_at = self.sent_at = self.last_byte_at = self.request_id = None

    def waited(self) -> float:
        """Tell how long the call has waited so far, the present wait included."""
        if self.reader is None:
            return self.waited_s
        return self.waited_s + time.monotonic() - self.waiting_since


@attrs.frozen(eq=False, kw_only=True)
class Call:
    """Hold one call, from the runner's door to the plugin's hook.

    Attributes:
        request: What is asked.
        operation: Which hook it is for.
        limits: What the caller set for this call.
        is_raw: Whether each frame is to be shown before what was decoded from it.
        id: A name for the call in logs.
        progress: What moves: attempt, deadline, the wire's signs of life.
    """

    request: ChatRequest
    operation: Operation
    limits: Limits = NO_LIMITS
    is_raw: bool = False
    id: str = attrs.field(factory=lambda: token_hex(8))
    progress: Progress = attrs.field(factory=Progress)
    _declared: Callable[[ModelId], Limits] = attrs.field(default=_no_limits, alias="declared")
    _budgets: Callable[[ModelId], RetryBudget] = attrs.field(default=_own_budget, alias="budgets")

    @property
    def declared_limits(self) -> Limits:
        """Look up the limits that the provider's plugin declares.

        Raises:
            PluginError: There is no such provider, or its plugin is broken.
        """
        return self._declared(self.request.model)

    @property
    def retry_budget(self) -> RetryBudget:
        """Look up the budget that all calls to the same provider object share.

        Raises:
            PluginError: There is no such provider, or its plugin is broken.
        """
        return self._budgets(self.request.model)

    @property
    def model(self) -> str | None:
        """Tell the model's id, None where a provider is asked about itself."""
        return str(self.request.model) if self.request.model.name else None

    @property
    def attempt(self) -> int:
        """Tell which attempt this is, counted from 1."""
        return self.progress.attempt

    @property
    def deadline(self) -> float:
        """Tell when the whole call must be over, by `time.monotonic`."""
        return self.progress.deadline

    def with_request(self, request: ChatRequest) -> Call:
        """Give the same call, moving with this one, for another request."""
        return attrs.evolve(self, request=request)

    def interrupt(self, error: HeadwaterError) -> None:
        """Make the present wait of the call, or else its next one, fail with an error of ours."""
        progress = self.progress
        progress.interruption = error
        if progress.reader is not None and not progress.is_interrupting:
            progress.is_interrupting = True
            progress.reader.cancel()

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait for something, so that limits hold and another task may end the wait.

        Raises:
            HeadwaterError: What the call was interrupted with.
            asyncio.CancelledError: The task was cancelled from outside, which wins over ours.
        """
        progress = self.progress
        if progress.interruption is not None:
            _drop(awaitable)
            raise progress.interruption
        task = asyncio.current_task()
        assert task is not None  # a coroutine that runs has a task
        cancels = task.cancelling()
        progress.waiting_since = time.monotonic()
        progress.reader = task
        try:
            return await awaitable
        except asyncio.CancelledError:
            if progress.interruption is not None and task.cancelling() - 1 <= cancels:
                raise progress.interruption from None
            progress.interruption = PluginError(
                f"the call was cancelled, and the plugin {self.request.model.provider!r} went on"
            )
            raise
        finally:
            if progress.is_interrupting:
                progress.is_interrupting = False
                task.uncancel()
            progress.reader = None
            progress.waited_s += time.monotonic() - progress.waiting_since


def _drop(awaitable: object) -> None:
    """Close a coroutine that nobody will await, which Python would warn of."""
    if isinstance(awaitable, Coroutine):
        awaitable.close()
