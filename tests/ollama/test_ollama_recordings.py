"""Recordings of Ollama's native API, through a real runner and real HTTP."""

from __future__ import annotations

import json

import pytest

from headwater import (
    Category,
    ChatRequest,
    ChatResponse,
    FinishReason,
    HeadwaterError,
    ModelId,
    Provenance,
    StreamInterrupted,
    Text,
    fold,
    tool_result,
    user,
)
from headwater.errors import printable
from headwater_ollama._decode import Decoder
from headwater_ollama._encode import encode_request

from .loopback import Answer, asking
from .recording import VARIABLE, Recording, recordings

ALL = recordings("ollama-chat")
ANSWERS = [one for one in ALL if not one.expected["error"]]
STREAMS = [one for one in ANSWERS if one.is_stream]
FAILURES = [one for one in ALL if one.expected["error"]]
BREAKS = [one for one in FAILURES if one.is_stream and one.answer.status < 400]

pytestmark = pytest.mark.skipif(not ALL, reason=f"{VARIABLE} is not set: no recordings to serve")

CATEGORIES = {
    None: Category.PROVIDER_STREAM,
    401: Category.AUTH,
    402: Category.RATE_LIMIT,
    403: Category.AUTH,
    404: Category.NOT_FOUND,
    429: Category.RATE_LIMIT,
}


def _each(cases: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", cases, ids=[case.name for case in cases])


async def _answer(recording: Recording, *, answer: Answer | None = None) -> ChatResponse:
    """Ask for what was recorded, as a stream where it was one."""
    async with asking(answer or recording.answer, seed=recording.name) as (_, runner):
        model = f"p/{recording.model}"
        if not recording.is_stream:
            return await runner.chat(model, "Hello", attempts=1)
        async with runner.stream_chat(model, "Hello", attempts=1) as stream:
            return await stream.collect()


@_each(ANSWERS)
async def test_text_and_reasoning_are_those_that_were_sent(recording: Recording) -> None:
    """Text and reasoning come out whole, in order and once, whatever the slices."""
    response = await _answer(recording)
    assert response.text == recording.expected["text"]
    assert response.reasoning == recording.expected["reasoning"]


@_each(ANSWERS)
async def test_tool_calls_are_whole(recording: Recording) -> None:
    """Each call has its name, its arguments and the wire's id, or one of its own."""
    response = await _answer(recording)
    expected = recording.expected["tool_calls"]
    assert [
        (call.name, call.arguments, json.loads(call.raw_arguments or "{}"), call.is_valid)
        for call in response.tool_calls
    ] == [
        (call["name"], call["arguments"], json.loads(call["arguments_raw"]), True)
        for call in expected
    ]
    ids = [call.call_id for call in response.tool_calls]
    assert [call["id"] or ids[place] for place, call in enumerate(expected)] == ids
    assert len(set(ids)) == len(ids)


@_each(ANSWERS)
async def test_the_end_is_the_one_that_was_sent(recording: Recording) -> None:
    """The server's own word for the end is kept, and every answer has a reason of ours."""
    response = await _answer(recording)
    assert response.raw_reason == recording.expected["finish_reason"]
    assert (response.finish_reason is FinishReason.TOOL_CALLS) == bool(response.tool_calls)
    assert response.model == recording.expected.get("model", recording.model)


@_each(ANSWERS)
async def test_usage_is_that_which_was_sent(recording: Recording) -> None:
    """Counts come out as they stand on the wire; what was not sent is unknown."""
    usage = (await _answer(recording)).usage
    sent = recording.expected["usage_totals"] or {}
    totals = (sent.get("input_total"), sent.get("output_total"))
    if totals == (None, None):
        assert usage.provenance is Provenance.ESTIMATED
    else:
        assert usage.provenance is Provenance.REPORTED
        assert (usage.input_tokens, usage.output_tokens) == totals


@_each(ANSWERS)
async def test_times_are_those_that_were_sent(recording: Recording) -> None:
    """Durations are shown as they stand on the wire."""
    response = await _answer(recording)
    shown = {event.type: event.data for event in response.provider_events}
    sent = recording.expected["usage_wire"] or {}
    durations = {name: value for name, value in sent.items() if name.endswith("_duration")}
    assert shown.get("durations", {}) == durations


@_each(FAILURES)
async def test_a_failure_keeps_its_meaning(recording: Recording) -> None:
    """An error has the status, message, category and retryability of what was sent."""
    expected = recording.expected["error"]
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    error = caught.value
    assert error.status == expected["status"]
    assert error.is_retryable == expected["retryable"]
    assert error.message.startswith(printable(expected["message"].strip()[:500]))
    by_range = Category.SERVER if (error.status or 0) >= 500 else Category.BAD_REQUEST
    assert error.category is CATEGORIES.get(error.status, by_range)
    assert ("ollama pull" in str(error)) == (error.status == 404)


@_each(BREAKS)
async def test_a_break_keeps_what_had_come(recording: Recording) -> None:
    """An error in mid-stream carries the answer so far, as one that is not finished."""
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    partial = caught.value.partial
    assert partial is not None
    assert partial.text == recording.expected["text"]
    assert partial.reasoning == recording.expected["reasoning"]
    assert partial.finish_reason is None


@_each(STREAMS)
async def test_a_stream_cut_after_any_line_is_interrupted(recording: Recording) -> None:
    """A half answer is never a success: what had come is on the error, and no more."""
    lines = recording.answer.body.splitlines(keepends=True)
    for count in range(1, len(lines)):
        half = b"".join(lines[:count])
        with pytest.raises(StreamInterrupted) as caught:
            await _answer(recording, answer=Answer(half))
        partial, true = caught.value.partial, fold(Decoder().whole(half))
        assert partial is not None
        assert (partial.message, partial.finish_reason) == (true.message, None)


@_each(ANSWERS)
async def test_an_answer_can_be_sent_back(recording: Recording) -> None:
    """The answer's message goes into the next turn whole: text, reasoning and calls."""
    message = (await _answer(recording)).message
    results = [tool_result(call.call_id, "done") for call in message.tool_calls]
    request = ChatRequest(
        model=ModelId("ollama", recording.model),
        messages=(user("Hello"), message, *results, user("And then?")),
    )
    encoded = encode_request(request, is_stream=True)
    assert encoded.dropped == ()
    sent = encoded.body["messages"]
    assert isinstance(sent, list)
    calls = [
        {"function": {"name": call["name"], "arguments": call["arguments"]}}
        for call in recording.expected["tool_calls"]
    ]
    text = "".join(part.text for part in message.parts if isinstance(part, Text))
    turn = {
        "role": "assistant",
        "content": text,
        "thinking": recording.expected["reasoning"],
        "tool_calls": calls,
    }
    assert sent[1] == {name: value for name, value in turn.items() if value or name == "content"}
    assert [turn["tool_name"] for turn in sent[2:-1]] == [
        call["name"] for call in recording.expected["tool_calls"]
    ]
