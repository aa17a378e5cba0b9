"""Recordings of Chat Completions, through a real runner and real HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from headwater import (
    Category,
    ChatResponse,
    ContextTooLong,
    FinishReason,
    HeadwaterError,
    Message,
    Provenance,
    ProviderEvent,
    Runner,
    ToolCall,
    Usage,
)
from headwater.errors import printable
from headwater.wire.status import request_id

from .providers import provider_of
from .recording import VARIABLE, Recording, recordings
from .replay import replayed

ALL = recordings("openai-chat")
ANSWERS = [one for one in ALL if one.status < 400 and not one.expected["error"]]
FAILURES = [one for one in ALL if one.status >= 400]
BREAKS = [one for one in ALL if one.status < 400 and one.expected["error"]]
OTHER_WIRES = ("anthropic", "google", "google-vertex", "ollama", "cohere")
LISTS = [one for one in recordings("models") if one.provider not in OTHER_WIRES]

pytestmark = pytest.mark.skipif(not ALL, reason=f"{VARIABLE} is not set: no recordings to serve")

CATEGORIES: Mapping[int, Category] = {
    401: Category.AUTH,
    402: Category.RATE_LIMIT,
    403: Category.AUTH,
    404: Category.NOT_FOUND,
    429: Category.RATE_LIMIT,
}


def _each(cases: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", cases, ids=[case.name for case in cases])


async def _answer(recording: Recording) -> ChatResponse:
    """Ask for what was recorded, as a stream where it was one."""
    async with replayed(recording) as url:
        provider = provider_of(recording, url)
        async with Runner(providers={"p": provider}) as runner:
            model = f"p/{recording.model or 'some-model'}"
            if not recording.is_stream:
                return await runner.chat(model, "Hello", attempts=1)
            async with runner.stream_chat(model, "Hello", attempts=1) as stream:
                return await stream.collect()


def _known(usage: Usage) -> dict[str, int | None]:
    if usage.provenance is not Provenance.REPORTED:
        return {}
    return {
        "input_total": usage.input_tokens,
        "output_total": usage.output_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }


def _recorded_usage(expected: Mapping[str, Any]) -> dict[str, int | None]:
    if not expected["usage"]:
        return {}
    kept = ("cached_input_tokens", "cache_write_tokens", "reasoning_tokens")
    return {**expected["usage_totals"], **{name: expected["usage"][name] for name in kept}}


@_each(ANSWERS)
async def test_text_and_reasoning_are_those_that_were_sent(recording: Recording) -> None:
    """Text and reasoning come out whole, in order and once, whatever the slices."""
    response = await _answer(recording)
    assert response.text == recording.expected["text"]
    assert response.reasoning == recording.expected["reasoning"]
    assert response.refusal == recording.expected["extra"].get("refusal")


@_each(ANSWERS)
async def test_tool_calls_are_assembled(recording: Recording) -> None:
    """Each call has its name, its arguments and the wire's id, or one of its own."""
    response = await _answer(recording)
    expected = [
        ToolCall(
            call["id"] or response.tool_calls[place].call_id,
            call["name"],
            arguments=call["arguments"],
            raw_arguments=call["arguments_raw"],
            is_valid=call["arguments"] is not None,
        )
        for place, call in enumerate(recording.expected["tool_calls"])
    ]
    assert list(response.tool_calls) == expected
    assert len({call.call_id for call in response.tool_calls}) == len(expected)


@_each(ANSWERS)
async def test_the_end_is_the_one_that_was_sent(recording: Recording) -> None:
    """The provider's own word for the end is kept, and every answer has a reason of ours."""
    response = await _answer(recording)
    assert response.raw_reason == recording.expected["finish_reason"]
    assert response.finish_reason is not None
    assert (response.finish_reason is FinishReason.REFUSAL) == bool(response.refusal)
    assert response.model == recording.expected.get("model")
    assert response.response_id == recording.expected.get("response_id")


@_each(ANSWERS)
async def test_usage_adds_up(recording: Recording) -> None:
    """Input includes what was cached, output includes reasoning; what was not sent is unknown."""
    response = await _answer(recording)
    assert _known(response.usage) == _recorded_usage(recording.expected)


@_each(ANSWERS)
async def test_what_has_no_event_is_passed_on(recording: Recording) -> None:
    """Annotations and further choices arrive as provider events."""
    response = await _answer(recording)
    extra = recording.expected["extra"]
    assert _shown(response, "annotations") == extra.get("annotations", [])
    others = {event.data["index"] for event in response.provider_events if event.type == "choice"}
    assert others == set(range(1, len(extra.get("choices", ()))))


def _shown(response: ChatResponse, kind: str) -> list[object]:
    events: list[ProviderEvent] = [e for e in response.provider_events if e.type == kind]
    return [item for event in events for item in event.data[kind]]  # type: ignore[union-attr]  # a list by contract


@_each(ANSWERS)
async def test_an_answer_can_be_sent_back(recording: Recording) -> None:
    """The answer's message says who wrote it: a service by name, or the dialect."""
    message = (await _answer(recording)).message
    assert isinstance(message, Message)
    assert message.origin in (f"{recording.provider}-chat", "chat-completions")


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
    code, kind = expected["code"], expected["type"]
    if code is None or (kind and str(code) == str(recording.status)):
        code = kind  # a code that just repeats the status says nothing
    assert error.code == (None if code is None else str(code))


@_each([one for one in FAILURES if request_id(one.headers)])
async def test_a_failure_names_the_request(recording: Recording) -> None:
    """The provider's name for the request can be cited in a support case."""
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    assert caught.value.request_id == request_id(recording.headers)


@_each(FAILURES)
async def test_a_failure_has_a_class_by_its_status(recording: Recording) -> None:
    """Who catches a category need not know the provider; too long an input has its own class."""
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    status = recording.status
    by_range = Category.SERVER if status >= 500 else Category.BAD_REQUEST
    assert caught.value.category == CATEGORIES.get(status, by_range)
    message = recording.expected["error"]["message"]
    is_long = any(words in message for words in ("maximum", "max context")) and status == 400
    assert isinstance(caught.value, ContextTooLong) == is_long


@_each(BREAKS)
async def test_a_break_keeps_what_had_come(recording: Recording) -> None:
    """An error in mid-stream carries the answer so far, as one that is not finished."""
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    partial = caught.value.partial
    assert partial is not None
    assert partial.reasoning == recording.expected["reasoning"]
    assert partial.finish_reason is None
    assert partial.text == recording.expected["text"]


@_each(BREAKS)
async def test_a_break_keeps_the_usage_that_had_come(recording: Recording) -> None:
    """Of a count that had come the partial answer says that it may not be final."""
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    partial = caught.value.partial
    assert partial is not None
    if not recording.expected["usage"]:
        assert partial.usage.provenance is Provenance.ESTIMATED
    else:
        assert partial.usage.provenance is Provenance.PARTIAL
        assert partial.usage.output_tokens == recording.expected["usage_totals"]["output_total"]


@_each(LISTS)
async def test_models_are_those_that_were_listed(recording: Recording) -> None:
    """A list of models names them in its order."""
    async with (
        replayed(recording) as url,
        Runner(providers={"p": provider_of(recording, url)}) as runner,
    ):
        models = await runner.list_models("p")
    assert [model.name for model in models] == recording.expected["extra"]["model_ids"]
