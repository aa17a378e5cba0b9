"""The handle of a turn that streams: the shape of `ChatStream`, and what it costs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable
from decimal import Decimal
from types import TracebackType
from typing import Final, Self

from ..errors import InvalidRequest, StreamInterrupted
from ..events import Event, TextDelta
from ..responses import ChatResponse
from ..stream import StreamMetrics
from ..usage import Usage
from ._asking import Asking, events_of

__all__ = ["SessionStream"]

_NO_METRICS: Final = StreamMetrics(
    attempts=0, first_content_s=None, total_s=None, output_tokens_per_s=None, longest_gap_s=None
)


class SessionStream:
    """Stream the answer to one turn: an async iterable of events, and an async context manager.

    Nothing is sent, and no turn begun, before the first event is asked for. When `Finished` is
    handed over, the turn and its answer have joined the history; a stream that is left before that
    leaves the history as it was, and the cut answer in `Session.last_partial`.

    Shapes:
        async with session.stream("Hi") as stream:
            async for text in stream.text(): ...
        stream.response.usage
    """

    def __init__(self, asking: Asking) -> None:
        # The generator refers to the turn and not to this handle: dropping the handle ends it.
        self._asking = asking
        self._events = events_of(asking)
        self._is_closed = False

    def __del__(self) -> None:
        """Let the next turn begin at once; the connection is closed when the loop comes to it."""
        self._asking.end()

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Awaitable[Event]:
        """Give the next event; after `Finished`, or the error, there is none.

        Raises:
            SessionBusy: Another turn is under way; ask again once it is over.
        """
        if self._is_closed and not self._asking.is_committed:
            return self._refuse()
        self._asking.check_turn()
        if self._events.ag_running:  # type: ignore[attr-defined]  # the ABC leaves it out
            return _busy()
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

        A task that waits for the next event meanwhile gets `StreamInterrupted`.

        Raises:
            PluginError: A layer or the plugin does not let go within a second.
        """
        self._is_closed = True
        if not self._events.ag_running:  # type: ignore[attr-defined]  # the ABC leaves it out
            await self._events.aclose()
            return
        self._asking.call.interrupt(_closed())
        if self._asking.stream is not None:
            await self._asking.stream.aclose()
        await self._asking.has_ended.wait()

    async def _refuse(self) -> Event:
        """Answer a reader that asks for more after the stream was closed."""
        error = _closed()
        error.partial = self.response
        raise error

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
        return self._asking.response

    @property
    def usage(self) -> Usage:
        """Count the answer so far: what is reported, the rest estimated, at little cost."""
        return self._asking.live.usage

    @property
    def cost(self) -> Decimal | None:
        """Tell what the answer has cost so far, in US dollars; None without a known price.

        Raises:
            ConfigurationError: The extra `headwater[prices]` is not installed.
        """
        from ..prices import cost_of  # only where cost is asked for: an extra

        return cost_of(self._asking.call.request.model, self.usage)

    @property
    def metrics(self) -> StreamMetrics:
        """Give how fast the answer came, or is coming."""
        stream = self._asking.stream
        return _NO_METRICS if stream is None else stream.metrics


async def _busy() -> Event:
    raise InvalidRequest("another task is reading this stream: let them read it in turn")


def _closed() -> StreamInterrupted:
    return StreamInterrupted(
        "the stream was closed before the answer was complete", is_retryable=False
    )
