"""What of a conversation is sent when all of it is too long, and who decides that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from ..messages import Message, Role
from ..requests import ModelId
from ..responses import ChatResponse
from ._history import History

__all__ = ["Strategy", "Trim", "Window"]


class Window:
    """Show a strategy what there is to send, and how much of it fits.

    Attributes:
        asked: The turn that is being sent; it may not be left out.
        limit: How many tokens the messages may have, by `count`: the system prompt, the tools and
            the reserve for the answer are taken off.
        model: The model that is asked.
    """

    def __init__(
        self,
        history: History,
        end: int,
        asked: tuple[Message, ...],
        *,
        limit: int,
        model: ModelId,
        ask: Callable[[ModelId, str], Awaitable[ChatResponse]],
    ) -> None:
        self.asked = asked
        self.limit = limit
        self.model = model
        self._history = history
        self._end = end
        self._ask = ask

    @property
    def history(self) -> Sequence[Message]:
        """List what was said before, oldest first; a copy."""
        return self._history.messages(self._end)

    async def ask(self, model: str | ModelId, prompt: str) -> ChatResponse:
        """Ask a model something, at the cost of the session.

        Raises:
            HeadwaterError: The call failed.
        """
        return await self._ask(ModelId.parse(model), prompt)

    def count(self, messages: Iterable[Message]) -> int:
        """Estimate the tokens of messages."""
        return sum(map(self._history.count, messages))

    def trimmed(self, limit: int | None = None) -> list[Message]:
        """Leave out the oldest, so that the rest fits.

        Whole exchanges go, each from what the user said until before what they said next. Where the
        results of tools are being sent, the question that they belong to stays; if its exchange is
        too long by itself, the oldest calls in it go, each with its results. Messages of the system
        stay.

        Args:
            limit: How many tokens; None: the window's own.

        Returns:
            What is to be sent, the present turn included: more than fits, where there is no less.
        """
        chosen = _Chosen(self._history, self._end)
        chosen.room = (self.limit if limit is None else limit) - self.count(self.asked)
        chosen.fill(within=not any(message.role is Role.USER for message in self.asked))
        return [*chosen.messages(), *self.asked]


class _Chosen:
    """What of a history is sent: all from one place on, and a few messages before it.

    Attributes:
        room: How many tokens are left.
    """

    def __init__(self, history: History, end: int) -> None:
        self.room = 0
        self._history = history
        self._end = end
        self._begin = end
        self._pinned = history.pinned(end)
        self._question: int | None = None

    def fill(self, *, within: bool) -> None:
        """Go back from the end as far as there is room.

        Args:
            within: Whether the exchange that the history ends with goes on.
        """
        self.room -= sum(self._count(place) for place in self._pinned)
        starts = self._history.starts(self._end)
        question = next(starts, None) if within else None
        if question is not None and not self._fill_exchange(question):
            return
        for start in starts:
            if not self._take(start):
                return

    def messages(self) -> list[Message]:
        """Give what is sent."""
        places = [place for place in self._pinned if place < self._begin]
        if self._question is not None and self._question < self._begin:
            places = sorted({*places, self._question})
        return [self._history.message(place) for place in (*places, *range(self._begin, self._end))]

    def _fill_exchange(self, question: int) -> bool:
        """Take the question and the last calls, then the earlier ones; tell whether all fit."""
        self._question = question
        self.room -= self._cost(question, question + 1)
        last = max(self._end - len(self._history.tail(self._end)), question + 1)
        self.room -= self._cost(last, self._end)
        self._begin = last
        for place in range(last - 1, question, -1):
            if self._history.message(place).role is not Role.TOOL and not self._take(place):
                return False
        self._begin = question
        return True

    def _take(self, start: int) -> bool:
        """Begin earlier, if there is room."""
        cost = self._cost(start, self._begin)
        if cost > self.room:
            return False
        self.room -= cost
        self._begin = start
        return True

    def _count(self, place: int) -> int:
        return self._history.count(self._history.message(place))

    def _cost(self, start: int, end: int) -> int:
        pinned = self._pinned
        return sum(
            self._count(place) for place in range(start, end) if not pinned or place not in pinned
        )


class Strategy(Protocol):
    """Choose what is sent."""

    async def __call__(self, window: Window, /) -> Sequence[Message]:
        """Give the messages to send, the present turn (`window.asked`) last.

        What has more tokens than `window.limit` is refused with `ContextTooLong`.
        """
        ...


class Trim:
    """Leave out the oldest exchanges; see `Window.trimmed`."""

    async def __call__(self, window: Window, /) -> Sequence[Message]:
        """Give as much as fits."""
        return window.trimmed()
