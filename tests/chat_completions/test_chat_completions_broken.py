"""Tests of frames that are errors, or no frames at all."""

from __future__ import annotations

import pytest

from headwater import (
    HeadwaterError,
    ProtocolError,
    ProviderError,
    TextDelta,
    Usage,
    UsageUpdated,
)
from headwater_chat_completions import Quirks
from headwater_chat_completions._decode import Decoder

from .frames import DONE, chunk, decoded, delta, end, folded

COUNTS = {"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16}


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (chunk(error={"message": "no"}), "no"),
        (chunk(error={"message": "no"}, choices=[]), "no"),
        ('{"error":"no"}', "no"),
        ('{"object":"error","message":"no"}', "no"),
        ('{"detail":"no"}', "no"),
        (chunk(choices=[{"index": 0, "error": {"message": "no"}, "finish_reason": "error"}]), "no"),
        (chunk(choices=[{"index": 0, "finish_reason": "error"}], error={"message": "no"}), "no"),
        (chunk(x_groq={"error": "no"}), "no"),
        (end("error"), "the provider broke off its answer and said no more"),
    ],
    ids=["bare", "choices", "text", "flat", "detail", "in-choice", "beside", "groq", "reason"],
)
def test_an_error_inside_a_stream_is_raised(frame: str, message: str) -> None:
    """An error frame is never a success, in whatever shape."""
    with pytest.raises(ProviderError) as caught:
        decoded(delta(content="a"), frame, DONE)
    assert caught.value.message == message
    assert caught.value.status is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('{"error":{"message":"no"}}', "no"),
        ('{"message":"no"}', "no"),
        ("all broken", "all broken"),
    ],
    ids=["object", "flat", "text"],
)
def test_an_event_named_error_is_one(data: str, message: str) -> None:
    """An event of the name "error" is an error whatever its payload."""
    decoder = Decoder(Quirks())
    assert decoder.feed(data, "error") == []
    assert decoder.is_settled
    with pytest.raises(ProviderError, match=message):
        decoder.check()


def test_what_came_with_an_error_is_kept() -> None:
    """Text and usage of the chunk that holds the error come before it."""
    decoder = Decoder(Quirks())
    choice = {"index": 0, "delta": {"content": "a"}}
    events = decoder.feed(chunk(choices=[choice], usage=COUNTS, error={"message": "no"}))
    assert events[1:] == [TextDelta("a"), UsageUpdated(Usage(9, 7))]


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        "[]",
        "1",
        '"text"',
        '{"choices":{}}',
        '{"choices":[{"delta":{"content":1}}]}',
        "[" * 9999,
        '{"x":' * 9999,
    ],
    ids=["cut", "array", "number", "text", "choices", "content", "bomb", "skipped-bomb"],
)
def test_what_is_no_chunk_is_a_protocol_error(frame: str) -> None:
    """Broken JSON and wrong shapes are never passed over."""
    with pytest.raises(ProtocolError, match="expected a Chat Completions chunk"):
        decoded(frame)


@pytest.mark.parametrize(
    ("data", "name"),
    [("", "message"), (" \n", "message"), ("{}", "ping"), ("alive", "ping"), ("{}", "message")],
    ids=["empty", "blank", "ping", "ping-text", "empty-object"],
)
def test_what_says_nothing_is_passed_over(data: str, name: str) -> None:
    """Keep-alives and unknown events change nothing."""
    assert Decoder(Quirks()).feed(data, name) == []


def test_unknown_fields_are_passed_over() -> None:
    """Fields that vendors add without notice do no harm."""
    frame = chunk(choices=[{"index": 0, "delta": {"content": "a", "new": {}}, "new": 1}], new=[1])
    assert folded(frame, end(new=2), DONE).text == "a"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", ProtocolError),
        (b'{"choices":[]}', ProtocolError),
        (b"<html>", ProtocolError),
        (b"", ProtocolError),
        (b"[" * 9999, ProtocolError),
        (b'{"error":{"message":"no"}}', ProviderError),
        (b'{"choices":[{"error":{"message":"no"}}]}', ProviderError),
    ],
    ids=["empty", "no-choices", "html", "nothing", "bomb", "error", "error-in-choice"],
)
def test_a_whole_body_without_an_answer_is_an_error(
    body: bytes, kind: type[HeadwaterError]
) -> None:
    """What holds no answer is no empty answer."""
    with pytest.raises(kind):
        Decoder(Quirks()).whole(body)
