"""Tests of how an answer ends, and of what is passed over or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headwater import (
    Event,
    Finished,
    FinishReason,
    ProtocolError,
    TextDelta,
    Usage,
    fold,
)
from headwater_responses import Quirks
from headwater_responses._decode import Decoder

from .written import (
    added,
    completed,
    created,
    decoded,
    done,
    ended,
    folded,
    message,
    said,
    whole,
    written,
)


def _whole(*output: Any, **fields: Any) -> list[Event]:
    return Decoder(Quirks()).whole(whole(*output, **fields))


@pytest.mark.parametrize(
    ("status", "fields", "reason"),
    [
        ("completed", {}, FinishReason.STOP),
        (
            "incomplete",
            {"incomplete_details": {"reason": "max_output_tokens"}},
            FinishReason.LENGTH,
        ),
        (
            "incomplete",
            {"incomplete_details": {"reason": "content_filter"}},
            FinishReason.CONTENT_FILTER,
        ),
        ("incomplete", {"incomplete_details": {"reason": "new"}}, FinishReason.OTHER),
        ("incomplete", {"incomplete_details": None}, FinishReason.OTHER),
        ("cancelled", {}, FinishReason.OTHER),
    ],
    ids=["completed", "length", "filter", "new", "no-details", "cancelled"],
)
def test_the_status_is_the_raw_reason(
    status: str, fields: dict[str, Any], reason: FinishReason
) -> None:
    """The wire's word for the end is its status; why is read from what stands beside it."""
    for response in (folded(ended(status, **fields)), fold(_whole(status=status, **fields))):
        assert (response.finish_reason, response.raw_reason) == (reason, status)


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_an_answer_in_the_background_is_told_from_a_finished_one(status: str) -> None:
    """What goes on in the background has an id and its status, and no reason to have ended."""
    response = fold(_whole(status=status, usage=None))
    assert (response.finish_reason, response.raw_reason) == (FinishReason.OTHER, status)
    assert response.response_id == "r1"


def test_the_usage_has_its_details() -> None:
    """Parts of the counts are parts here too."""
    usage = {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 3},
    }
    assert folded(ended(usage=usage)).usage == Usage(
        9, 7, cached_input_tokens=4, cache_write_tokens=2, reasoning_tokens=3
    )


@pytest.mark.parametrize("usage", [None, {}], ids=["null", "empty"])
def test_a_count_that_is_not_there_is_unknown(usage: object) -> None:
    """No usage is none, not 0."""
    (*_, last) = decoded(ended(usage=usage))
    assert last == Finished(FinishReason.STOP, "completed", None)


def test_an_event_may_have_its_type_in_its_name_alone() -> None:
    """Some servers put the type in the event's name, others leave that out."""
    decoder = Decoder(Quirks())
    event = json.dumps({"delta": "a", "output_index": 0})
    assert decoder.feed(event, "response.output_text.delta")[1:] == [TextDelta("a")]


def test_a_server_may_answer_whole_though_a_stream_was_asked_for() -> None:
    """A whole response is one, wherever it comes."""
    assert folded(whole(message("a")).decode()).text == "a"


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "[DONE]",
        written("keepalive"),
        written("response.new.delta", delta={"a": 1}),
        written("response.output_text.delta", delta=None),
        written("response.output_text.delta", delta=""),
        written("response.output_text.done", text="a"),
        written("response.output_item.added", item=None),
        written("response.output_item.done", item="text"),
        written("response.output_item.done", item={"id": "x"}),
        json.dumps({"new": 1}),
    ],
    ids=str,
)
def test_what_nobody_knows_changes_nothing(frame: str) -> None:
    """Unknown events and shapes, foreign end marks and empty deltas are passed over."""
    frames = (created(), added(0, **message()), said("a"), done(0, **message("a")))
    expected = decoded(*frames, completed())
    for place in range(len(frames) + 1):
        assert decoded(*frames[:place], frame, *frames[place:], completed()) == expected


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        "[1]",
        '{"type": 1}',
        "text",
        '{"type":"response.completed","response":[]}',
        '{"type":"response.created","response":{"id":[]}}',
        '{"a":' * 5000,
    ],
    ids=["cut", "list", "type", "text", "response", "id", "nested"],
)
def test_what_is_no_event_is_a_protocol_error(frame: str) -> None:
    """Malformed frames are never passed over."""
    with pytest.raises(ProtocolError, match="expected"):
        decoded(frame)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"output": 1}', b"\xff"], ids=repr)
def test_what_is_no_answer_is_a_protocol_error(body: bytes) -> None:
    """A body that is no response is told so."""
    with pytest.raises(ProtocolError, match="a response"):
        Decoder(Quirks()).whole(body)


def test_nothing_comes_after_the_end() -> None:
    """Frames after the event that ends an answer are not looked at."""
    decoder = Decoder(Quirks())
    decoder.feed(completed())
    assert decoder.feed(done(0, **message("late"))) == []


def test_bytes_that_end_early_give_no_end() -> None:
    """Without one of the three events there is no end, whatever else came."""
    events = decoded(created(), said("a"), done(0, **message("a")), "[DONE]")
    assert not [event for event in events if isinstance(event, Finished)]
