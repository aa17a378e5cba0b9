"""The file that a recording is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headwater import ConfigurationError
from headwater.wire.recording import Ending, RecordedChunk, Recording, bytes_fields

HEAD: dict[str, Any] = {
    "headwater_recording": 1,
    "model": "brook/any",
    "request": {
        "method": "POST",
        "url": "https://h.test/",
        "headers": {"Accept": "x"},
        "text": "{}",
    },
}


def written(path: Path, *lines: object) -> Path:
    """Write a file of JSON lines."""
    file = path / "one.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return file


def test_all_lines_are_read(tmp_path: Path) -> None:
    """A head, the answer, chunks of text and of bytes, the end; later kinds of lines are passed."""
    recording = Recording.read(
        written(
            tmp_path,
            HEAD,
            {"at": 0.5, "status": 200, "headers": {"Content-Type": "text/event-stream"}},
            {"at": 0.6, "text": "é\n"},
            {"at": 0.7, **bytes_fields(b"\xff")},
            {"at": 0.8, "news": 1},
            {"at": 1.0, "end": "failed", "error": "IdleTimeout", "message": "slow"},
        )
    )
    assert recording.request.headers == {"accept": "x"}
    assert recording.request.body == b"{}"
    assert (recording.answered_at_s, recording.status) == (0.5, 200)
    assert recording.headers == {"content-type": "text/event-stream"}
    assert recording.chunks == (RecordedChunk(0.6, "é\n".encode()), RecordedChunk(0.7, b"\xff"))
    assert recording.body == "é\n".encode() + b"\xff"
    assert (recording.ending, recording.ended_at_s) == (Ending.FAILED, 1.0)
    assert (recording.error, recording.message) == ("IdleTimeout", "slow")


def test_a_recording_that_was_not_finished_is_read(tmp_path: Path) -> None:
    """What a program left as it died is a recording that does not know its end."""
    assert Recording.read(written(tmp_path, HEAD)).ending is Ending.UNKNOWN


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "it is empty"),
        ([{"a": 1}], "KeyError: 'headwater_recording'"),
        ([[1]], "TypeError"),
        ([{**HEAD, "headwater_recording": 2}], "expected version 1 of the format, got 2"),
        ([HEAD, {"at": 0, "base64": "?"}], "base64 that is none"),
        ([HEAD, {"at": 0, "end": "bang"}], "'bang' is not a valid Ending"),
        ([HEAD, {"text": "no time"}], "KeyError: 'at'"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, lines: list[Any], told: str) -> None:
    """The error names the file, what was expected, and what came."""
    file = written(tmp_path, *lines)
    with pytest.raises(ConfigurationError, match=r"one\.jsonl' is no recording") as caught:
        Recording.read(file)
    assert told in str(caught.value)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """So is why it cannot be read."""
    with pytest.raises(ConfigurationError, match=r"cannot read the recording .*nothing"):
        Recording.read(tmp_path / "nothing")
