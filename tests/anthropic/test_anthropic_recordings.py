"""Recordings of the Messages API, through a real runner and real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from headwater import (
    Category,
    ChatRequest,
    ChatResponse,
    ContextTooLong,
    FinishReason,
    HeadwaterError,
    Message,
    ModelId,
    Overloaded,
    Provenance,
    ProviderEvent,
    ProviderPart,
    Runner,
    StreamInterrupted,
    Usage,
    tool_result,
    user,
)
from headwater.errors import printable
from headwater_anthropic import Anthropic
from headwater_anthropic._encode import encode_request

from .asked import can_be_asked, normal, request_of
from .recording import VARIABLE, Recording, as_sent_back, recordings
from .replayed import Replay
from .server import serving

ALL = recordings("anthropic-messages")
ANSWERS = [one for one in ALL if one.status < 400 and not one.expected["error"]]
STREAMS = [one for one in ANSWERS if one.is_stream]
FAILURES = [one for one in ALL if one.status >= 400]
BREAKS = [one for one in ALL if one.status < 400 and one.expected["error"]]
ASKED = [one for one in ALL if can_be_asked(one.asked)]
COUNTS = recordings("anthropic-count")

pytestmark = pytest.mark.skipif(not ALL, reason=f"{VARIABLE} is not set: no recordings to serve")

CATEGORIES: Mapping[int, Category] = {
    401: Category.AUTH,
    402: Category.RATE_LIMIT,
    403: Category.AUTH,
    404: Category.NOT_FOUND,
    429: Category.RATE_LIMIT,
}
REASONS: Mapping[str, FinishReason] = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "pause_turn": FinishReason.PAUSE,
    "refusal": FinishReason.REFUSAL,
}


def _each(cases: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", cases, ids=[case.name for case in cases])


async def _answer(recording: Recording) -> ChatResponse:
    """Ask for what was recorded, as a stream where it was one."""
    async with serving(recording.answer) as server:
        provider = Anthropic("test-key", server.url)
        async with Runner(providers={"p": provider}) as runner:
            if not recording.is_stream:
                return await runner.chat("p/m", "Hello", attempts=1)
            async with runner.stream_chat("p/m", "Hello", attempts=1) as stream:
                return await stream.collect()


async def _count(recording: Recording) -> Usage:
    async with serving(recording.answer) as server:
        provider = Anthropic("test-key", server.url)
        async with Runner(providers={"p": provider}) as runner:
            return await runner.count_usage("p/m", "Hello", attempts=1)


def _next_turn(response: ChatResponse) -> dict[str, Any]:
    """Encode the conversation that an answer is the last turn of, and a next one."""
    results = [tool_result(call.call_id, "done") for call in response.tool_calls]
    messages: tuple[Message, ...] = (user("Hello"), response.message, *results, user("Go on."))
    request = ChatRequest(model=ModelId("anthropic", "claude-sonnet-4-5"), messages=messages)
    encoded = encode_request(request, is_stream=True)
    assert encoded.dropped == ()
    return encoded.body


@_each(ANSWERS)
async def test_text_and_reasoning_are_those_that_were_sent(recording: Recording) -> None:
    """Text and reasoning come out whole, in order and once, whatever the slices."""
    response = await _answer(recording)
    assert response.text == recording.expected["text"]
    assert response.reasoning == recording.expected["reasoning"]


@_each(ANSWERS)
async def test_tool_calls_are_assembled(recording: Recording) -> None:
    """Each call has its id, its name and its arguments; steps of the server's are none."""
    response = await _answer(recording)
    assert [
        (call.call_id, call.name, call.arguments, call.raw_arguments, call.is_valid)
        for call in response.tool_calls
    ] == [
        (call["id"], call["name"], call["arguments"], call["arguments_raw"], True)
        for call in recording.expected["tool_calls"]
    ]


@_each(ANSWERS)
async def test_the_end_is_the_one_that_was_sent(recording: Recording) -> None:
    """The provider's own word for the end is kept, beside a reason of ours."""
    response = await _answer(recording)
    wire_reason = recording.expected["finish_reason"]
    assert response.raw_reason == wire_reason
    assert response.finish_reason is REASONS.get(wire_reason, FinishReason.OTHER)
    assert response.model == recording.expected.get("model")
    assert response.response_id == recording.expected.get("response_id")


@_each(ANSWERS)
async def test_usage_adds_up(recording: Recording) -> None:
    """Input includes what was cached; a later count replaces an earlier one."""
    usage = (await _answer(recording)).usage
    expected = recording.expected
    assert usage.provenance is Provenance.REPORTED
    assert {
        "input_total": usage.input_tokens,
        "output_total": usage.output_tokens,
    } == expected["usage_totals"]
    assert {
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }.items() <= expected["usage"].items()


@_each(ANSWERS)
async def test_what_has_no_event_is_passed_on(recording: Recording) -> None:
    """Citations, the stop sequence and details of the end arrive as provider events."""
    response = await _answer(recording)
    extra = recording.expected["extra"]
    cited = [c for block in recording.blocks() for c in block.get("citations") or ()]
    assert [dict(event.data) for event in _shown(response, "citation")] == cited
    for kind in ("stop_sequence", "stop_details", "container"):
        assert len(_shown(response, kind)) == (1 if extra.get(kind) else 0)


def _shown(response: ChatResponse, kind: str) -> list[ProviderEvent]:
    return [event for event in response.provider_events if event.type == kind]


@_each(ANSWERS)
async def test_steps_of_the_server_are_kept_whole(recording: Recording) -> None:
    """Every block that is not the client's stands in the message, its input assembled."""
    response = await _answer(recording)
    ours = ("text", "thinking", "redacted_thinking", "tool_use")
    assert [dict(p.data) for p in response.message.parts if isinstance(p, ProviderPart)] == [
        as_sent_back(block) for block in recording.blocks() if block["type"] not in ours
    ]


@_each(ANSWERS)
async def test_an_answer_goes_back_as_it_came(recording: Recording) -> None:
    """The next turn sends each block in its place, signatures and sealed thoughts unchanged."""
    body = _next_turn(await _answer(recording))
    sent = [
        block
        for turn in body["messages"]
        if turn["role"] == "assistant"
        for block in turn["content"]
    ]
    expected = [as_sent_back(block) for block in recording.blocks()]
    assert sent == [b for b in expected if b["type"] != "text" or b["text"].strip()]


@_each(ASKED)
def test_a_request_is_written_as_it_was(recording: Recording) -> None:
    """The body that was once taken is the one that the same request makes."""
    assert recording.asked is not None
    request = request_of(recording.asked)
    encoded = encode_request(request, is_stream=bool(recording.asked.get("stream")))
    assert encoded.body == normal(recording.asked)


@_each([*FAILURES, *BREAKS])
async def test_a_failure_keeps_its_meaning(recording: Recording) -> None:
    """An error has the status, message, code and retryability that was sent."""
    expected = recording.expected["error"]
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    error = caught.value
    assert error.status == expected["status"]
    assert error.is_retryable == expected["retryable"]
    assert error.message.startswith(printable(expected["message"].strip()[:500]))
    assert error.code == expected["type"]


@_each(FAILURES)
async def test_a_failure_has_a_class_by_its_status(recording: Recording) -> None:
    """Who catches a category need not know the provider; too long an input has its own class."""
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    by_range = Category.SERVER if recording.status >= 500 else Category.BAD_REQUEST
    assert caught.value.category == CATEGORIES.get(recording.status, by_range)
    is_long = "prompt is too long" in recording.expected["error"]["message"]
    assert isinstance(caught.value, ContextTooLong) == is_long


@_each(FAILURES)
async def test_a_failure_names_its_request(recording: Recording) -> None:
    """The id to cite in a support case is on the error, by the header or else by the body."""
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    in_body = json.loads(recording.body).get("request_id")
    assert caught.value.request_id == (recording.headers.get("request-id") or in_body)


@_each(BREAKS)
async def test_a_break_keeps_what_had_come(recording: Recording) -> None:
    """An error in mid-stream carries the answer so far, as one that is not finished."""
    with pytest.raises(Overloaded) as caught:
        await _answer(recording)
    partial = caught.value.partial
    assert partial is not None
    assert partial.text == recording.expected["text"]
    assert partial.finish_reason is None
    assert partial.usage.provenance is Provenance.PARTIAL
    assert caught.value.request_id == recording.events()[-1]["request_id"]


def _cuts(recording: Recording) -> Iterator[tuple[bytes, str]]:
    """Give the stream as far as each of its events, and the text up to there.

    A stream that has given its stop reason is complete without its end mark.
    """
    text = ""
    body = b""
    for event in recording.body.split(b"\n\n"):
        yield body, text
        body += event + b"\n\n"
        data = event.partition(b"data: ")[2]
        match json.loads(data or b"{}"):
            case {"type": "message_delta"} | {"type": "message_stop"}:
                return
            case {"delta": {"type": "text_delta", "text": added}}:
                text += added
            case _:
                pass


@_each(STREAMS)
async def test_a_cut_answer_is_no_answer(recording: Recording) -> None:
    """Wherever a stream is cut between two events, what came is kept as a partial answer."""
    for body, text in list(_cuts(recording))[1:]:
        replay = Replay([body])
        async with Runner(providers={"p": Anthropic("k")}, transport=replay) as runner:
            with pytest.raises(StreamInterrupted) as caught:
                await runner.stream_chat("p/m", "Hello", attempts=1).collect()
        partial = caught.value.partial
        assert partial is not None
        assert partial.text == text
        assert partial.finish_reason is None


@_each([one for one in COUNTS if one.status < 400])
async def test_a_count_is_the_one_that_was_sent(recording: Recording) -> None:
    """The provider's count is exact, and says so."""
    assert await _count(recording) == Usage(recording.expected["usage"]["input_tokens"])


@_each([one for one in COUNTS if one.status >= 400])
async def test_a_count_that_fails_keeps_its_meaning(recording: Recording) -> None:
    """An error of the count has the status, message and category that was sent."""
    expected = recording.expected["error"]
    with pytest.raises(HeadwaterError) as caught:
        await _count(recording)
    assert caught.value.status == expected["status"]
    assert caught.value.is_retryable == expected["retryable"]
    assert caught.value.message.startswith(expected["message"])
    assert caught.value.category is CATEGORIES[recording.status]
