"""A session as a file: whole, or a clear error."""
# ruff: noqa: ASYNC240  # what is read and written here is small

from __future__ import annotations

from pathlib import Path

import pytest

from headwater import (
    Document,
    Finished,
    FinishReason,
    Image,
    ProviderEvent,
    ReasoningDelta,
    ServerError,
    Started,
    StorageError,
    TextDelta,
    ToolResult,
    Usage,
    system,
    user,
)
from headwater.session import Session

from .scripted import MODEL, USAGE, Scripted, Step, called, runner_of, said

RICH: list[Step] = [
    Started("model-1", "r1", ("a part",), origin="a-wire"),
    ReasoningDelta("hm", {"signature": "s", "deep": [1, 2.5, None, {"é": True}]}),
    TextDelta("é 漢 \ud800 \u2028\n", {"sealed": "x"}),
    ProviderEvent("search", {"query": "q"}, is_part=True),
    ProviderEvent("citation", {"at": 1}),
    *called("look", '{"n": 123456789012345678901234567890}')[1:-1],
    Finished(FinishReason.TOOL_CALLS, "tool_use", Usage(10, 5, cached_input_tokens=3)),
]


async def _rich() -> Session:
    """Hold a conversation with all that there is."""
    cut: list[Step] = [TextDelta("half"), ServerError("no")]
    session = Session(runner_of(Scripted(RICH, said("seen"), cut, cut)), MODEL, "Be kind. \ud800")
    session.inject(system("Injected."), user("before"))
    await session.send(
        ["Look", Image("image/png", b"\x00\xff"), Document.from_url("https://a.b/c.pdf")]
    )
    await session.send(ToolResult("c1", ["found", Image("image/png", b"x")], cache=True))
    with pytest.raises(ServerError):
        await session.send("left")
    with pytest.raises(ServerError):
        await session.send("kept", keep_partial=True)
    return session


async def test_a_file_loses_nothing(tmp_path: Path) -> None:
    """Turns, sealed parts, bytes, counters: what is loaded is what was saved, and goes on."""
    session = await _rich()
    path = tmp_path / "kept.jsonl"
    session.save(path)
    provider = Scripted()
    other = Session.load(runner_of(provider), path)
    assert other.turns == session.turns
    assert other.messages == session.messages
    assert (other.system, other.model) == (session.system, session.model)
    assert other.usage == session.usage
    assert other.turns[-1].is_interrupted
    other.save(path)
    assert Session.load(runner_of(provider), path).turns == session.turns
    await other.send("go on")
    assert provider.requests[-1].messages[1:-1] == session.messages


async def test_a_file_is_lines_that_others_can_read(tmp_path: Path) -> None:
    """A head with the version, then a line for each turn and each call; for its owner alone."""
    path = tmp_path / "kept.jsonl"
    (await _rich()).save(path)
    lines = path.read_text(encoding="utf-8").split("\n")
    assert lines[0].startswith('{"headwater":"session","version":1,"model":"p/model"')
    assert [line[:8] for line in lines[1:]] == ['{"turn":'] * 4 + ['{"spent"'] * 4 + [""]
    assert "漢" in lines[2]
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [path]


async def test_a_file_that_cannot_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    """The old one stays until the new one is whole."""
    session = Session(runner_of(Scripted()), MODEL)
    path = tmp_path / "kept.jsonl"
    session.save(path)
    before = path.read_bytes()
    session.inject(
        user(
            "Hi",
        )
    )
    session.inject(user(Image("image/png", b"x", detail={1})))  # type: ignore[arg-type]
    with pytest.raises(StorageError, match="JSON cannot say set"):
        session.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(StorageError, match="cannot write"):
        session.save(tmp_path / "no" / "kept.jsonl")


HEAD = '{"headwater":"session","version":1,"model":"p/m"}\n'
TURN = (
    '{"asked":[{"role":"user","parts":[{"part":"text","text":"Hi"}]}],'
    '"started_at":"2026-11-20T19:00:00+00:00"}'
)
SPENT = '{"model":"p/m","usage":{"input_tokens":"1"},"at":"2026-11-20T19:00:00+00:00"}'
NO_LIST = TURN.replace('[{"role"', '{"role"').replace("}]}]", "}]}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no session that Headwater saved"),
        ("[1]", "no session that Headwater saved"),
        ('{"a":1}', "no session that Headwater saved"),
        ('{"headwater":"session"', "line 1: expected JSON"),
        ('{"headwater":"session","version":2,"model":"p/m"}', "upgrade it"),
        ('{"headwater":"session","version":"1"}', "version '1'"),
        ('{"headwater":"session","version":1}', "lacks model"),
        ('{"headwater":"session","version":1,"model":3}', "line 1.model"),
        ('{"headwater":"session","version":1,"model":"p/m","system":3}', "line 1.system"),
        (HEAD + "3", "line 2: expected a turn"),
        (HEAD + '{"turn":' + TURN, "line 2: expected JSON"),
        (HEAD + "\n" + '{"turn":' + TURN + "}", "line 2: expected JSON"),
        (HEAD + "[" * 100_000, "line 2: expected JSON"),
        (HEAD + '{"turn":{}}', "line 2: Turn lacks asked"),
        (HEAD + '{"turn":3}', "line 2: expected an object, got 3"),
        (HEAD + '{"turn":' + TURN.replace("text", "song") + "}", "expected a part"),
        (HEAD + '{"turn":' + TURN.replace('"Hi"', "null") + "}", r"parts\[0\].text"),
        (HEAD + '{"turn":' + TURN.replace("user", "dog") + "}", "expected one of system"),
        (HEAD + '{"turn":' + TURN.replace("+00:00", "") + "}", "with its zone"),
        (HEAD + '{"turn":' + TURN.replace("2026", "x") + "}", "expected a time"),
        (HEAD + '{"turn":' + TURN.replace('"text":', '"mood":1,"text":') + "}", "no mood"),
        (HEAD + '{"turn":' + NO_LIST + "}", "list"),
        (HEAD + '{"turn":' + TURN.replace("user", "system") + "}", None),
        (HEAD + '{"turn":' + TURN.replace("user", "tool") + "}", "make no conversation"),
        (HEAD + '{"spent":' + SPENT + "}", "input_tokens"),
    ],
    ids=range(25),
)  # fmt: skip
def test_what_is_no_session_is_told(tmp_path: Path, text: str, says: str | None) -> None:
    """With the line and the place in it, and what was expected there."""
    path = tmp_path / "kept.jsonl"
    path.write_text(text, encoding="utf-8")
    if says is None:
        assert Session.load(runner_of(Scripted()), path).messages == (system("Hi"),)
        return
    with pytest.raises(StorageError, match=says):
        Session.load(runner_of(Scripted()), path)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """No file, a folder, bytes that are no text."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name in ("nothing", ".", "bytes"):
        with pytest.raises(StorageError, match="cannot read"):
            Session.load(runner_of(Scripted()), tmp_path / name)


async def test_a_base64_that_is_none_is_told(tmp_path: Path) -> None:
    """Bytes are checked like all else."""
    path = tmp_path / "kept.jsonl"
    session = Session(runner_of(Scripted(said("a picture", USAGE))), MODEL)
    await session.send(Image("image/png", b"xyz"))
    session.save(path)
    path.write_text(path.read_text().replace("eHl6", "e!l6"))
    with pytest.raises(StorageError, match="expected base64"):
        Session.load(runner_of(Scripted()), path)
    path.write_text(path.read_text().replace('"image/png"', "null").replace("e!l6", "eHl6"))
    with pytest.raises(StorageError, match="expected the media type"):
        Session.load(runner_of(Scripted()), path)
