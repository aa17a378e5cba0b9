"""One call under way: what was asked, its limits, and the wire's signs of life.

A `Call` is what the layers of middleware share. Plugins never see it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from typing import TypeVar

import attrs

from .errors import HeadwaterError, PluginError
from .limits import NO_LIMITS, Limits
from .progress import Progress
from .requests import ChatRequest, ModelId
from .retry_budget import RetryBudget
from .watch import Watch

__all__ = ["Call", "Operation"]

T = TypeVar("T")


class Operation(StrEnum):
    """Which hook a call is for."""

    STREAM_CHAT = "stream_chat"
    CHAT = "chat"
    COUNT_USAGE = "count_usage"
    LIST_MODELS = "list_models"
    CHECK_HEALTH = "check_health"


def _no_limits(_model: ModelId) -> Limits:
    return NO_LIMITS


def _own_budget(_model: ModelId) -> RetryBudget:
    return RetryBudget()


@attrs.frozen(eq=False, kw_only=True)
class Call:
    """Hold one call, from the runner's door to the plugin's hook.

    Attributes:
        request: What is asked.
        operation: Which hook it is for.
        limits: What the caller set for this call.
        is_raw: Whether each frame is to be shown before what was decoded from it.
        progress: What moves: attempt, deadline, the wire's signs of life.
        watch: Holds the call to its limits.
    """

    request: ChatRequest
    operation: Operation
    limits: Limits = NO_LIMITS
    is_raw: bool = False
    progress: Progress = attrs.field(factory=Progress, repr=False)
    watch: Watch = attrs.field(repr=False)
    _declared: Callable[[ModelId], Limits] = attrs.field(default=_no_limits, alias="declared")
    _budgets: Callable[[ModelId], RetryBudget] = attrs.field(default=_own_budget, alias="budgets")

    @watch.default
    def _new_watch(self) -> Watch:
        return Watch(self.progress, is_streamed=self.operation is Operation.STREAM_CHAT)

    @property
    def declared_limits(self) -> Limits:
        """Look up the limits that the provider's plugin declares.

        Raises:
            PluginError: There is no such provider, or its plugin is broken.
        """
        return self._declared(self.request.model)

    @property
    def id(self) -> str:
        """Name the call in logs."""
        if not self.progress.call_id:
            self.progress.call_id = os.urandom(8).hex()
        return self.progress.call_id

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

    def sent(self) -> None:
        """Note that a connection stands and the request goes out on it."""
        progress = self.progress
        if progress.connecting_at is not None:
            progress.connecting_at = None
            progress.sent_at = progress.waited()

    def interrupt(self, error: HeadwaterError) -> None:
        """Make the present wait of the call, or else its next one, fail with an error of ours."""
        self.progress.interrupt(error)

    def end(self) -> None:
        """Look at the call no more: it is over."""
        self.watch.stop()
        self.progress.interruption = None  # whose traceback leads back here, in a circle

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
        progress.begin_wait()
        try:
            return await awaitable
        except asyncio.CancelledError:
            self.cancelled()
            raise
        finally:
            progress.end_wait()

    async def wait_within(self, limit_s: float, begin: Callable[[], Awaitable[T]]) -> T:
        """Wait for what `begin` gives, but for a while alone.

        Raises:
            TimeoutError: It took longer than `limit_s` seconds.
            HeadwaterError: As `wait`.
        """

        async def limited() -> T:
            async with asyncio.timeout(limit_s):
                return await begin()

        return await self.wait(limited())

    def cancelled(self) -> None:
        """Take it that the present wait was cancelled: by us, or else by somebody outside.

        Raises:
            HeadwaterError: What the call was interrupted with.
        """
        progress = self.progress
        is_ours = (
            progress.reader is not None and progress.reader.cancelling() - 1 <= progress.cancels
        )
        if progress.interruption is not None and is_ours:
            raise progress.interruption from None  # no variable, which would lead back to itself
        if progress.interruption is None or progress.interruption.is_retryable:
            progress.interruption = PluginError(
                f"the call was cancelled, and the plugin {self.request.model.provider!r} went on"
            )


def _drop(awaitable: object) -> None:
    """Close a coroutine that nobody will await, which Python would warn of."""
    if isinstance(awaitable, Coroutine):
        awaitable.close()
