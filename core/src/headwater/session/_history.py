"""The history: turns in order, and where the exchanges among them begin."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from ..estimate import count_message
from ..messages import Message, Role, tool_result, user
from ..requests import as_messages
from ..turns import Turn

__all__ = ["History"]


class History:
    """Hold turns in order, and answer what is asked of them each turn without going through all.

    An exchange begins with a message of the user and lasts until the next one: it holds the calls
    of tools, their results and the answer.

    Attributes:
        version: Changes whenever the history does.
    """

    def __init__(self) -> None:
        self.version = 0
        self._turns: list[Turn] = []
        self._messages: list[Message] = []
        self._tokens: dict[int, int | None] = {}  # by the identity of each message, once counted
        self._starts: list[int] = []  # where in the messages each turn begins
        self._exchanges: list[int] = []  # where in the messages each exchange begins
        self._pinned: list[int] = []  # where in the messages those of the system are

    @property
    def turns(self) -> Sequence[Turn]:
        """Show the turns; not a copy."""
        return self._turns

    def messages(self, end: int | None = None) -> list[Message]:
        """Give the first so many messages; None: all."""
        return self._messages[:end]

    def append(self, turn: Turn) -> None:
        """Add a turn."""
        self.version += 1
        self._turns.append(turn)
        self._starts.append(len(self._messages))
        for message in turn.messages:
            if message.role is Role.USER:
                self._exchanges.append(len(self._messages))
            elif message.role is Role.SYSTEM:
                self._pinned.append(len(self._messages))
            self._messages.append(message)
            self._tokens.setdefault(id(message), None)

    def truncate(self, length: int) -> None:
        """Forget all but the first so many turns."""
        self.version += 1
        end = self.end_of(length)
        for message in self._messages[end:]:
            self._tokens.pop(id(message), None)
        del self._turns[length:], self._starts[length:], self._messages[end:]
        for places in (self._exchanges, self._pinned):
            while places and places[-1] >= end:
                places.pop()

    def end_of(self, length: int) -> int:
        """Tell where in the messages the first so many turns end."""
        return self._starts[length] if length < len(self._starts) else len(self._messages)

    def last_exchange(self) -> int | None:
        """Find the turn with which the last exchange begins; None: there is none."""
        for place in range(len(self._turns) - 1, -1, -1):
            if any(message.role is Role.USER for message in self._turns[place].asked):
                return place
        return None

    def starts(self, end: int) -> Iterator[int]:
        """Tell where each exchange before a place begins, backwards; the first one at 0."""
        for number in range(bisect_left(self._exchanges, end) - 1, -1, -1):
            yield self._exchanges[number]
        if end and self._exchanges[:1] != [0]:
            yield 0

    def pinned(self, end: int) -> Sequence[int]:
        """Tell where the messages of the system before a place are."""
        return self._pinned[: bisect_left(self._pinned, end)]

    def tail(self, end: int | None = None) -> list[Message]:
        """Give what the next message has to follow: the last one before a place, and on to the end.

        Results of tools come with the calls that they answer. A message of the system is not what
        anything follows.
        """
        end = len(self._messages) if end is None else end
        start = max(end - 1, 0)
        while start > 0 and self._messages[start].role in (Role.TOOL, Role.SYSTEM):
            start -= 1
        return self._messages[start:end]

    def message(self, place: int) -> Message:
        """Give a message."""
        return self._messages[place]

    def count(self, message: Message) -> int:
        """Estimate the tokens of a message; of one that stands here, once."""
        tokens = self._tokens.get(id(message))
        if tokens is None:
            tokens = count_message(message)
            if id(message) in self._tokens:
                self._tokens[id(message)] = tokens
        return tokens

    def check(self) -> None:
        """Check that the whole is a conversation; its last calls of tools may be unanswered.

        Raises:
            InvalidRequest: It is none.
        """
        if self._messages:
            # As if the user spoke next: what is unanswered, but for the last calls, is refused.
            results = [tool_result(call.call_id, "") for call in self._messages[-1].tool_calls]
            as_messages([*self._messages, *results, user("?")])
