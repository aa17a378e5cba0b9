"""One recording under way."""

from __future__ import annotations

from pathlib import Path

from headwater.wire.recording import Recording
from headwater.wire.tape import Tape
from headwater.wire.transport import HTTPRequest


def test_a_file_has_its_name_once_it_is_whole(tmp_path: Path) -> None:
    """Before the end it is called otherwise, so that nobody takes it for a recording."""
    tape = Tape(tmp_path, HTTPRequest("GET", "https://h.test/models"))
    tape.take_answer(200, {"content-type": "application/json"})
    tape.take_chunk(b'{"id": "a-model-of-a-long-name"}')
    assert [file.suffix for file in tmp_path.iterdir()] == [".part"]
    tape.close()
    (file,) = tmp_path.iterdir()
    recording = Recording.read(file)
    assert recording.body == b'{"id": "a-model-of-a-long-name"}'
    assert (recording.request.body, recording.model) == (None, None)


def test_what_is_discarded_leaves_nothing(tmp_path: Path) -> None:
    """Nor does what comes after it, nor to discard it twice."""
    tape = Tape(tmp_path, HTTPRequest("GET", "https://h.test/models"))
    tape.discard()
    tape.discard()
    tape.take_chunk(b"x")
    tape.close()
    assert not list(tmp_path.iterdir())
