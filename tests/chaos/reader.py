"""One stream of a chaos run: its consumer, and all that it must not see."""

from __future__ import annotations

import asyncio
from typing import assert_never

from headwater import ChatStream, Finished, HeadwaterError, Runner, TextDelta

from .plan import Conduct, Consumer, prompt_of, wire_of, words_of

HANG_S = 40.0
ATTEMPTS = 3


class Reader:
    """Read one stream as its consumer does.

    Attributes:
        outcome: How it ended, in a word or two.
        attempts: How many attempts it made.
        violations: What it saw and must not have seen.
    """

    def __init__(self, runner: Runner, number: int, consumer: Consumer) -> None:
        self.outcome = consumer.conduct.value
        self.attempts = 0
        self.violations: list[str] = []
        self._number = number
        self._consumer = consumer
        self._shown = ""
        self._is_finished = False
        self._stream: ChatStream | None = runner.stream_chat(
            f"{wire_of(number)}/m", prompt_of(number)
        )

    async def run(self) -> None:
        """Read it, within a time that no stream may need."""
        try:
            async with asyncio.timeout(HANG_S):
                await self._consume()
        except TimeoutError:
            self._blame("a hang")
        except Exception as error:
            self._blame(f"{type(error).__name__}, which is no error of ours: {error}")

    async def _consume(self) -> None:
        consumer = self._consumer
        match consumer.conduct:
            case Conduct.READ:
                await self._read()
            case Conduct.SLOW:
                await self._read(pause_s=consumer.pause_s)
            case Conduct.BREAK:
                assert self._stream is not None
                async with self._stream:
                    await self._read(consumer.after)
            case Conduct.DROP:
                await self._read(consumer.after)
                self._stream = None
            case Conduct.CANCEL:
                await self._cancelled(consumer.pause_s)
            case Conduct.CLOSE:
                await self._closed(consumer.pause_s)
            case _ as never:
                assert_never(never)

    async def _cancelled(self, after_s: float) -> None:
        task = asyncio.create_task(self._read())
        await asyncio.sleep(after_s)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            if not task.cancelled():
                raise

    async def _closed(self, after_s: float) -> None:
        task = asyncio.create_task(self._read())
        await asyncio.sleep(after_s)
        assert self._stream is not None
        await self._stream.aclose()
        await task
        if not (self._is_finished or self.outcome != self._consumer.conduct.value):
            self._blame("a stream that was closed just ended")

    async def _read(self, count: int | None = None, pause_s: float = 0.0) -> None:
        """Read on, or so many events."""
        stream = self._stream
        assert stream is not None
        try:
            while count is None or count > 0:
                count = None if count is None else count - 1
                self._take(await anext(stream))
                if pause_s:
                    await asyncio.sleep(pause_s)
        except StopAsyncIteration:
            if not self._is_finished:
                self._blame("an end without Finished")
        except HeadwaterError as error:
            self._check_error(error)
        finally:
            self.attempts = stream.metrics.attempts
            if self.attempts > ATTEMPTS:
                self._blame(f"{self.attempts} attempts")

    def _take(self, event: object) -> None:
        if self._is_finished:
            self._blame("an event after Finished")
        if isinstance(event, TextDelta):
            self._shown += event.text
            if not self._truth().startswith(self._shown):
                self._blame(f"a text that nobody wrote: {self._shown[-80:]!r}")
        elif isinstance(event, Finished):
            self._is_finished = True
            self.outcome = "whole"
            if self._shown != self._truth() or not self._shown:
                self._blame(f"a cut answer that passed for whole: {self._shown[-80:]!r}")

    def _truth(self) -> str:
        """Give the whole text of the attempt that the first word is of."""
        attempt = self._shown.split(".")[1:2]
        return "".join(words_of(self._number, int(attempt[0]))) if attempt else ""

    def _check_error(self, error: HeadwaterError) -> None:
        self.outcome = type(error).__name__
        if self._is_finished:
            self._blame(f"{self.outcome} after Finished")
        if error.partial is None or error.partial.text != self._shown:
            self._blame(f"{self.outcome} with a partial that is not what was shown")
        elif error.partial.finish_reason is not None:
            self._blame(f"{self.outcome} with a finish reason")

    def _blame(self, what: str) -> None:
        self.violations.append(f"stream {self._number}: {what}")
