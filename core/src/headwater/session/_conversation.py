"""What a session and the turns that it makes share: the history, the counters, whose turn it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Unpack

import attrs

from ..errors import InvalidRequest, SessionBusy, StorageError
from ..messages import Message, Role
from ..parts import ToolCall
from ..requests import ModelId, as_messages
from ..responses import ChatResponse
from ..runner import Runner
from ..turns import Spending, Turn
from ..usage import Provenance
from ._choosing import Chooser, ContextOptions
from ._history import History
from ._ledger import Ledger

if TYPE_CHECKING:
    from ..store import Keeping, Store

__all__ = ["Conversation", "Said"]


@attrs.frozen
class Said:
    """Hold what `retry` says again, and `edit` replaces.

    Attributes:
        asked: What was said.
        keep: How many turns of the history stood before it.
    """

    asked: tuple[Message, ...]
    keep: int


class Conversation:
    """Hold the state of a session. One turn at a time may change it.

    Attributes:
        last_partial: The cut answer of the last turn, None where it was whole or nothing came.
        failed: The last turn, where it got no answer.
    """

    def __init__(
        self,
        runner: Runner,
        model: ModelId,
        system: str | None,
        *,
        store: Store | None,
        **context: Unpack[ContextOptions],
    ) -> None:
        self.runner = runner
        self.model = model
        self.system = system
        self.history = History()
        self.context = context
        self.chooser = Chooser(runner, self.history, **context)
        self.ledger = Ledger()
        self.last_partial: ChatResponse | None = None
        self.failed: Said | None = None
        self.store = store
        self.keeping = None if store is None else store.begin()
        self._left: list[
            tuple[Keeping, Sequence[Turn]]
        ] = []  # what was cleared before it was written
        self._under_way: object | None = None

    def restore(self, turns: Iterable[Turn], spendings: Iterable[Spending]) -> None:
        """Take over what another session held.

        Raises:
            StorageError: The turns make no conversation.
        """
        for turn in turns:
            self.history.append(turn)
        for spending in spendings:
            self.ledger.add(spending)
        try:
            self.history.check()
        except InvalidRequest as error:
            raise StorageError(f"the turns that were kept make no conversation: {error}") from error

    @property
    def is_busy(self) -> bool:
        """Tell whether a turn is under way."""
        return self._under_way is not None

    def check_idle(self) -> None:
        """Refuse while a turn is under way.

        Raises:
            SessionBusy: One is.
        """
        if self._under_way is not None:
            raise SessionBusy(
                "a turn of this session is under way, and it takes one at a time: wait for its "
                "end, close its stream, or `fork` the session"
            )

    def inject(self, *messages: Message) -> None:
        """Put messages in the history without asking; see `Session.inject`."""
        self.check_idle()
        as_messages([*self.history.tail(), *messages])
        self.history.append(Turn(messages))
        self.failed = None

    def undo(self) -> tuple[Message, ...]:
        """Take back the last exchange; see `Session.undo`."""
        self.check_idle()
        self.failed = None
        start = self.history.last_exchange()
        if start is None:
            return ()
        taken = [message for turn in self.history.turns[start:] for message in turn.messages]
        self.truncate(start)
        return tuple(taken)

    def last_said(self) -> Said:
        """Find what was said last: the turn that failed, else the last exchange.

        Raises:
            InvalidRequest: Nothing has been said.
        """
        self.check_idle()
        if self.failed is not None:
            return self.failed
        start = self.history.last_exchange()
        if start is None:
            raise InvalidRequest("nothing has been said in this session yet")
        turn = self.history.turns[start]
        return Said((), start + 1) if turn.response is None else Said(turn.asked, start)

    def before_last_said(self) -> int:
        """Tell how many turns stand before what the user said last, in a turn that failed too.

        Raises:
            InvalidRequest: Nothing has been said.
        """
        last = self.last_said()
        if any(message.role is Role.USER for message in last.asked):
            return last.keep
        start = self.history.last_exchange()
        return last.keep if start is None else start

    def open_calls(self) -> tuple[ToolCall, ...]:
        """List the calls of tools at the end of the history that have no result."""
        tail = self.history.tail()
        return tail[0].tool_calls if len(tail) == 1 else ()  # results are given all at once

    def begin(self, turn: object) -> None:
        """Let a turn begin."""
        self.check_idle()
        self._under_way = turn
        self.last_partial = None

    def end(self) -> None:
        """Let the next turn begin."""
        self._under_way = None

    async def keep(self, turn: Turn, keep: int, accept: Callable[[], bool]) -> None:
        """Write a turn to the store before it joins the history, which `accept` lets it do.

        Raises:
            StorageError: It cannot be written, and does not join.
        """
        if self.keeping is None:
            accept()
            return
        await self._write_left()
        known = min(keep, len(self.keeping.rows))
        turns = self.history.turns
        await self._write(
            self.keeping,
            known,
            [*turns[known:keep], turn],
            lambda: [*turns[:keep], turn],
            accept,
        )

    async def flush(self) -> None:
        """Write what else has changed to the store, where there is one.

        Raises:
            SessionBusy: A turn is under way.
            StorageError: It cannot be written.
        """
        self.check_idle()
        if self.keeping is None:
            return
        self._under_way = self  # a turn that began meanwhile would write the same again
        try:
            await self._write_left()
            await self._write_rest(self.keeping, self.history.turns)
        finally:
            self.end()

    async def _write_rest(self, keeping: Keeping, turns: Sequence[Turn]) -> None:
        known = len(keeping.rows)
        await self._write(keeping, known, turns[known:], lambda: turns)

    async def _write_left(self) -> None:
        while self._left:
            await self._write_rest(*self._left[0])
            del self._left[0]

    async def _write(
        self,
        keeping: Keeping,
        known: int,
        added: Sequence[Turn],
        whole: Callable[[], Sequence[Turn]],
        accept: Callable[[], bool] = lambda: True,
    ) -> None:
        assert self.store is not None  # what is kept has a store
        await self.store.keep(
            keeping,
            known=known,
            added=added,
            whole=whole,
            model=self.model,
            system=self.system,
            accept=accept,
        )

    def truncate(self, length: int) -> None:
        """Forget all but the first so many turns."""
        self.history.truncate(length)
        if self.keeping is not None:
            self.keeping.truncate(length)

    def clear(self) -> None:
        """Forget all turns. The store keeps them, and what comes is another conversation there."""
        self.check_idle()
        if self.store is not None and self.keeping is not None:
            self._left.append((self.keeping, tuple(self.history.turns)))
            self.keeping = self.store.begin()
        self.history.truncate(0)
        self.failed = None
        self.last_partial = None

    def commit(self, turn: Turn, keep: int) -> None:
        """Put a turn with its answer after the first `keep` turns of the history."""
        self.history.truncate(keep)
        self.history.append(turn)
        self.spend(turn)
        self.failed = None

    def abandon(self, turn: Turn, keep: int, *, keeps_partial: bool) -> None:
        """Leave the history as it was, or keep the text of a cut answer where that is wanted."""
        cut = turn.response
        self.failed = Said(turn.asked, keep)
        if cut is None or not _has_begun(cut):
            return
        self.last_partial = cut
        if keeps_partial and cut.text.strip():
            self.truncate(keep)
            self.commit(attrs.evolve(turn, is_interrupted=True), keep)
            return
        self.spend(turn)
        if self.keeping is not None:
            self.keeping.cut.append(turn)

    async def ask(self, model: ModelId, prompt: str) -> ChatResponse:
        """Ask a model something beside the conversation, at the cost of the session.

        Raises:
            HeadwaterError: The call failed.
        """
        started_at = datetime.now(UTC)
        response = await self.runner.chat(model, prompt)
        self.ledger.add(Spending(model, response.usage, started_at))
        return response

    def spend(self, turn: Turn) -> None:
        """Count what a turn used."""
        assert turn.model is not None  # a turn that was asked names whom
        self.ledger.add(Spending(turn.model, turn.usage, turn.started_at))


def _has_begun(cut: ChatResponse) -> bool:
    """Tell whether anything came that the provider will have counted."""
    is_counted = cut.usage.is_known and cut.usage.provenance is not Provenance.ESTIMATED
    return is_counted or bool(cut.message.parts)
