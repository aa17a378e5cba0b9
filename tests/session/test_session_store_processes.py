"""The store, when processes die and when there are several."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import closing
from pathlib import Path

import pytest

from headwater.store import Store

WRITING = Path(__file__).parent / "writing.py"


async def _start(path: Path, turns: int, name: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(WRITING), str(path), str(turns), name, stdout=PIPE
    )


async def _line(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def _rest(process: Process) -> list[str]:
    """Give the whole lines that a process had written when it ended."""
    assert process.stdout is not None
    text = (await process.stdout.read()).decode()
    await process.wait()
    return text.split("\n")[:-1]


def _check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.execute("INSERT INTO turns_search (turns_search) VALUES ('integrity-check')")


async def _kept(path: Path) -> set[str]:
    async with Store(path) as store:
        found = set()
        for summary in await store.conversations():
            conversation = await store.conversation(summary.id)
            for turn in conversation.turns:
                assert turn.response is not None
                assert turn.response.text.split() == turn.asked[0].text.split()
                found.add(" ".join(turn.response.text.split()[:2]))
        return found


@pytest.mark.slow
async def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    """A process that is killed at any moment leaves a sound file with each answer it was given."""
    path = tmp_path / "kept.db"
    chance = random.Random(20261120)
    answered: set[str] = set()
    for _ in range(6):
        process = await _start(path, 0, "said")
        for _ in range(chance.randint(1, 15)):
            line = await _line(process)
            answered |= {line} - {"ready"}
        await asyncio.sleep(chance.uniform(0.0, 0.01))
        process.kill()
        answered |= set(await _rest(process))
        _check(path)
        assert answered <= await _kept(path)
    assert len(answered) > 10  # it was killed in the middle of turns, and not before


@pytest.mark.slow
async def test_a_store_that_is_not_closed_keeps_no_process_alive(tmp_path: Path) -> None:
    """Whoever forgets it, or leaves by an error, is not held back at the end."""
    code = (
        "import asyncio, sys\nfrom headwater.store import Store\n"
        "store = Store(sys.argv[1])\nprint(asyncio.run(store.conversations()))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path / "kept.db"), stdout=PIPE
    )
    async with asyncio.timeout(120):
        assert await _rest(process) == ["[]"]
    assert process.returncode == 0


@pytest.mark.slow
async def test_several_processes_share_a_store(tmp_path: Path) -> None:
    """Processes that make the database at once, and write at once, lose nothing."""
    path = tmp_path / "kept.db"
    names = ["one", "two", "three", "four"]
    processes = [await _start(path, 25, name) for name in names]
    lines = await asyncio.gather(*map(_rest, processes))
    assert [process.returncode for process in processes] == [0] * len(names)
    _check(path)
    assert await _kept(path) == {f"{name} {number}" for name in names for number in range(25)}
    assert sum(map(len, lines)) == 26 * len(names)
