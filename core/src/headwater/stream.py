"""The handle that a caller iterates: events, text, the answer so far, and how fast it came."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing, suppress
from types import TracebackType
from typing import Final, Self

import attrs

from .call import Call
from .errors import HeadwaterError, InvalidRequest, PluginError, StreamInterrupted
from .estimate import estimated
from .events import Event, EventStream, Finished, TextDelta, is_content
from .middleware import Handler
from .parts import Reasoning, Text
from .responses import ChatResponse, Folder
from .usage import tokens_per_s

__all__ = ["ChatStream", "StreamMetrics", "complete"]

CLEAN_UP_S: Final = 1.0
CLEAN_UP_STEPS: Final = 10  # so that a loop that is late itself, and takes one turn, blames nobody


@attrs.frozen(kw_only=True)
class StreamMetrics:
    """Hold how fast an answer came; None where that is not known (yet).

    Attributes:
        attempts: How many attempts were made.
        first_content_s: From the first `anext` to the first content.
        total_s: From the first `anext` to the end.
        output_tokens_per_s: Output tokens by the time from first content to end.
        longest_gap_s: The longest wait between two contents, the consumer's own time apart.
    """

    attempts: int
    first_content_s: float | None
    total_s: float | None
    output_tokens_per_s: float | None
    longest_gap_s: float | None


class _Reading:
    """What the reading generator and its handle share.

    The generator must not refer to the handle: dropping the handle would not end the stream then,
    but wait for the garbage collector.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        self.folder = Folder()
        self.started_at: float | None = None
        self.first_content_s: float | None = None
        self.total_s: float | None = None
        self.longest_gap_s: float | None = None
        self.is_finished = False
        self.is_closed = False
        self._woken: asyncio.Event | None = None  # for who waits for the end, which is rare

    def came(self, event: Event, earlier_at: float | None) -> float | None:
        """Note when content came; of what a middleware makes up the first alone is noted."""
        content_at = self.call.progress.content_at
        if self.first_content_s is None:
            if not is_content(event):  # held back until content had come
                return None
            self.first_content_s = time.monotonic() - (self.started_at or 0.0)
        elif earlier_at is not None and content_at is not None:
            self.longest_gap_s = max(content_at - earlier_at, self.longest_gap_s or 0.0)
        return content_at

    def end(self) -> None:
        """Note that nothing more will be read."""
        self.total_s = time.monotonic() - (self.started_at or 0.0)
        self.call.end()
        self.wake()

    def wake(self) -> None:
        """Have who waits for the end look again."""
        if self._woken is not None:
            self._woken.set()
            self._woken = None

    async def ended(self) -> None:
        """Wait until nothing more will be read, or the answer is complete."""
        self._woken = woken = self._woken or asyncio.Event()
        await woken.wait()

    def response(self) -> ChatResponse:
        """Give the answer so far; where it was cut and nobody has counted, with an estimate."""
        response = self.folder.response()
        if response.usage.is_known or self.is_finished or self.call.attempt == 0:
            return response
        written = [p.text for p in response.message.parts if isinstance(p, Text | Reasoning)]
        return attrs.evolve(response, usage=estimated(self.call.request, written))


async def _read(reading: _Reading, handler: Handler[Event]) -> EventStream:
    """Read the events of a call, fold them, and complete the error that ends them."""
    call, progress, add = reading.call, reading.call.progress, reading.folder.add
    reading.started_at = time.monotonic()
    content_at: float | None = None  # by the clock that stands still while the consumer is busy
    try:
        async with aclosing(handler(call)) as events:
            async for event in events:
                add(event)
                if content_at is None or progress.content_at != content_at:
                    content_at = reading.came(event, content_at)
                if type(event) is Finished:
                    reading.is_finished = True
                    reading.wake()  # a reader that has it need not ask for more
                    yield event
                elif reading.is_closed:  # by another task, while this one waited
                    raise _closed()
                else:
                    yield event
                    if progress.interruption is not None:  # while the consumer was busy
                        with suppress(StopAsyncIteration):
                            await events.athrow(progress.interruption)  # each layer is to see it
                        raise progress.interruption
    except HeadwaterError as error:
        error.partial = reading.response()
        complete(error, call)
        raise
    finally:
        reading.end()


def complete(error: HeadwaterError, call: Call) -> None:
    """Say on an error that leaves which call it is of."""
    error.attempts = call.attempt
    error.provider = error.provider or call.request.model.provider
    error.model = error.model or call.model


class ChatStream:
    """Stream one answer: an async iterable of events, and an async context manager.

    Nothing is sent before the first event is asked for. Leaving the context closes the connection,
    in each phase, and so does dropping the last reference.

    Shapes:
        async with runner.stream_chat(model, "Hi") as stream:
            async for event in stream: ...
        stream.response.text
    """

    def __init__(self, call: Call, handler: Handler[Event]) -> None:
        self._reading = _Reading(call)
        self._events = _read(self._reading, handler)

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Awaitable[Event]:
        """Give the next event; after `Finished`, or the error, there is none."""
        if self._reading.is_closed or self._events.ag_running:  # type: ignore[attr-defined]  # the ABC leaves it out
            return self._refuse()
        return self._events.__anext__()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop the answer and close the connection: from any task, any number of times.

        A task that waits for the next event meanwhile gets `StreamInterrupted`, and so does one
        that asks for another.

        Raises:
            PluginError: A layer or the plugin does not let go within a second.
        """
        reading, events = self._reading, self._events
        reading.is_closed = True
        if events.ag_running:  # type: ignore[attr-defined]  # the ABC leaves it out
            reading.call.interrupt(_closed())
        for _ in range(CLEAN_UP_STEPS):
            if not events.ag_running:  # type: ignore[attr-defined]
                await events.aclose()
            if reading.total_s is not None or reading.started_at is None:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(CLEAN_UP_S / CLEAN_UP_STEPS):
                    await reading.ended()
        provider = self._reading.call.request.model.provider
        raise PluginError(
            f"the stream did not end within {CLEAN_UP_S:g} second: the plugin {provider!r}, or "
            "a middleware, waits for something without its transport or `Call.wait`"
        )

    async def _refuse(self) -> Event:
        """Answer a reader that asks for more while another reads, or after one has closed."""
        if not self._reading.is_closed:
            raise InvalidRequest("another task is reading this stream: let them read it in turn")
        if self._reading.is_finished:
            raise StopAsyncIteration
        error = _closed()
        error.partial = self.response
        complete(error, self._reading.call)
        try:
            raise error
        finally:
            del error  # whose traceback leads back here, in a circle

    async def text(self) -> AsyncGenerator[str, None]:
        """Give the text as it comes, and nothing else; leaving it leaves the stream open."""
        async for event in self:
            if type(event) is TextDelta and event.text:
                yield event.text

    async def collect(self) -> ChatResponse:
        """Read to the end and give the whole answer."""
        async with self:
            async for _ in self:
                pass
        return self.response

    @property
    def response(self) -> ChatResponse:
        """Give the answer: whole after `Finished`; before it, and after an error, what has come."""
        return self._reading.response()

    @property
    def metrics(self) -> StreamMetrics:
        """Give how fast the answer came, or is coming."""
        reading = self._reading
        elapsed_s = reading.total_s
        if elapsed_s is None and reading.started_at is not None:
            elapsed_s = time.monotonic() - reading.started_at
        usage = reading.response().usage
        return StreamMetrics(
            attempts=reading.call.attempt,
            first_content_s=reading.first_content_s,
            total_s=reading.total_s,
            output_tokens_per_s=tokens_per_s(usage, reading.first_content_s, elapsed_s or 0.0),
            longest_gap_s=reading.longest_gap_s,
        )


def _closed() -> StreamInterrupted:
    return StreamInterrupted(
        "the stream was closed before the answer was complete", is_retryable=False
    )
