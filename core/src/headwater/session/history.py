"""The history: turns in order, and where the exchanges among them begin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..messages import Message, Role, tool_result, user
from ..requests import as_messages
from ..turns import Turn

__all__ = ["History"]


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

    def check(self) -> None:
        """Check that the whole is a conversation; its last calls of tools may be unanswered.

        Raises:
            InvalidRequest: It is none.
        """
        messages = list(self.messages())
        if messages:
            # As if the user spoke next: what is unanswered, but for the last calls, is refused.
            results = [tool_result(call.call_id, "") for call in messages[-1].tool_calls]
            as_messages([*messages, *results, user("?")])

    def _end(self, length: int) -> int:
        return self._starts[length] if length < len(self._starts) else len(self._entries)
