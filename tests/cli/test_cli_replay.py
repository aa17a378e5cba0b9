"""The command `replay`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headwater.testing import payloads

from .shell import Done, Shell

pytestmark = pytest.mark.slow  # each test runs a process

FRAMES = payloads.stream(payloads.Wire.ANTHROPIC)
HEAD: dict[str, Any] = {
    "headwater_recording": 1,
    "recorded_at": "2026-11-20T10:15:00Z",
    "provider": "anthropic",
    "model": "anthropic/any",
    "operation": "stream_chat",
    "attempt": 1,
    "request": {
        "method": "POST",
        "url": "https://h.test/v1/messages",
        "headers": {"x-api-key": "***"},
        "text": '{"stream":true}' + " " * 3000,
    },
}
ANSWER = {"at": 0.5, "status": 200, "headers": {"content-type": "text/event-stream"}}
CHUNKS = [
    {"at": 1.25, "text": b"".join(FRAMES[:4]).decode()},
    {"at": 2.5, "text": b"".join(FRAMES[4:]).decode()},
]
LEFT = {"at": 2.75, "end": "left"}
CUT = {"at": 1.5, "end": "failed", "error": "StreamInterrupted", "message": "it broke\x1b[2J"}


def shown(folder: Path, lines: list[dict[str, Any]], *options: str) -> Done:
    """Write a recording, and show it."""
    file = folder / "one.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return Shell(folder).run("replay", *options, str(file))


def test_a_recording_is_shown(tmp_path: Path) -> None:
    """The request, each event with the time of its bytes, the end; nothing is waited for."""
    result = shown(tmp_path, [HEAD, ANSWER, *CHUNKS, LEFT])
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert lines[:3] == [
        "anthropic/any, stream_chat, attempt 1, 2026-11-20T10:15:00Z",
        "POST https://h.test/v1/messages",
        "  x-api-key: ***",
    ]
    assert lines[3].endswith("… (3,015 characters)")
    assert "   0.500  200 text/event-stream" in lines
    assert '   1.250  TextDelta "Hello"' in lines
    assert '   2.500  TextDelta "!"' in lines
    assert (
        "   2.500  Finished reason=stop raw_reason='end_turn' usage=(11 in, 7 out, reported)"
    ) in lines
    assert lines[-1] == "   2.750  left"


def test_a_cut_is_shown(tmp_path: Path) -> None:
    """The error ends the list and decides the exit code; nothing steers the terminal."""
    result = shown(tmp_path, [HEAD, ANSWER, CHUNKS[0], CUT])
    assert result.code != 0
    assert result.out.splitlines()[-2:] == [
        '   1.250  TextDelta "Hello"',
        "   1.500  failed: StreamInterrupted: it broke\\x1b[2J",
    ]
    assert "it broke" in result.err


def test_json_lines(tmp_path: Path) -> None:
    """A head, the events, the end, each a line for programs."""
    result = shown(tmp_path, [HEAD, ANSWER, CHUNKS[0], CUT], "--json")
    head, *events, end, error = [json.loads(line) for line in result.out.splitlines()]
    assert (head["model"], head["status"], head["request"]["method"]) == (
        "anthropic/any",
        200,
        "POST",
    )
    assert events[-1] == {"at_s": 1.25, "event": "text_delta", "text": "Hello", "replay": None}
    assert (end["ending"], end["error"]) == ("failed", "StreamInterrupted")
    assert (error["event"], error["partial_text"]) == ("error", "Hello")


@pytest.mark.parametrize("options", [["--raw"], ["--raw", "--json"]])
def test_raw_bytes(tmp_path: Path, options: list[str]) -> None:
    """The bytes are shown as they came, whoever sent them."""
    result = shown(tmp_path, [{**HEAD, "model": "nobody/any"}, ANSWER, *CHUNKS, LEFT], *options)
    assert result.code == 0, result.err
    assert result.out.count("message_start") == 2
    assert "2.5" in result.out


def test_another_plugin_may_decode(tmp_path: Path) -> None:
    """A provider that was named by hand is not installed under that name elsewhere."""
    lines = [{**HEAD, "model": "work/any", "provider": "work"}, ANSWER, *CHUNKS, LEFT]
    assert "no plugin provides 'work'" in shown(tmp_path, lines).err
    assert 'TextDelta "Hello"' in shown(tmp_path, lines, "--provider", "anthropic").out


def test_a_whole_answer_is_shown(tmp_path: Path) -> None:
    """One that was not streamed is shown as the events that it amounts to."""
    body = payloads.whole(payloads.Wire.ANTHROPIC).decode()
    lines = [
        {**HEAD, "operation": "chat"},
        ANSWER,
        {"at": 1, "text": body},
        {"at": 2, "end": "complete"},
    ]
    assert 'TextDelta "Hello, world!"' in shown(tmp_path, lines).out


def test_a_pace_can_be_asked_for(tmp_path: Path) -> None:
    """Played a hundred times as fast, it is the same."""
    lines = [HEAD, ANSWER, *CHUNKS, LEFT]
    assert shown(tmp_path, lines, "--speed", "100").out == shown(tmp_path, lines).out


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    """A file of another kind, or none, gets one line that says so."""
    assert "is no recording" in shown(tmp_path, [{"a": 1}]).err
    missing = Shell(tmp_path).run("replay", str(tmp_path / "nothing"))
    assert missing.code != 0
    assert "cannot read the recording" in missing.err


def test_a_recording_is_a_model(tmp_path: Path) -> None:
    """`chat -m replay/FILE` answers from it."""
    file = tmp_path / "one.jsonl"
    fast = [{**line, "at": 0} for line in (ANSWER, *CHUNKS, LEFT)]
    file.write_text("".join(json.dumps(line) + "\n" for line in (HEAD, *fast)), encoding="utf-8")
    result = Shell(tmp_path).run("chat", "-m", f"replay/{file}", "Hi")
    assert (result.code, result.out) == (0, "Hello, world!\n")
