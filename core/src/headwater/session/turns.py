"""What a history is made of: turns, and where the exchanges among them begin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import attrs

from ..messages import Message, Role
from ..requests import ModelId
from ..responses import ChatResponse
from ..usage import Usage

__all__ = ["History", "Turn"]


def _now() -> datetime:
    return datetime.now(UTC)


@attrs.frozen
class Turn:
    """Hold what one call added to a history: what was said to the model, and its answer.

    Attributes:
        asked: The messages that went out for the first time: as a rule one of the user, or the
            results of tools.
        response: The answer; None for messages that were put in without asking.
        model: The model that was asked; None where none was.
        first_content_s: From the call to the first content; None where it was not streamed.
        total_s: From the call to the end of the answer.
        is_interrupted: Whether the answer was cut and kept all the same; its `response` is the cut
            answer as it came, the message in the history its text alone.
        started_at: When it was asked.
    """

    asked: tuple[Message, ...]
    response: ChatResponse | None = None
    model: ModelId | None = attrs.field(default=None, kw_only=True)
    first_content_s: float | None = attrs.field(default=None, kw_only=True)
    total_s: float | None = attrs.field(default=None, kw_only=True)
    is_interrupted: bool = attrs.field(default=False, kw_only=True)
    started_at: datetime = attrs.field(factory=_now, kw_only=True)

    @property
    def answer(self) -> Message | None:
        """Give the answer as it stands in the history."""
        if self.response is None:
            return None
        return spoken(self.response) if self.is_interrupted else self.response.message

    @property
    def messages(self) -> tuple[Message, ...]:
        """List what the turn added to the history."""
        answer = self.answer
        return self.asked if answer is None else (*self.asked, answer)

    @property
    def usage(self) -> Usage:
        """Give the token counts of the call."""
        return Usage() if self.response is None else self.response.usage

    @property
    def cost(self) -> Decimal | None:
        """Give what the call cost in US dollars; None where no price or no count is known.

        Raises:
            ConfigurationError: The extra `headwater[prices]` is not installed.
        """
        if self.model is None:
            return None
        from ..prices import cost_of  # only where cost is asked for: an extra

        return cost_of(self.model, self.usage, at=self.started_at)


def spoken(response: ChatResponse) -> Message:
    """Give what of a cut answer may go back to any provider: its text.

    Half an answer may hold calls that nobody answered, and sealed parts that are valid only
    together with what did not come.
    """
    return Message(Role.ASSISTANT, response.text)


class _Entry:
    """A message of the history, and its count once somebody wanted it."""

    __slots__ = ("message", "tokens")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.tokens: int | None = None


class History:
    """Hold turns in order, and what is asked of them again and again, without going through all.

    An exchange begins with a message of the user and lasts until the next one: it holds the calls
    of tools, their results and the answer.

    Attributes:
        version: Changes whenever the history does.
    """

    def __init__(self, turns: Iterable[Turn] = ()) -> None:
        self.version = 0
        self._turns: list[Turn] = []
        self._entries: list[_Entry] = []
        self._starts: list[int] = []  # where in the entries each turn begins
        self._exchanges: list[int] = []  # where in the entries each exchange begins
        self._pinned: list[int] = []  # where in the entries the system messages are
        for turn in turns:
            self.append(turn)

    @property
    def turns(self) -> Sequence[Turn]:
        """Show the turns; not a copy."""
        return self._turns

    def __len__(self) -> int:
        return len(self._entries)

    def messages(self, until: int | None = None) -> Iterator[Message]:
        """Give the messages of the first so many turns; None: of all."""
        end = len(self._entries) if until is None else self._end(until)
        return (entry.message for entry in self._entries[:end])

    def append(self, turn: Turn) -> None:
        """Add a turn."""
        self.version += 1
        self._turns.append(turn)
        self._starts.append(len(self._entries))
        for message in turn.messages:
            if message.role is Role.USER:
                self._exchanges.append(len(self._entries))
            elif message.role is Role.SYSTEM:
                self._pinned.append(len(self._entries))
            self._entries.append(_Entry(message))

    def truncate(self, length: int) -> None:
        """Forget all but the first so many turns."""
        self.version += 1
        end = self._end(length)
        del self._turns[length:], self._starts[length:], self._entries[end:]
        for places in (self._exchanges, self._pinned):
            while places and places[-1] >= end:
                places.pop()

    def last_exchange(self) -> int | None:
        """Find the turn with which the last exchange begins; None: there is none."""
        for place in range(len(self._turns) - 1, -1, -1):
            if any(message.role is Role.USER for message in self._turns[place].asked):
                return place
        return None

    def tail(self, until: int) -> list[Message]:
        """Give the last message of the first so many turns, a call of tools with its results."""
        end = self._end(until)
        start = end - 1
        while start > 0 and self._entries[start].message.role is Role.TOOL:
            start -= 1
        return [entry.message for entry in self._entries[max(start, 0) : end]]

    def _end(self, length: int) -> int:
        return self._starts[length] if length < len(self._starts) else len(self._entries)
