"""Sample payloads, read from their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headwater import ConfigurationError, FinishReason, RateLimited, Usage
from headwater.testing.samples import (
    Expected,
    ExpectedCall,
    ExpectedError,
    Sample,
    read_samples,
)

BODY = b"data: {}\r\n\r\ndata: [DONE]\n\n"


def write(folder: Path, name: str, head: dict[str, Any], body: bytes = BODY) -> None:
    """Write a sample."""
    (folder / f"{name}.sample").write_bytes(json.dumps(head).encode() + b"\n" + body)


def test_a_sample_is_its_head_and_its_bytes(tmp_path: Path) -> None:
    """The first line says what the bytes after it are, which stay as they are."""
    said = {
        "text": "Hi",
        "reasoning": "Hm.",
        "finish_reason": "tool_calls",
        "raw_reason": "done",
        "tool_calls": [{"name": "f", "arguments": {"a": 1}, "call_id": "c1"}],
        "usage": {"input_tokens": 3, "output_tokens": 1},
        "sealed": ["seal"],
    }
    head = {"headers": {"Content-Type": "text/event-stream"}, "end_mark": "[DONE]"}
    write(tmp_path, "text", {**head, "expected": said})
    assert read_samples(tmp_path) == (
        Sample(
            name="text",
            body=BODY,
            headers={"content-type": "text/event-stream"},
            end_mark=b"[DONE]",
            expected=Expected(
                text="Hi",
                reasoning="Hm.",
                tool_calls=(ExpectedCall("f", {"a": 1}, call_id="c1"),),
                finish_reason=FinishReason.TOOL_CALLS,
                raw_reason="done",
                usage=Usage(3, 1),
                sealed=("seal",),
            ),
        ),
    )


def test_a_refusal_names_its_error(tmp_path: Path) -> None:
    """The class is one of `headwater.errors`, by its name."""
    error = {"kind": "RateLimited", "retry_after_s": 7, "says": "slow"}
    write(tmp_path, "slow", {"status": 429, "expected": {"error": error}}, b"{}")
    (sample,) = read_samples(tmp_path)
    assert sample.expected.error == ExpectedError(RateLimited, retry_after_s=7, says="slow")
    assert (sample.is_stream, sample.is_answer, sample.status) == (False, False, 429)


def test_a_stream_and_a_whole_answer_share_a_name(tmp_path: Path) -> None:
    """What follows the first dot tells files apart, and not samples."""
    write(tmp_path, "text", {"headers": {"content-type": "application/x-ndjson"}})
    write(tmp_path, "text.whole", {"headers": {"content-type": "application/json"}})
    found = read_samples(str(tmp_path))
    assert [(sample.name, sample.is_stream) for sample in found] == [
        ("text", True),
        ("text", False),
    ]


@pytest.mark.parametrize(
    ("mark", "place"),
    [(None, None), (b"[DONE]", 18), (b"nowhere", None)],
    ids=["not given", "given", "not there"],
)
def test_the_end_mark_is_found(mark: bytes | None, place: int | None) -> None:
    """It is the last place at which its bytes stand."""
    assert Sample(name="text", body=BODY, end_mark=mark).ends_at == place


@pytest.mark.parametrize(
    "head",
    [
        b"data: {}",
        b"[]",
        b'{"expected": {"error": {"kind": "Nonsense"}}}',
        b'{"expected": {"error": {"kind": "StrEnum"}}}',
        b'{"expected": {"txt": "Hi"}}',
        b'{"nonsense": 1}',
    ],
    ids=["no JSON", "a list", "no such error", "no error", "no such field", "no such key"],
)
def test_what_is_no_sample_is_named(tmp_path: Path, head: bytes) -> None:
    """A malformed file is refused by its path, with what was expected."""
    (tmp_path / "bad.sample").write_bytes(head + b"\n" + BODY)
    with pytest.raises(ConfigurationError, match=r"bad\.sample is no sample: expected a first"):
        read_samples(tmp_path)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """A folder without a sample is a mistake, and no reason to check nothing."""
    with pytest.raises(ConfigurationError, match=r"no file in .* ends in \.sample"):
        read_samples(tmp_path)
