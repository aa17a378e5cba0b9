"""The store: conversations that outlive the process."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar

from ..errors import InvalidRequest, StorageError
from ..requests import ModelId
from ..turns import Turn
from ._keeping import Additions, Keeping
from ._kept import ConversationSummary, KeptConversation, conversation_of, summary_of
from ._queries import NEWEST, ONE, TURNS
from ._rows import has_prices, storable
from ._schema import check_installed, default_path, open_database
from ._search import Found, found_of, search_query, words_of

if TYPE_CHECKING:
    from aiosqlite import Connection

__all__ = ["Store"]

T = TypeVar("T")
CLEAN_UP_S: Final = 1.0


class Store:
    """Keep conversations in an SQLite database: one object serves any number of sessions,
    and several processes may have the same one open.

    Making it opens nothing. Leave its context, or call `aclose`, to close it.

    Args:
        path: The database; None: `conversations.db` in the platform's folder for data.

    Raises:
        ConfigurationError: The extra `headwater[store]` is not installed.

    Shapes:
        async with Store() as store:
            session = Session(runner, "openai/gpt-5-mini", store=store)
            await session.send("Hello")
            for conversation in await store.conversations(): ...
    """

    def __init__(self, path: str | Path | None = None) -> None:
        check_installed()
        self.path = default_path() if path is None else Path(path)
        self._connection: Connection | None = None
        self._has_index = False
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[object]] = set()

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
        """Finish what is being written, and close the database; any number of times."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        async with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                await connection.close()

    async def conversations(self, *, limit: int | None = None) -> Sequence[ConversationSummary]:
        """List the conversations, the one changed last first.

        Args:
            limit: At most so many; None: all.

        Raises:
            StorageError: The database cannot be read.
        """

        async def work(connection: Connection) -> list[ConversationSummary]:
            rows = await connection.execute_fetchall(NEWEST, (-1 if limit is None else limit,))
            return [summary_of(row) for row in rows]

        return await self._run(work)

    async def conversation(self, conversation_id: str) -> KeptConversation:
        """Read a conversation.

        Args:
            conversation_id: Its id, or a beginning of it that no other has.

        Raises:
            InvalidRequest: There is none, or several begin like that.
            StorageError: The database cannot be read.
        """

        async def work(connection: Connection) -> KeptConversation:
            name = await _resolve(connection, conversation_id)
            (summary,) = await connection.execute_fetchall(ONE, (name,))
            rows = await connection.execute_fetchall(TURNS, (name,))
            return conversation_of(summary, rows, self.path)

        return await self._run(work)

    async def search(self, text: str, *, limit: int = 50) -> Sequence[Found]:
        """Find the turns in which all these words were said, by either side; the best first.

        Args:
            text: Words; a word is found by its beginning, and what stands in "quotes" as it is.
            limit: At most so many.

        Raises:
            InvalidRequest: There is no word in it.
            StorageError: The database cannot be read.
        """
        words = words_of(text)

        async def work(connection: Connection) -> list[Found]:
            query, values = search_query(words, has_index=self._has_index)
            rows = await connection.execute_fetchall(query, {**values, "limit": limit})
            return [found_of(row, words) for row in rows]

        return await self._run(work)

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation with all its turns.

        Args:
            conversation_id: As for `conversation`.

        Raises:
            InvalidRequest: There is none, or several begin like that.
            StorageError: The database cannot be written.
        """

        async def work(connection: Connection) -> None:
            name = await _resolve(connection, conversation_id)
            async with _transaction(connection):
                await connection.execute("DELETE FROM conversations WHERE id = ?", (name,))

        await self._run(work)

    def begin(self) -> Keeping:
        """Give what tells how far a new session is kept. Sessions call this."""
        return Keeping()

    async def keep(
        self,
        keeping: Keeping,
        *,
        known: int,
        added: Sequence[Turn],
        whole: Callable[[], Sequence[Turn]],
        model: ModelId,
        system: str | None,
        accept: Callable[[], bool],
    ) -> None:
        """Write what is new of a session. Sessions call this.

        Args:
            keeping: How far it is kept; noted in it.
            known: How many turns of the history are kept and still stand.
            added: The turns after these.
            whole: Gives the whole history, for a copy of it.
            model: The model that is asked.
            system: The system prompt.
            accept: Is called once it is written; says whether the session still wants the turns.

        Raises:
            StorageError: The database cannot be written.
        """
        additions = Additions(
            keeping=keeping,
            known=known,
            added=added,
            whole=whole,
            model=model,
            system=system,
            accept=accept,
        )
        if additions.is_empty:
            return

        async def work(connection: Connection) -> None:
            async with _transaction(connection):
                note = await additions.write(connection)
            note()

        await self._run(work)

    async def _run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Do some work on the database, one after the other.

        To be cancelled in the middle would leave a transaction open, so a caller who is cancelled
        waits for the end of the work, for a second at most.
        """
        task = asyncio.create_task(self._work(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task], timeout=CLEAN_UP_S)
            raise

    async def _work(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._lock:
            try:
                if self._connection is None:
                    await asyncio.to_thread(has_prices)  # not on the loop: that takes a while
                    self._connection, self._has_index = await open_database(self.path)
                return await work(self._connection)
            except sqlite3.Error as error:
                raise StorageError(f"{self.path}: {error}") from error


@asynccontextmanager
async def _transaction(connection: Connection) -> AsyncGenerator[None, None]:
    await connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        await connection.execute("COMMIT")
    except BaseException:
        await connection.execute("ROLLBACK")
        raise


async def _resolve(connection: Connection, beginning: str) -> str:
    """Find the one conversation whose id begins like that."""
    rows = await connection.execute_fetchall(
        "SELECT id FROM conversations WHERE substr(id, 1, length(:it)) = :it LIMIT 2",
        {"it": storable(beginning)},
    )
    names = [str(row["id"]) for row in rows]
    if not beginning or not names:
        raise InvalidRequest(f"no conversation is kept as {beginning!r}")
    if len(names) > 1:
        raise InvalidRequest(
            f"several conversations are kept as {beginning!r}…: say more of the id"
        )
    return names[0]
