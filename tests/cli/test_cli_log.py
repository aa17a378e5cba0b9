"""Tests of `headwater log`: the conversations that are kept, listed, found and written out."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import attrs
import pytest

from headwater import ChatOptions, Image, Message, Runner, Tool, assistant, tool_result, user
from headwater.session import Session
from headwater.store import Store

from .inside import Inside
from .shell import Shell

ECHO: ChatOptions = {"extra": {"delay_s": 0}}


@attrs.frozen
class Log:
    """Hold a log with two conversations in it, and how to look at it.

    Attributes:
        inside: Runs the command.
        old: The id of a conversation of two turns, with a system prompt.
        new: The id of one with an image, a tool and text that would steer a terminal.
    """

    inside: Inside
    old: str
    new: str


def _path(folder: Path) -> Path:
    """Tell where a Linux machine keeps the data of applications."""
    return folder / ".local" / "share" / "headwater" / "conversations.db"


@pytest.fixture
async def log(inside: Inside) -> Log:
    """Keep two conversations, as a chat does."""
    async with Runner() as runner, Store(_path(inside.folder)) as store:
        old = Session(runner, "demo/eliza", system="Be kind.", store=store)
        await old.send("I feel tired.", **ECHO)
        await old.send("The *river* is\nlong.", **ECHO)
        new = Session(runner, "demo/echo", store=store)
        picture = Image.from_bytes(b"\x89PNG\r\n\x1a\n", "image/png", name="boat.png")
        tool = Tool("weather", "tell it", {"type": "object"})
        asked = user(picture, "a \x1b[2J boat")
        await new.send(asked, tools=[tool], tool_choice="required", extra={"delay_s": 0})
        (call,) = new.messages[-1].tool_calls
        new.inject(tool_result(call.call_id, "sunny"), assistant("So it is."), user("Thanks."))
        await new.stream_current(**ECHO).collect()
        await new.flush()
        assert old.id
        assert new.id
        return Log(inside, old.id, new.id)


def test_the_newest_is_listed_first(log: Log) -> None:
    """With its id, model, turns, cost and how it began."""
    done = log.inside.run("log", "list")
    assert (done.code, done.err) == (0, "")
    heads, new, old = done.out.splitlines()
    assert heads.split() == ["ID", "CHANGED", "MODEL", "TURNS", "COST", "TITLE"]
    assert new.startswith(log.new)
    assert "\x1b" not in new
    assert old.split()[0] == log.old
    assert old.split()[3:] == ["demo/eliza", "2", "?", "I", "feel", "tired."]


def test_the_list_can_be_short(log: Log) -> None:
    """What is left out is told; a program gets the same as JSON."""
    done = log.inside.run("log", "list", "-n", "1")
    assert len(done.out.splitlines()) == 2
    assert done.err == "1 more: -n 2\n"
    (new, old) = json.loads(log.inside.run("log", "list", "--json").out)
    assert (new["id"], old["id"]) == (log.new, log.old)
    assert (old["model"], old["system"], old["turn_count"]) == ("demo/eliza", "Be kind.", 2)
    assert (old["title"], old["cost_usd"]) == ("I feel tired.", None)


def test_a_conversation_is_shown(log: Log) -> None:
    """By the beginning of its id: what was asked, what came back, and what it took."""
    done = log.inside.run("log", "show", log.old[:8])
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(
        "> I feel tired.\n\nTell me more about feeling tired.\n\ndemo/eliza, "
    )
    assert "> The *river* is\n> long.\n" in done.out
    assert "[stop | " in done.out
    other = log.inside.run("log", "show", log.new).out
    assert "> [an image: boat.png]\n> \n> a \x1b[2J boat\n" in other
    assert "`weather(" in other


def test_turns_are_found_by_their_words(log: Log) -> None:
    """Words of either side, by their beginning; nothing found is a failure of the search."""
    done = log.inside.run("log", "search", "riv lon")
    assert done.code == 0
    (found,) = done.out.splitlines()[1:]
    assert found.split()[:2] == [log.old, "2"]
    (fields,) = json.loads(log.inside.run("log", "search", "--json", "tell more").out)
    assert (fields["id"], fields["position"], fields["asked"]) == (log.old, 0, "I feel tired.")
    nothing = log.inside.run("log", "search", "submarine")
    assert (nothing.code, nothing.out, nothing.err) == (1, "", "Nothing was found.\n")


def test_markdown_has_a_heading_for_each_that_speaks(log: Log) -> None:
    """A document to read: title, system prompt, and what each has said, as it was said."""
    done = log.inside.run("log", "export", log.old)
    assert done.code == 0
    blocks = done.out.split("\n\n")
    assert blocks[0] == "# I feel tired."
    assert blocks[2:6] == ["## System", "Be kind.", "## You", "I feel tired."]
    assert blocks[6] == "## demo/eliza"
    assert "The *river* is\nlong." in blocks
    other = log.inside.run("log", "export", log.new).out
    assert "## Tool\n\nsunny\n\n" in other
    assert "[an image: boat.png]\n\na \x1b[2J boat" in other


def test_json_has_all_that_is_known(log: Log) -> None:
    """The summary, and each turn with its parts, usage and times."""
    kept = json.loads(log.inside.run("log", "export", log.old, "--format", "json").out)
    assert kept["id"] == log.old
    first, second = kept["turns"]
    assert first["asked"][0]["parts"][0]["text"] == "I feel tired."
    assert second["response"]["finish_reason"] == "stop"
    assert second["response"]["usage"]["output_tokens"] > 0


def test_json_lines_can_be_loaded_again(log: Log) -> None:
    """What is exported is a saved session, of the same messages, files included."""
    done = log.inside.run("log", "export", log.new, "--format", "jsonl")
    path = log.inside.folder / "saved.jsonl"
    path.write_text(done.out)

    async def kept_messages() -> tuple[Message, ...]:
        async with Store(_path(log.inside.folder)) as store:
            return (await store.conversation(log.new)).messages

    assert Session.load(Runner(), path).messages == asyncio.run(kept_messages())


def test_a_conversation_can_be_removed(log: Log) -> None:
    """It is gone, and the other is still there."""
    assert log.inside.run("log", "remove", log.old).code == 0
    (left,) = json.loads(log.inside.run("log", "list", "--json").out)
    assert left["id"] == log.new


def test_a_machine_without_conversations_is_told_so(inside: Inside) -> None:
    """Nothing is kept, and no database is made by looking."""
    done = inside.run("log", "list")
    assert (done.code, done.out, done.err) == (0, "", "No conversation is kept.\n")
    assert json.loads(inside.run("log", "list", "--json").out) == []
    assert inside.run("log", "search", "x").code == 1
    for command in (["show", "a"], ["export", "a"], ["remove", "a"]):
        done = inside.run("log", *command)
        assert (done.code, done.out) == (2, "")
        assert "no conversation is kept" in done.err
    assert not _path(inside.folder).exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "zzz"], 2, "no conversation is kept as 'zzz'"),
        (["show", ""], 2, "no conversation is kept as ''"),
        (["search", "***"], 2, "expected words to search for"),
        (["export", "a", "--format", "pdf"], 2, "'json', 'jsonl', 'markdown'"),
        (["list", "-n", "0"], 2, "x>=1"),
        (["show"], 2, "Missing argument 'ID'"),
    ],
    ids=["unknown", "empty", "no-word", "format", "limit", "no-id"],
)
def test_wrong_input_is_refused(log: Log, arguments: list[str], code: int, said: str) -> None:
    """Each mistake is named with what would be right."""
    done = log.inside.run("log", *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_an_id_that_two_share_is_refused(log: Log) -> None:
    """To be taken for another conversation would be worse than to be asked again."""
    with sqlite3.connect(_path(log.inside.folder)) as connection:
        connection.execute(
            "INSERT INTO conversations SELECT ?, title, model, system, created_at,"
            " updated_at FROM conversations WHERE id = ?",
            (f"{log.old}1", log.old),
        )
    connection.close()
    done = log.inside.run("log", "show", log.old[:6])
    assert (done.code, done.out) == (2, "")
    assert "say more of the id" in done.err


def test_a_database_that_cannot_be_read_is_named(inside: Inside) -> None:
    """What is no database of ours is told, and left as it is."""
    _path(inside.folder).parent.mkdir(parents=True)
    _path(inside.folder).write_text("not a database, but long enough to be taken for one" * 20)
    done = inside.run("log", "list")
    assert (done.code, done.out) == (1, "")
    assert str(_path(inside.folder)) in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_a_terminal_cannot_be_steered(log: Log) -> None:
    """What was said is escaped on a terminal, shown or exported."""
    shell = Shell(log.inside.folder)
    for command in ("show", "export"):
        with shell.terminal("log", command, log.new) as terminal:
            assert terminal.wait() == 0
        assert "a \\x1b[2J boat" in terminal.shown
        assert "\x1b[2J" not in terminal.shown
