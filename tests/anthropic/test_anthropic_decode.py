"""Frames to events, without a network."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headwater import (
    Finished,
    FinishReason,
    HeadwaterError,
    Overloaded,
    ProtocolError,
    Provenance,
    ProviderError,
    ProviderEvent,
    ServerError,
    Started,
    TextDelta,
    ToolCallFinished,
    Usage,
    UsageUpdated,
    fold,
)
from headwater_anthropic._decode import Decoder

from .events import CALL, MESSAGE, START, STOP, TEXT, answer, argued, block, decode, ended, said


def test_an_answer_of_text_has_every_event() -> None:
    """Start, early usage, deltas, final usage, end: in this order and nothing else."""
    events = decode(
        START, *block(0, TEXT, said("Hel"), said("lo")), {"type": "ping"}, ended(), STOP
    )
    early = Usage(14, 1, cached_input_tokens=5)
    final = Usage(14, 7, cached_input_tokens=5)
    assert events == [
        Started("claude-sonnet-5", "msg_1", origin="anthropic-messages"),
        UsageUpdated(early),
        TextDelta("Hel"),
        TextDelta("lo"),
        UsageUpdated(final),
        Finished(FinishReason.STOP, "end_turn", final),
    ]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("tool_use", FinishReason.TOOL_CALLS),
        ("pause_turn", FinishReason.PAUSE),
        ("refusal", FinishReason.REFUSAL),
        ("compaction", FinishReason.OTHER),
        ("bored", FinishReason.OTHER),
    ],
)
def test_every_reason_has_one_of_ours(word: str, reason: FinishReason) -> None:
    """The provider's word is kept, known or not."""
    response = answer(block(0, TEXT, said("x")), reason=word)
    assert (response.finish_reason, response.raw_reason) == (reason, word)


def test_what_is_said_of_the_end_is_shown() -> None:
    """Details of a refusal, the stop sequence, the container and context edits are events."""
    details = {"type": "refusal", "category": "cyber"}
    last = ended("refusal", stop_details=details, container={"id": "c1"})
    last["context_management"] = {"applied_edits": []}
    last["delta"]["stop_sequence"] = "END"
    events = decode(START, last, STOP)
    assert [event for event in events if isinstance(event, ProviderEvent)] == [
        ProviderEvent("stop_sequence", {"stop_sequence": "END"}),
        ProviderEvent("stop_details", details),
        ProviderEvent("container", {"id": "c1"}),
        ProviderEvent("context_management", {"applied_edits": []}),
    ]


def test_a_later_count_replaces_an_earlier_one() -> None:
    """Counts are cumulative and never added; a null changes nothing."""
    last = ended()
    last["usage"] = {
        "input_tokens": 20,
        "cache_read_input_tokens": None,
        "cache_creation_input_tokens": 3,
        "output_tokens": 8,
        "output_tokens_details": {"thinking_tokens": 2},
    }
    usage = fold(decode(START, last, STOP)).usage
    assert usage == Usage(28, 8, cached_input_tokens=5, cache_write_tokens=3, reasoning_tokens=2)


def test_a_count_that_never_became_final_is_partial() -> None:
    """The output of an answer that has just begun is not that of the whole one."""
    last = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    usage = fold(decode(START, *block(0, TEXT, said("x")), last, STOP)).usage
    assert usage.provenance is Provenance.PARTIAL


def test_a_stop_reason_is_mark_enough() -> None:
    """Where only the end mark is missing the answer is complete."""
    events = decode(START, *block(0, TEXT, said("x")), ended())
    assert events[-1] == Finished(
        FinishReason.STOP, "end_turn", Usage(14, 7, cached_input_tokens=5)
    )


def test_an_end_without_any_mark_is_none() -> None:
    """Nothing invents an end that did not come."""
    events = decode(START, {"type": "content_block_start", "index": 0, "content_block": CALL})
    assert not any(isinstance(event, Finished | ToolCallFinished) for event in events)


def test_an_end_mark_without_a_reason_invents_none() -> None:
    """The end is known, its reason is not."""
    events = decode(START, *block(0, TEXT, said("x")), STOP)
    assert isinstance(events[-1], Finished)
    assert (events[-1].reason, events[-1].raw_reason) == (FinishReason.OTHER, None)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"type": "ping"}, id="ping"),
        pytest.param({"type": "news", "delta": "text", "index": "one"}, id="unknown-event"),
        pytest.param({"type": "content_block_stop", "index": 9}, id="stop-of-none"),
        pytest.param(
            {"type": "content_block_delta", "index": 9, "delta": argued("{")}, id="delta-of-none"
        ),
        pytest.param({**ended(None), "usage": None, "new": [1]}, id="unknown-field"),
    ],
)
def test_what_adds_nothing_is_passed_over(event: dict[str, Any]) -> None:
    """Events and fields are added without notice."""
    blocks = block(0, TEXT, said("a"), said("b"))
    plain = decode(START, *blocks, ended(), STOP)
    assert decode(START, *blocks[:2], event, *blocks[2:], event, ended(), STOP) == plain


@pytest.mark.parametrize(
    ("error", "kind", "is_retryable"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, Overloaded, True),
        ({"type": "api_error", "message": "Internal server error"}, ServerError, True),
        ({"type": "moon_error", "message": "Full moon"}, ProviderError, False),
    ],
)
def test_an_error_in_mid_stream_is_raised(
    error: dict[str, str], kind: type[HeadwaterError], is_retryable: bool
) -> None:
    """It has the class and retryability of its type, and the id of the request."""
    frame = {"type": "error", "error": error, "request_id": "req_1"}
    with pytest.raises(HeadwaterError) as caught:
        decode(START, *block(0, TEXT, said("x")), frame)
    assert type(caught.value) is kind
    assert caught.value.is_retryable is is_retryable
    assert (caught.value.message, caught.value.code) == (error["message"], error["type"])
    assert (caught.value.status, caught.value.request_id) == (None, "req_1")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        pytest.param("upstream gone", "error", id="text"),
        pytest.param('{"error": "upstream gone"}', "message", id="flat"),
    ],
)
def test_an_error_of_another_form_is_raised(data: str, name: str) -> None:
    """A proxy between has errors of its own form."""
    with pytest.raises(ProviderError, match="upstream gone"):
        Decoder().feed(data, name)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param('{"type": "content_block_delta", "index": 0, "del', id="cut"),
        pytest.param("[1, 2]", id="no-object"),
        pytest.param("{}", id="no-type"),
        pytest.param('{"type": 3}', id="type-is-a-number"),
        pytest.param('{"type": "content_block_start", "index": 0}', id="no-block"),
        pytest.param(
            '{"type": "content_block_start", "index": 0, "content_block": {}}', id="untyped-block"
        ),
        pytest.param(
            '{"type": "content_block_start", "content_block": {"type": "text", "text": 3}}',
            id="text-is-a-number",
        ),
        pytest.param('{"type": "content_block_delta", "index": 0}', id="no-delta"),
        pytest.param(
            '{"type": "content_block_delta", "delta": {"type": "text_delta", "text": 3}}',
            id="delta-is-a-number",
        ),
        pytest.param("[" * 5000, id="nesting-bomb"),
    ],
)
def test_what_cannot_be_understood_is_malformed(data: str) -> None:
    """Nothing malformed is passed over, or leaves as an exception of a JSON library."""
    with pytest.raises(ProtocolError):
        Decoder().feed(data)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"type": "message"}', id="no-content"),
        pytest.param(b'{"content": [{"type": "text", "text": "\xff"}]}', id="bad-utf-8"),
        pytest.param(b'{"content": [3]}', id="no-blocks"),
        pytest.param(b"<html>", id="no-json"),
    ],
)
def test_a_whole_answer_that_is_none_is_malformed(body: bytes) -> None:
    """An answer has content, each block of it with a type."""
    with pytest.raises(ProtocolError):
        Decoder().whole(body)


def test_a_whole_answer_equals_the_streamed_one() -> None:
    """One path makes both: parts, reason and usage are the same."""
    citation = {"type": "char_location", "cited_text": "b"}
    content: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "Well", "signature": "c2ln"},
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b", "citations": [citation]},
        {"type": "server_tool_use", "id": "s", "name": "web", "input": {"q": 1}},
        {**CALL, "input": {"city": "Oslo"}},
    ]
    body = {
        **MESSAGE,
        "content": content,
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 9, "cache_read_input_tokens": 5, "output_tokens": 7},
    }
    streamed = answer(
        block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "Well"},
            {"type": "signature_delta", "signature": "c2ln"},
        ),
        block(1, TEXT, said("a")),
        block(2, TEXT, {"type": "citations_delta", "citation": citation}, said("b")),
        block(3, {**content[3], "input": {}}, argued('{"q": 1}')),
        block(4, CALL, argued('{"city": "Oslo"}')),
        reason="tool_use",
    )
    assert fold(Decoder().whole(json.dumps(body).encode())) == streamed


def test_a_server_that_gives_no_stream_is_understood() -> None:
    """A whole answer to a request for a stream is that answer."""
    body = {**MESSAGE, "content": [{"type": "text", "text": "Hi"}]}
    assert fold(decode({**body, "stop_reason": "end_turn"})).text == "Hi"
