"""The store keeps what was answered, and finds it again."""
# ruff: noqa: ASYNC240  # what is read and written here is small

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

import headwater.prices
from headwater import (
    ConfigurationError,
    Finished,
    InvalidRequest,
    Provenance,
    ServerError,
    SessionBusy,
    StorageError,
    TextDelta,
    ToolResult,
    Usage,
    user,
)
from headwater.session import Session
from headwater.store import Store, _conversations, _schema

from .scripted import MODEL, USAGE, Scripted, Step, called, runner_of, said

CUT: list[Step] = [TextDelta("half an answer"), ServerError("no")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a database that does not exist yet."""
    return tmp_path / "data" / "kept.db"


def _rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


async def test_each_answer_is_kept_as_it_comes(path: Path) -> None:
    """It is in the database when the caller has it, with all that was measured."""
    runner = runner_of(Scripted(said("an answer"), called("look"), said("seen")))
    async with Store(path) as store:
        session = Session(runner, MODEL, "Be kind.", store=store)
        assert session.id is None
        assert await store.conversations() == []
        async for event in session.stream("one two"):
            if isinstance(event, Finished):
                break
        assert session.id is not None
        query = (
            "SELECT position, state, model, asked_text, answer_text, finish_reason, input_tokens,"
            " output_tokens, usage_provenance, cost_usd, first_content_s > 0, total_s > 0"
            " FROM turns"
        )
        assert _rows(path, query) == [
            (0, "kept", MODEL, "one two", "an answer", "stop", 10, 2, "reported", None, 1, 1)
        ]
        await session.send("two")
        await session.send(ToolResult("c1", "a dog"))
        assert [row[:5] for row in _rows(path, query)[1:]] == [
            (1, "kept", MODEL, "two", ""), (2, "kept", MODEL, "a dog", "seen"),
        ]  # fmt: skip
        (summary,) = await store.conversations()
        assert (summary.id, summary.title, summary.system) == (session.id, "one two", "Be kind.")
        assert (summary.turn_count, summary.usage) == (3, session.usage)
        assert summary.cost_usd is None
        assert summary.created_at <= summary.updated_at
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


async def test_a_conversation_is_taken_up_again(path: Path) -> None:
    """With its history, its counters and its place in the store."""
    provider = Scripted(said("a"), called("look", '{"deep": {"é": 1}}'), said("seen"))
    async with Store(path) as store:
        first = Session(runner_of(provider), MODEL, "Be kind.", store=store)
        await first.send("one")
        await first.send("two")
    async with Store(path) as store:
        (summary,) = await store.conversations(limit=1)
        session = await Session.resume(
            runner_of(provider), store, summary.id[:4], max_context_tokens=1000
        )
        assert session.turns == first.turns
        assert (session.usage, session.system) == (first.usage, "Be kind.")
        await session.send(ToolResult("c1", "a dog"))
        assert session.id == first.id
        kept = await store.conversation(summary.id)
        assert kept.messages == session.messages
        assert kept.turns == session.turns
        assert len(await store.conversations()) == 1


async def test_what_is_undone_stays_in_the_table(path: Path) -> None:
    """Marked, so that it is neither taken up nor found, but counted."""
    provider = Scripted(said("a"), said("b"), said("c"), CUT, said("d"))
    async with Store(path) as store:
        session = Session(runner_of(provider), MODEL, store=store)
        await session.send("one")
        await session.send("two")
        session.undo()
        await session.flush()
        states = "SELECT position, state, answer_text FROM turns ORDER BY id"
        assert _rows(path, states) == [(0, "kept", "a"), (1, "undone", "b")]
        await session.retry().collect()
        with pytest.raises(ServerError):
            await session.send("three")
        await session.flush()
        await session.flush()  # nothing is left to write
        assert _rows(path, states) == [
            (0, "undone", "a"), (1, "undone", "b"), (0, "kept", "c"), (1, "cut", "half an answer"),
        ]  # fmt: skip
        assert await store.search("half") == []
        (summary,) = await store.conversations()
        assert summary.usage == session.usage
        assert summary.usage.provenance is Provenance.ESTIMATED
        again = await Session.resume(runner_of(provider), store, summary.id)
        assert again.messages == session.messages
        assert again.usage == session.usage


async def test_what_is_cut_and_kept_is_written_by_flush(path: Path) -> None:
    """So is what was injected; the next answer would write both."""
    async with Store(path) as store:
        session = Session(runner_of(Scripted(CUT, said("ok"), CUT)), MODEL, store=store)
        await session.flush()
        assert await store.conversations() == []
        session.inject(user("before"))
        with pytest.raises(ServerError):
            await session.send("one", keep_partial=True)
        assert session.id is None
        await session.send("two")
        with pytest.raises(ServerError):
            await session.retry(keep_partial=True).collect()
        await session.flush()
        kept = await store.conversation(session.id or "")
        assert kept.turns == session.turns
        assert [turn.is_interrupted for turn in kept.turns] == [False, True, True]
        assert len(kept.spendings) == 3


async def test_nothing_is_said_while_flush_writes(path: Path) -> None:
    """Both would write the same."""
    async with Store(path) as store:
        session = Session(runner_of(Scripted()), MODEL, store=store)
        session.inject(user("before"))
        flushing = asyncio.create_task(session.flush())
        await asyncio.sleep(0)
        with pytest.raises(SessionBusy):
            session.stream("one")
        await flushing
        await session.send("one")
        assert (await store.conversation(session.id or "")).turns == session.turns


async def test_clear_begins_another_conversation(path: Path) -> None:
    """The old one stays in the store as it was, with what had not been written yet."""
    async with Store(path) as store:
        session = Session(runner_of(Scripted(said("a"), said("b"), CUT)), MODEL, store=store)
        await session.send("one")
        await session.send("two")
        old = session.id or ""
        session.undo()
        session.inject(user("and"))
        session.clear()
        assert session.id is None
        with pytest.raises(ServerError):
            await session.send("three")
        await session.send("four")
        assert session.id not in (None, old)
        kept = await store.conversation(old)
        assert [message.text for message in kept.messages] == ["one", "a", "and"]
        assert len(await store.conversations()) == 2


async def test_a_fork_is_a_conversation_of_its_own(path: Path) -> None:
    """It takes a copy of the history with it."""
    async with Store(path) as store:
        session = Session(runner_of(Scripted()), MODEL, store=store)
        await session.send("one")
        other = session.fork()
        await other.send("two")
        await session.send("three")
        assert other.id != session.id
        texts = [message.text for message in (await store.conversation(other.id or "")).messages]
        assert texts == ["one", "ok", "two", "ok"]


async def test_two_sessions_of_one_conversation_part(path: Path) -> None:
    """The second to answer goes on as a conversation of its own: nothing is overwritten."""
    async with Store(path) as store, Store(path) as other_store:
        session = Session(runner_of(Scripted()), MODEL, store=store)
        await session.send("one")
        other = await Session.resume(runner_of(Scripted()), other_store, session.id or "")
        await other.send("two")
        await session.send("three")
        await session.send("four")
        assert session.id != other.id
        for one in (session, other):
            assert (await store.conversation(one.id or "")).messages == one.messages
        await store.delete(session.id or "")
        await session.send("five")
        assert (await store.conversation(session.id or "")).messages == session.messages


async def test_a_conversation_is_found_by_its_words(path: Path) -> None:
    """By the beginnings of words, in any order, by phrases, in any script, whatever else stands."""
    said_by = [said("Wide rivers are slow."), said("水は流れる"), said('100% "of" it_')]
    async with Store(path) as store:
        session = Session(runner_of(Scripted(*said_by)), MODEL, store=store)
        await session.send("Tell me of Rivers, slowly. " + "And so on. " * 40)
        await session.send("日本語の川")
        await session.send("percent")

        async def found(text: str) -> list[int]:
            return [hit.position for hit in await store.search(text)]

        assert await found("river") == [0]
        assert await found("slow RIV") == [0]
        assert await found('"are slow"') == [0]
        assert await found('"slow are"') == []
        assert await found("の川") == [1]
        assert await found("流れ 本語") == [1]
        assert await found("流れ river") == []
        assert await found('of"') == [2, 0] or await found('of"') == [0, 2]
        assert await found("ocean") == []
        (hit,) = await store.search("wide")
        assert hit.conversation_id == session.id
        assert hit.excerpt.startswith("…")
        assert "Wide rivers are slow." in hit.excerpt
        assert (await store.search("tell"))[0].excerpt.endswith("…")
        assert len(await store.search("a", limit=1)) == 1
        for nothing in ("", " ", '""', "%"):
            with pytest.raises(InvalidRequest, match="words"):
                await store.search(nothing)


async def test_without_an_index_a_search_reads_all(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An SQLite that lacks FTS5 finds the same, more slowly, and signs are taken as they are."""
    monkeypatch.setattr(_schema, "_SEARCH", _schema._SEARCH.replace("fts5", "fts_none"))
    async with Store(path) as store:
        session = Session(
            runner_of(Scripted(said("Wide rivers"), said("100% it_s"))), MODEL, store=store
        )
        await session.send("one")
        await session.send("two")
        assert [hit.position for hit in await store.search("WIDE riv")] == [0]
        assert [hit.position for hit in await store.search("0% t_s")] == [1]
        assert await store.search("1%t") == []
    async with Store(path) as store:
        assert len(await store.search("wide")) == 1
    monkeypatch.setattr(_schema, "_SEARCH", "CREATE NONSENSE;")
    async with Store(path.with_name("other.db")) as store:
        with pytest.raises(StorageError, match="syntax"):
            await store.conversations()


async def test_conversations_are_listed_newest_first(path: Path) -> None:
    """As many as asked for; deleted ones are gone, and so are their turns."""
    async with Store(path) as store:
        ids = []
        for number in range(3):
            session = Session(runner_of(Scripted()), MODEL, store=store)
            await session.send(f"number {number} " + "and so on " * 20)
            ids.append(session.id or "")
        assert [c.id for c in await store.conversations()] == ids[::-1]
        (newest,) = await store.conversations(limit=1)
        assert newest.id == ids[2]
        assert len(newest.title) == 80
        assert newest.title.endswith("…")
        await store.delete(ids[1])
        assert [c.id for c in await store.conversations()] == [ids[2], ids[0]]
        assert _rows(path, "SELECT COUNT(*) FROM turns") == [(2,)]
        assert await store.search("1") == []
        for name in ("", ids[1], "ü\ud800"):
            with pytest.raises(InvalidRequest, match="no conversation"):
                await store.conversation(name)
        with pytest.raises(InvalidRequest, match="no conversation"):
            await store.delete("nothing")


async def test_an_id_that_several_begin_with_is_told(path: Path) -> None:
    """Rather than one of them taken."""
    async with Store(path) as store:
        first, firsts = "", set()
        for _ in range(17):  # by then two of them begin with the same digit
            session = Session(runner_of(Scripted()), MODEL, store=store)
            await session.send("one")
            first = (session.id or "")[0]
            if first in firsts:
                break
            firsts.add(first)
        with pytest.raises(InvalidRequest, match="several"):
            await store.conversation(first)


async def test_costs_are_kept_where_there_are_prices(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the sum is unknown as soon as one of them is; without the extra all are."""
    from headwater import Runner

    async with Store(path) as store:
        runner = Runner(providers={"openai": Scripted(), "p": Scripted()}, middleware=[])
        session = Session(runner, "openai/gpt-5-mini", store=store)
        await session.send("one")
        (summary,) = await store.conversations()
        assert session.cost is not None
        assert summary.cost_usd == pytest.approx(float(session.cost))
        session.switch_model(MODEL)
        await session.send("two")
        (summary,) = await store.conversations()
        assert summary.cost_usd is None
        assert not session.cost
        assert str(summary.model) == MODEL
        monkeypatch.setitem(sys.modules, "genai_prices", None)
        session = Session(runner, "openai/gpt-5-mini", store=store)
        await session.send("three")
        assert (await store.conversations())[0].cost_usd is None
        with pytest.raises(ConfigurationError, match=r"headwater\[prices\]"):
            session.cost  # noqa: B018  # it is the reading that is tested
        with pytest.raises(ConfigurationError, match=r"headwater\[prices\]"):
            headwater.prices.cost_of("openai/gpt-5-mini", USAGE)


async def test_the_sum_says_what_it_lacks(path: Path) -> None:
    """A call of which nobody counted the output makes the sum a partial one."""
    async with Store(path) as store:
        session = Session(
            runner_of(Scripted(said("a"), said("b", Usage(3, None)))), MODEL, store=store
        )
        await session.send("one")
        await session.send("two")
        (summary,) = await store.conversations()
        assert summary.usage == session.usage == Usage(13, 2, provenance=Provenance.PARTIAL)


async def test_a_turn_that_cannot_be_kept_does_not_join(path: Path) -> None:
    """The error carries the answer; history and store still agree."""
    async with Store(path) as store:
        session = Session(runner_of(Scripted(said("a"), said("b"))), MODEL, store=store)
        await session.send("one")
        with closing(sqlite3.connect(path)) as database:
            database.execute("ALTER TABLE turns RENAME TO gone")
            database.commit()
            with pytest.raises(StorageError, match="no such table") as caught:
                await session.stream("two").collect()
            database.execute("ALTER TABLE gone RENAME TO turns")
            database.commit()
        assert caught.value.partial is not None
        assert caught.value.partial.text == "b"
        assert session.last_partial == caught.value.partial
        assert len(session.messages) == 2
        await session.retry().collect()
        assert (await store.conversation(session.id or "")).messages == session.messages


async def test_a_cancelled_write_is_done_or_not(path: Path) -> None:
    """Whenever the task is cancelled, history and store agree, and no transaction stays open."""
    async with Store(path) as store:
        session = Session(runner_of(Scripted()), MODEL, store=store)
        await session.send("one")
        for steps in range(1, 40):
            task = asyncio.create_task(session.send(f"turn {steps}"))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            await session.flush()  # takes back what was written later than a second after
            kept = await store.conversation(session.id or "")
            assert kept.messages == session.messages
            assert not session.is_busy
        assert len(session.messages) > 2


async def test_a_write_that_outlasts_its_turn_is_taken_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is cancelled does not wait for another process for ever; the turn then has not joined."""
    monkeypatch.setattr(_conversations, "CLEAN_UP_S", 0.05)
    async with Store(path) as store:
        session = Session(runner_of(Scripted(said("a"), said("b"))), MODEL, store=store)
        await session.send("one")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            stream = session.stream("two")
            task = asyncio.create_task(stream.collect())
            await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            assert not session.is_busy
            other.execute("ROLLBACK")
        await store.conversations()  # comes after the write
        assert len(session.messages) == 2
        await session.flush()
        assert (await store.conversation(session.id or "")).messages == session.messages
        await session.send("three")
        assert (await store.conversation(session.id or "")).messages == session.messages


async def test_a_database_that_others_hold_is_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a while; then the error says so."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(_schema, "BUSY_S", 0.05)
        with pytest.raises(StorageError, match="locked"):
            await Store(path).conversations()
        monkeypatch.setattr(_schema, "BUSY_S", 5.0)
        store = Store(path)
        task = asyncio.create_task(store.conversations())
        await asyncio.sleep(0.05)
        other.execute("ROLLBACK")
        assert await task == []
        await store.aclose()


async def test_the_tables_are_made_once(path: Path) -> None:
    """However many find the database new at the same moment."""
    stores = [Store(path) for _ in range(6)]
    assert await asyncio.gather(*(store.conversations() for store in stores)) == [[]] * 6
    await asyncio.gather(*(store.aclose() for store in stores))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"this is no database, but long enough to be told from one" * 9, "not a database"),
        (None, "database of another program"),
    ],
    ids=["text", "another's"],
)
async def test_what_is_no_store_is_told(path: Path, content: bytes | None, says: str) -> None:
    """And left alone."""
    path.parent.mkdir()
    if content is None:
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE other (id)")
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    async with Store(path) as store:
        with pytest.raises(StorageError, match=says):
            await store.conversations()
    if content is not None:
        assert path.read_bytes() == before
    with pytest.raises(StorageError, match="cannot open"):
        await Store(path / "below").conversations()


async def test_a_newer_store_is_told(path: Path) -> None:
    """What a newer Headwater made is not touched."""
    async with Store(path) as store:
        await store.conversations()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 2")
    async with Store(path) as store:
        with pytest.raises(StorageError, match="upgrade it"):
            await store.conversations()


async def test_a_turn_that_does_not_read_is_told(path: Path) -> None:
    """With its number in the table."""
    async with Store(path) as store:
        session = Session(runner_of(Scripted()), MODEL, store=store)
        await session.send("one")
        with closing(sqlite3.connect(path)) as database:
            database.execute("UPDATE turns SET turn = '{}'")
            database.commit()
        with pytest.raises(StorageError, match="turn 1: Turn lacks asked"):
            await store.conversation(session.id or "")


async def test_a_store_can_be_closed_and_used_again(path: Path) -> None:
    """Closing it twice is fine, and using it opens it."""
    store = Store(path)
    await store.aclose()
    assert await store.conversations() == []
    reading = asyncio.create_task(store.conversations())
    await asyncio.sleep(0)
    await store.aclose()
    assert await reading == []
    await store.aclose()


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lacks it is told what to install, when the store is made."""
    monkeypatch.setitem(sys.modules, "aiosqlite", None)
    with pytest.raises(ConfigurationError, match=r"headwater\[store\]"):
        Store()


def test_the_store_lies_with_the_data_of_applications(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the platform has it, if no path is given."""
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    path = Store().path
    assert path.name == "conversations.db"
    assert path.parent.name == "headwater"
    assert sys.platform != "linux" or path.parent.parent == Path("/somewhere")
