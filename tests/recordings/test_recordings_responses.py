"""Recordings of Responses, through a real runner and real HTTP, and back as history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from headwater import (
    Category,
    ChatRequest,
    ChatResponse,
    FinishReason,
    HeadwaterError,
    Message,
    ModelId,
    Provenance,
    ProviderPart,
    QuotaExceeded,
    Reasoning,
    Runner,
    Usage,
    tool_result,
    user,
)
from headwater.errors import printable
from headwater_responses import Quirks, Responses
from headwater_responses._encode import encode_request

from .recording import VARIABLE, Recording, recordings
from .replay import replayed

# How the servers deviate, where it matters for what they answer; the rest speak as OpenAI does.
QUIRKS: Mapping[str, Quirks] = {
    "xai": Quirks(
        origin="xai-responses",
        context_phrases=("maximum prompt length",),
        key_phrases=("Incorrect API key",),
    ),
}
ALL = recordings("openai-responses")
COUNTS = recordings("openai-input-tokens")
ANSWERS = [one for one in ALL if one.status < 400 and not one.expected["error"]]
FAILURES = [one for one in ALL if one.status >= 400]
BREAKS = [one for one in ALL if one.status < 400 and one.expected["error"]]

pytestmark = pytest.mark.skipif(not ALL, reason=f"{VARIABLE} is not set: no recordings to serve")

CATEGORIES: Mapping[int, Category] = {
    401: Category.AUTH,
    403: Category.AUTH,
    404: Category.NOT_FOUND,
    429: Category.RATE_LIMIT,
}


def _each(cases: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", cases, ids=[case.name for case in cases])


def _quirks(recording: Recording) -> Quirks:
    return QUIRKS.get(recording.provider, Quirks())


async def _answer(recording: Recording) -> ChatResponse:
    """Ask for what was recorded, as a stream where it was one."""
    async with replayed(recording) as url:
        provider = Responses(url, "test-key", quirks=_quirks(recording))
        async with Runner(providers={"p": provider}) as runner:
            model = f"p/{recording.model or 'some-model'}"
            if not recording.is_stream:
                return await runner.chat(model, "Hello", attempts=1)
            async with runner.stream_chat(model, "Hello", attempts=1) as stream:
                return await stream.collect()


def _items(recording: Recording) -> list[dict[str, Any]]:
    """Give the complete items in the simplest way: those of the end, or of `output_item.done`."""
    if not recording.is_stream:
        return list(json.loads(recording.body)["output"])
    lines = [line for line in recording.body.split(b"\n") if line.startswith(b"data: {")]
    events = [json.loads(line[6:]) for line in lines]
    return [e["item"] for e in events if e["type"] == "response.output_item.done"]


@_each(ANSWERS)
async def test_what_responses_said_comes_out(recording: Recording) -> None:
    """Text, reasoning and refusal come out whole, in order and once, whatever the slices."""
    response = await _answer(recording)
    assert response.text == recording.expected["text"]
    assert response.reasoning == recording.expected["reasoning"]
    assert response.refusal == recording.expected["extra"].get("refusal")


@_each(ANSWERS)
async def test_calls_of_responses_are_assembled(recording: Recording) -> None:
    """Each call has its name, its arguments, and the id that a result must cite."""
    response = await _answer(recording)
    calls = [
        {
            "id": c.call_id,
            "name": c.name,
            "arguments": c.arguments,
            "arguments_raw": c.raw_arguments,
        }
        for c in response.tool_calls
    ]
    wanted = ("id", "name", "arguments", "arguments_raw")
    assert calls == [{key: c[key] for key in wanted} for c in recording.expected["tool_calls"]]


@_each(ANSWERS)
async def test_the_status_is_the_end_that_was_sent(recording: Recording) -> None:
    """The raw reason is the wire's status, and the reason says what it came to."""
    response = await _answer(recording)
    assert response.raw_reason == recording.expected["finish_reason"]
    assert response.model == recording.expected.get("model")
    assert response.response_id == recording.expected.get("response_id")
    if response.raw_reason == "completed":
        expected = FinishReason.TOOL_CALLS if response.tool_calls else FinishReason.STOP
        if response.refusal is None:
            assert response.finish_reason is expected
    if recording.expected["extra"].get("incomplete_reason") == "max_output_tokens":
        assert response.finish_reason is FinishReason.LENGTH


@_each(ANSWERS)
async def test_usage_of_responses_adds_up(recording: Recording) -> None:
    """The totals and their parts are those of the wire; what was not sent is unknown."""
    response = await _answer(recording)
    expected = recording.expected["usage"]
    if not expected:
        assert response.usage.provenance is not Provenance.REPORTED
        return
    totals = recording.expected["usage_totals"]
    assert response.usage == Usage(
        totals["input_total"],
        totals["output_total"],
        cached_input_tokens=expected["cached_input_tokens"],
        cache_write_tokens=expected["cache_write_tokens"],
        reasoning_tokens=expected["reasoning_tokens"],
    )


@_each(ANSWERS)
async def test_citations_of_responses_are_passed_on(recording: Recording) -> None:
    """Each annotation arrives once."""
    response = await _answer(recording)
    shown: list[object] = []
    for event in response.provider_events:
        if event.type == "annotations":
            shown += event.data["annotations"]  # type: ignore[arg-type]  # a list by contract
    assert shown == recording.expected["extra"].get("annotations", [])


@_each(ANSWERS)
async def test_items_of_the_servers_tools_are_kept(recording: Recording) -> None:
    """What only the server understands is in the message, as often as it was on the wire."""
    response = await _answer(recording)
    kept = sorted(part.type for part in response.message.parts if isinstance(part, ProviderPart))
    types = recording.expected["extra"].get("output_item_types", [])
    ours = ("message", "reasoning", "function_call")
    assert kept == sorted(kind for kind in types if kind not in ours)


@_each(ANSWERS)
async def test_an_answer_goes_back_as_it_came(recording: Recording) -> None:
    """The next request holds each item again: sealed reasoning to the byte, in the same order."""
    message = (await _answer(recording)).message
    body = _next_body(message, _quirks(recording))
    items = [item for item in _in_order(_items(recording)) if _can_go_back(item)]
    for item in items:
        if item["type"] not in ("message", "function_call"):
            assert item in body["input"]
    wanted = [(item["type"], item.get("id")) for item in items]
    sent = [(item.get("type"), item.get("id")) for item in body["input"]]
    assert [one for one in sent if one in wanted] == wanted


def _next_body(message: Message, quirks: Quirks) -> dict[str, Any]:
    history = (user("Hello"), message, *(tool_result(c.call_id, "x") for c in message.tool_calls))
    request = ChatRequest(model=ModelId("p", "m"), messages=(*history, user("Go on")))
    return json.loads(json.dumps(encode_request(request, quirks, is_stream=True).body))  # type: ignore[no-any-return]


def _can_go_back(item: Mapping[str, Any]) -> bool:
    """Tell whether a server that stores nothing can read an item again."""
    is_reasoning = item["type"] == "reasoning"
    return not is_reasoning or bool(item.get("encrypted_content") or item.get("content"))


def _in_order(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put reasoning that was completed late before what it led to."""
    if items and items[-1]["type"] == "reasoning":
        return [items[-1], *items[:-1]]
    return items


@_each(ANSWERS)
async def test_another_wire_leaves_out_what_it_cannot_read(recording: Recording) -> None:
    """For another service of the dialect text and calls stay, and what goes is named."""
    message = (await _answer(recording)).message
    request = ChatRequest(
        model=ModelId("p", "m"),
        messages=(
            user("Hello"),
            message,
            *(tool_result(call.call_id, "x") for call in message.tool_calls),
        ),
    )
    encoded = encode_request(request, Quirks(origin="another"), is_stream=True)
    assert "encrypted_content" not in json.dumps(encoded.body["input"])
    foreign = [p for p in message.parts if isinstance(p, Reasoning | ProviderPart)]
    assert bool(encoded.dropped) == bool(foreign)


@_each([*FAILURES, *BREAKS])
async def test_a_failure_of_responses_keeps_its_meaning(recording: Recording) -> None:
    """An error has the status, message, code and retryability that was sent."""
    expected = recording.expected["error"]
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    error = caught.value
    assert error.status == expected["status"]
    assert error.is_retryable == expected["retryable"]
    assert error.message.startswith(printable(expected["message"].strip()[:500]))
    code = expected["code"] or expected["type"]
    assert error.code == (None if code is None else str(code))
    if code == "insufficient_quota":
        assert isinstance(error, QuotaExceeded)


@_each(FAILURES)
async def test_a_failure_of_responses_has_a_class(recording: Recording) -> None:
    """The category follows the status, but for a key or a model that is refused with a 400."""
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    status, expected = recording.status, recording.expected["error"]
    by_range = Category.SERVER if status >= 500 else Category.BAD_REQUEST
    category = CATEGORIES.get(status, by_range)
    if expected["code"] == "model_not_found":
        category = Category.NOT_FOUND
    if "Incorrect API key" in expected["message"]:
        category = Category.AUTH
    assert caught.value.category == category


@_each(BREAKS)
async def test_a_break_of_responses_keeps_what_had_come(recording: Recording) -> None:
    """An error in mid-stream carries the answer so far, as one that is not finished."""
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    partial = caught.value.partial
    assert partial is not None
    assert partial.finish_reason is None
    assert partial.text == recording.expected["text"]


@_each(COUNTS)
async def test_a_count_is_the_one_that_was_sent(recording: Recording) -> None:
    """The input-tokens endpoint's count arrives as a reported one."""
    async with replayed(recording) as url:
        provider = Responses(url, "test-key")
        async with Runner(providers={"p": provider}) as runner:
            usage = await runner.count_usage("p/m", "Hello")
    assert usage == Usage(recording.expected["usage"]["input_tokens"])
