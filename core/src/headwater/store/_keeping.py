"""How far a session is kept, and how what is new of it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import attrs

from ..requests import ModelId
from ..turns import Turn
from ._rows import TurnState, now, row_of, storable, title_of

if TYPE_CHECKING:
    from aiosqlite import Connection

__all__ = ["Additions", "Keeping"]

ID_BYTES = 6


@attrs.define(eq=False)
class Keeping:
    """Tell how far a session is kept.

    Attributes:
        conversation_id: Its name in the store; None while nothing of it is kept.
        rows: The number in the table of each turn, from the first.
        undone: The numbers of those that left the history since.
        cut: What was cut and not kept in the history since.
    """

    conversation_id: str | None = None
    rows: list[int] = attrs.field(factory=list)
    undone: list[int] = attrs.field(factory=list)
    cut: list[Turn] = attrs.field(factory=list)

    def truncate(self, length: int) -> None:
        """Note that all but the first so many turns have left the history."""
        self.undone += self.rows[length:]
        del self.rows[length:]


@attrs.frozen(kw_only=True)
class Additions:
    """Hold what is new of a session.

    Attributes:
        keeping: How far it is kept.
        known: How many turns of the history are kept and still stand.
        added: The turns after these.
        whole: Gives the whole history, for a copy of it.
        accept: Is called once it is written; says whether the session still wants the turns.
        model: The model that is asked.
        system: The system prompt.
    """

    keeping: Keeping
    known: int
    added: Sequence[Turn]
    whole: Callable[[], Sequence[Turn]]
    model: ModelId
    system: str | None
    accept: Callable[[], bool]

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to write."""
        keeping = self.keeping
        changed = self.added or keeping.cut or keeping.undone or keeping.rows[self.known :]
        return not changed

    async def write(self, connection: Connection) -> Callable[[], None]:
        """Write it, within a transaction.

        Where another session has gone on with the same conversation, or deleted it, this one goes
        on as a conversation of its own: nothing that was answered is lost.

        Returns:
            What notes it in `keeping`, to be called once the transaction holds.
        """
        keeping = self.keeping
        name, rows, turns = keeping.conversation_id, keeping.rows[: self.known], self.added
        if name is not None and not await self._is_ours(connection, name):
            name, rows, turns = None, [], self.whole()
        cut, undone = list(keeping.cut), [*keeping.undone, *keeping.rows[self.known :]]
        if name is None:
            name = await self._begin(connection, [*turns, *cut])
        for number in undone:
            await connection.execute("UPDATE turns SET state = 'undone' WHERE id = ?", (number,))
        for turn in turns:
            rows.append(await _insert(connection, row_of(turn, name, len(rows), TurnState.KEPT)))
        for turn in cut:
            await _insert(connection, row_of(turn, name, len(rows), TurnState.CUT))
        await connection.execute(
            "UPDATE conversations SET model = ?, system = ?, updated_at = ? WHERE id = ?",
            (str(self.model), self._system(), now(), name),
        )

        def note() -> None:
            keeping.conversation_id = name
            keeping.rows[:] = rows
            del keeping.cut[: len(cut)]
            keeping.undone.clear()
            if not self.accept():
                keeping.truncate(self.known)

        return note

    async def _is_ours(self, connection: Connection, name: str) -> bool:
        """Tell whether the conversation ends with the turn that this session wrote last."""
        found = await connection.execute_fetchall(
            "SELECT (SELECT id FROM turns WHERE conversation_id = c.id AND state = 'kept'"
            " ORDER BY position DESC LIMIT 1) FROM conversations AS c WHERE id = ?",
            (name,),
        )
        # What this session has undone and not yet written still stands there as kept.
        known = {*self.keeping.rows[-1:], *self.keeping.undone}
        return any((row[0] in known if known else row[0] is None) for row in found)

    async def _begin(self, connection: Connection, turns: Sequence[Turn]) -> str:
        name = token_hex(ID_BYTES)
        title = next(filter(None, map(title_of, turns)), "")
        await connection.execute(
            "INSERT INTO conversations (id, title, model, system, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (name, title, str(self.model), self._system(), now(), now()),
        )
        return name

    def _system(self) -> str | None:
        return None if self.system is None else storable(self.system)


async def _insert(connection: Connection, row: dict[str, Any]) -> int:
    names = ", ".join(row)
    places = ", ".join(f":{name}" for name in row)
    cursor = await connection.execute(f"INSERT INTO turns ({names}) VALUES ({places})", row)
    await cursor.close()
    assert cursor.lastrowid is not None  # of an INSERT that did not fail
    return cursor.lastrowid
