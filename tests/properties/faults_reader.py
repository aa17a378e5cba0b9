"""One call, with all that its consumer sees, held against the truth and the limits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from headwater import (
    ChatStream,
    Event,
    Finished,
    HeadwaterError,
    LimitPassed,
    Started,
    StreamInterrupted,
    TextDelta,
)
from headwater.testing.payloads import Wire

from .faults_script import Attempt, Spoken
from .faults_world import World

BACKOFF_S = 1.5  # the longest waits before the second and the third attempt, together


class Reader:
    """One call, with all that was seen of it, held against the truth at each step.

    Attributes:
        stream: The handle; None once it was dropped.
        shown: The text that was handed out.
        is_over: Whether nothing more is to come.
    """

    def __init__(self, world: World, number: int, wire: Wire, busy_s: float = 0.0) -> None:
        limits = world.limits
        self.stream: ChatStream | None = world.runner.stream_chat(
            f"{wire}/m",
            f"call-{number}.",
            first_content_s=limits.first_content_s,
            idle_s=limits.shortest_s,
            content_gap_s=limits.silence_s,
            total_s=limits.total_s,
            attempts=limits.attempts,
        )
        self.shown = ""
        self.is_over = False
        self.number = number
        self._world = world
        self._finished = 0
        self._started = 0
        self._waited_s = 0.0
        self._is_closed = False
        self._busy_s = busy_s

    async def read(self, count: int) -> None:
        """Ask for some events more."""
        for _ in range(count):
            if self.is_over or self.stream is None:
                return
            await self._read_one(self.stream)
            if self._busy_s and not self.is_over:
                await asyncio.sleep(self._busy_s)

    async def _read_one(self, stream: ChatStream) -> None:
        since, longest_s = self._world.now(), self._longest_s()
        try:
            event = await anext(stream)
        except StopAsyncIteration:
            self._over()
            assert self._finished == 1
        except HeadwaterError as error:
            self._over()
            self._check_error(error)
        except asyncio.CancelledError:
            self._over()
            raise
        else:
            self._take(event)
        finally:
            waited_s = self._world.now() - since
            self._waited_s += waited_s
            assert waited_s <= longest_s + self._world.slack_s
            assert self._waited_s <= self._world.limits.total_s + self._world.slack_s

    def _longest_s(self) -> float:
        """Tell how long the next event may be waited for, all attempts and their waits included."""
        limits = self._world.limits
        if self.shown:
            return limits.silence_s + limits.shortest_s
        return limits.attempts * (limits.first_content_s + limits.shortest_s) + BACKOFF_S

    def _over(self) -> None:
        self.is_over = True

    def _take(self, event: Event) -> None:
        assert self._finished == 0, "something came after the end"
        match event:
            case Started():
                assert self.shown == ""
                self._started += 1
            case TextDelta(text=text):
                self.shown += text
            case Finished():
                self._finished += 1
                self._check_success()
            case _:
                pass
        assert self._started == 1
        assert self._answers(), "a text that nobody wrote"

    def _answers(self) -> list[Spoken]:
        """List the answers that may be the one that is being read; no two begin alike."""
        served = self._served()
        spoken = [attempt for attempt in served if isinstance(attempt, Spoken)]
        return [answer for answer in spoken if answer.truth.startswith(self.shown)]

    def _served(self) -> Sequence[Attempt]:
        """Give what the attempts have met, having checked how many there are."""
        assert self.stream is not None
        served = self._world.served(self.number)
        made = self.stream.metrics.attempts
        assert made <= self._world.limits.attempts
        assert made - self._world.unseen <= len(served) <= made + self._world.spares()
        return served

    def _check_success(self) -> None:
        """Hold a success against the truth: all of it, with its end mark."""
        assert self.stream is not None
        whole = [answer for answer in self._answers() if answer.truth == self.shown]
        assert any(answer.is_marked for answer in whole), "a cut answer passed for a whole one"
        assert self.shown == self.stream.response.text
        assert self.stream.response.finish_reason is not None

    def _check_error(self, error: HeadwaterError) -> None:
        """Hold an error against what was handed out, and against the policy."""
        stream = self.stream
        assert stream is not None
        assert self._finished == 0, "a success and an error"
        assert error.partial is not None
        assert error.partial.text == self.shown
        assert error.partial.finish_reason is None
        assert stream.response.text == self.shown
        if self._is_closed:
            assert isinstance(error, StreamInterrupted)
            return
        assert error.attempts == stream.metrics.attempts
        self._check_policy(error)

    def _check_policy(self, error: HeadwaterError) -> None:
        """Hold an error against the limits: no sooner, little later, and retried while it may."""
        served, shortest_s = self._served(), self._world.limits.shortest_s
        if isinstance(error, LimitPassed):
            late_s = error.waited_s - error.limit_s
            assert -0.001 <= late_s <= shortest_s + self._world.slack_s
        else:
            good = [a for a in served if isinstance(a, Spoken) and a.is_good(shortest_s)]
            assert not good, "an answer with nothing wrong in it failed"
        if error.is_retryable and not self.shown:
            assert error.not_retried or error.attempts == self._world.limits.attempts

    # What a consumer may do but read.

    async def cancelled(self, count: int, after_s: float) -> None:
        """Read, and be cancelled meanwhile."""
        task = asyncio.ensure_future(self.read(count))
        await asyncio.sleep(after_s)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled() or task.exception() is None, task.exception()
        await self._world_has_let_go()

    async def stopped(self, count: int, after_s: float) -> None:
        """Read, while another task closes the stream."""
        assert self.stream is not None
        reading = asyncio.ensure_future(self.read(count))
        await asyncio.sleep(after_s)
        self._is_closed = True
        await self.stream.aclose()
        await reading
        await self.read(1)
        assert self.is_over
        await self._world_has_let_go()

    async def left(self, count: int) -> None:
        """Break out of the loop that reads."""
        assert self.stream is not None
        async with self.stream:
            await self.read(count)
        self._over()
        await self._world_has_let_go()

    async def dropped(self, count: int) -> None:
        """Read, and let go of the stream without a word."""
        await self.read(count)
        self.stream = None
        self._over()
        await asyncio.sleep(0)
        await self._world_has_let_go()

    async def _world_has_let_go(self) -> None:
        if self.is_over and self._world.served(self.number):
            await self._world.let_go(self.number)
