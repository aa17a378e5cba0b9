"""The handle that a thread iterates: the shape of `headwater.ChatStream`, without `await`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from types import TracebackType
from typing import Self

from ..errors import InvalidRequest
from ..events import Event, TextDelta
from ..responses import ChatResponse
from ..session import SessionStream as AsyncSessionStream
from ..stream import StreamMetrics
from ..usage import Usage
from ._handover import HandOver, read

__all__ = ["ChatStream", "SessionStream"]


class ChatStream:
    """Stream one answer: an iterator of events, and a context manager.

    Nothing is sent before the first event is asked for. The loop reads ahead, as far as the runner
    lets it; `response` has what was handed over. Leaving the context closes the connection, in each
    phase, and so does dropping the last reference, and Ctrl-C in a wait.

    Shapes:
        with runner.stream_chat(model, "Hi") as stream:
            for event in stream: ...
        stream.response.text
    """

    def __init__(
        self,
        hand_over: HandOver,
        fold: Callable[[Event], None],
        answer: Callable[[], ChatResponse],
    ) -> None:
        self._hand_over = hand_over
        self._answer = answer
        self._events = read(hand_over, fold, answer)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        """Give the next event; after `Finished`, or the error, there is none."""
        if self._events.gi_running:  # type: ignore[attr-defined]  # the ABC leaves it out
            raise InvalidRequest("another thread is reading this stream: let them read it in turn")
        return next(self._events)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the answer and close the connection: from any thread, any number of times.

        A thread that waits for the next event meanwhile gets `StreamInterrupted`, and so does one
        that asks for another.

        Raises:
            PluginError: A layer or the plugin does not let go.
        """
        self._hand_over.close()

    def text(self) -> Iterator[str]:
        """Give the text as it comes, and nothing else; leaving it leaves the stream open."""
        for event in self:
            if type(event) is TextDelta and event.text:
                yield event.text

    def collect(self) -> ChatResponse:
        """Read to the end and give the whole answer."""
        with self:
            for _ in self:
                pass
        return self.response

    @property
    def response(self) -> ChatResponse:
        """Give the answer: whole after `Finished`; before it, and after an error, what has come.

        Its text is what was handed over; its usage is of all that came, which is what is paid for.
        """
        return self._answer()

    @property
    def metrics(self) -> StreamMetrics:
        """Give how fast the answer came, or is coming, whoever reads it how slowly."""
        return self._hand_over.stream.metrics


class SessionStream(ChatStream):
    """Stream the answer to one turn, as `headwater.session.SessionStream` does.

    Nothing is read before it is asked for: only when `Finished` is handed over has the turn joined
    the history, and a cut answer holds what was handed over and no more.

    Shapes:
        with session.stream("Hi") as stream:
            for text in stream.text(): ...
        stream.response.usage
    """

    def __init__(self, hand_over: HandOver, stream: AsyncSessionStream) -> None:
        super().__init__(hand_over, _leave, lambda: stream.response)
        self._stream = stream

    @property
    def usage(self) -> Usage:
        """Count the answer so far: what is reported, the rest estimated, at little cost."""
        return self._stream.usage

    @property
    def cost(self) -> Decimal | None:
        """Tell what the answer has cost so far, in US dollars; None without a known price.

        Raises:
            ConfigurationError: The extra `headwater[prices]` is not installed.
        """
        return self._stream.cost


def _leave(_event: Event) -> None:
    """Leave an event to the session, which folds it."""
