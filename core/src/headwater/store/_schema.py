"""The database: its tables, its version, and how it is opened."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final, cast

from ..errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from aiosqlite import Connection

__all__ = [
    "APPLICATION_ID",
    "BUSY_S",
    "VERSION",
    "check_installed",
    "default_path",
    "open_database",
]

VERSION: Final = 1
APPLICATION_ID: Final = 0x48447772  # "HDwr": `file` and other tools tell by it whose file it is
BUSY_S: Final = 10.0  # how long to wait for another process to finish writing

_TABLES: Final = """
CREATE TABLE conversations (
    id          TEXT PRIMARY KEY,
    title       TEXT NOT NULL,
    model       TEXT NOT NULL,
    system      TEXT,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
);
CREATE INDEX conversations_by_time ON conversations (updated_at);
CREATE TABLE turns (
    id                   INTEGER PRIMARY KEY,
    conversation_id      TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    position             INTEGER NOT NULL,
    state                TEXT NOT NULL CHECK (state IN ('kept', 'undone', 'cut')),
    model                TEXT,
    started_at           TEXT NOT NULL,
    asked_text           TEXT NOT NULL,
    answer_text          TEXT NOT NULL,
    finish_reason        TEXT,
    input_tokens         INTEGER,
    output_tokens        INTEGER,
    cached_input_tokens  INTEGER,
    cache_write_tokens   INTEGER,
    reasoning_tokens     INTEGER,
    usage_provenance     TEXT,
    cost_usd             REAL,
    first_content_s      REAL,
    total_s              REAL,
    turn                 TEXT NOT NULL
);
CREATE UNIQUE INDEX turns_kept ON turns (conversation_id, position) WHERE state = 'kept';
CREATE INDEX turns_by_conversation ON turns (conversation_id);
"""

_SEARCH: Final = """
CREATE VIRTUAL TABLE turns_search USING fts5 (
    asked_text, answer_text, content='turns', content_rowid='id',
    tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER turns_added AFTER INSERT ON turns BEGIN
    INSERT INTO turns_search (rowid, asked_text, answer_text)
    VALUES (new.id, new.asked_text, new.answer_text);
END;
CREATE TRIGGER turns_deleted AFTER DELETE ON turns BEGIN
    INSERT INTO turns_search (turns_search, rowid, asked_text, answer_text)
    VALUES ('delete', old.id, old.asked_text, old.answer_text);
END;
"""


def check_installed() -> None:
    """Say what to install where the extra is missing.

    Raises:
        ConfigurationError: It is.
    """
    try:
        import aiosqlite  # noqa: F401  # an extra
        import platformdirs  # noqa: F401  # an extra
    except ImportError as error:
        raise ConfigurationError(
            'to keep conversations, install the store: pip install "headwater[store]"'
        ) from error


def default_path() -> Path:
    """Name the database in the platform's folder for the data of applications."""
    import platformdirs

    return platformdirs.user_data_path("headwater", appauthor=False) / "conversations.db"


async def open_database(path: Path) -> tuple[Connection, bool]:
    """Open a database, and make it where there is none; others may do the same at once.

    Returns:
        The connection, and whether the database has a full-text index.

    Raises:
        StorageError: It cannot be opened, is no database of ours, or a newer Headwater made it.
    """
    import aiosqlite

    _make_file(path)
    connection = aiosqlite.connect(path, timeout=BUSY_S, isolation_level=None)
    # Its thread would keep a process alive that leaves without closing the store, as after an error
    # it may. Before 0.22 the connection is the thread.
    cast("Thread", getattr(connection, "_thread", connection)).daemon = True
    await connection
    connection.row_factory = sqlite3.Row
    try:
        await _configure(connection)
        await _make_tables(connection, path)
        rows = await connection.execute_fetchall(
            "SELECT 1 FROM sqlite_master WHERE name = 'turns_search'"
        )
    except BaseException:
        await connection.close()
        raise
    return connection, bool(list(rows))


def _make_file(path: Path) -> None:
    """Make the file with rights for its owner alone: conversations are private."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StorageError(f"cannot open {path}: {error.strerror or error}") from error


async def _configure(connection: Connection) -> None:
    # In write-ahead mode readers and the writer do not wait for each other.
    await connection.execute("PRAGMA journal_mode = WAL")
    await connection.execute("PRAGMA synchronous = FULL")  # an answer is on the disk when it counts
    await connection.execute("PRAGMA foreign_keys = ON")


async def _make_tables(connection: Connection, path: Path) -> None:
    if await _version(connection, path) == VERSION:
        return
    await connection.execute("BEGIN IMMEDIATE")
    try:
        if await _version(connection, path) == 0:  # another process may have been quicker
            await _run(connection, _TABLES)
            await _add_search(connection)
            await connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            await connection.execute(f"PRAGMA user_version = {VERSION}")
        await connection.execute("COMMIT")
    except BaseException:
        await connection.execute("ROLLBACK")
        raise


async def _add_search(connection: Connection) -> None:
    """Add the full-text index, where this SQLite has FTS5; without it a search reads all turns."""
    try:
        await _run(connection, _SEARCH)
    except sqlite3.OperationalError as error:
        if "no such module" not in str(error):
            raise


async def _run(connection: Connection, script: str) -> None:
    """Run statements within the transaction; `executescript` would commit it first."""
    statement = ""
    for line in script.strip().splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            await connection.execute(statement)
            statement = ""


async def _version(connection: Connection, path: Path) -> int:
    # First, for these are three reads: tables that are seen belong to who is read after them.
    ((tables,),) = await connection.execute_fetchall("SELECT COUNT(*) FROM sqlite_master")
    ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
    ((owner,),) = await connection.execute_fetchall("PRAGMA application_id")
    if owner != APPLICATION_ID and tables:
        raise StorageError(f"{path} is a database of another program")
    if version > VERSION:
        raise StorageError(
            f"{path} has version {version} of the tables, and this Headwater reads up to "
            f"{VERSION}: upgrade it"
        )
    return int(version)
