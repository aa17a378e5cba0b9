"""Recordings of xAI in both dialects, through its own provider object."""

from __future__ import annotations

from typing import Literal

import pytest

from headwater import (
    AuthenticationError,
    ChatResponse,
    ContextTooLong,
    HeadwaterError,
    Message,
    Runner,
    tool_result,
    user,
)
from headwater_xai import XAI

from .recording import VARIABLE, Recording, recordings
from .replay import replayed

ALL = [
    one
    for api in ("openai-chat", "openai-responses")
    for one in recordings(api)
    if one.provider == "xai"
]
ANSWERS = [one for one in ALL if one.status < 400 and not one.expected["error"]]
FAILURES = [one for one in ALL if one.status >= 400]

pytestmark = pytest.mark.skipif(not ALL, reason=f"{VARIABLE} is not set: no recordings to serve")


def _each(cases: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", cases, ids=[case.name for case in cases])


def _api(recording: Recording) -> Literal["chat", "responses"]:
    return "chat" if recording.api == "openai-chat" else "responses"


async def _answer(recording: Recording, *more: Message) -> ChatResponse:
    async with replayed(recording) as url:
        provider = XAI("test-key", url, api=_api(recording))
        async with Runner(providers={"xai": provider}) as runner:
            asked = [user("Hello"), *more]
            if not recording.is_stream:
                return await runner.chat("xai/grok-4.3", asked, attempts=1)
            async with runner.stream_chat("xai/grok-4.3", asked, attempts=1) as stream:
                return await stream.collect()


@_each(ANSWERS)
async def test_grok_says_what_was_sent(recording: Recording) -> None:
    """Text, reasoning, calls and the wire's word for the end come out as they were sent."""
    response, expected = await _answer(recording), recording.expected
    assert response.text == expected["text"]
    assert response.reasoning == expected["reasoning"]
    assert response.raw_reason == expected["finish_reason"]
    assert [(call.call_id, call.raw_arguments) for call in response.tool_calls] == [
        (call["id"], call["arguments_raw"]) for call in expected["tool_calls"]
    ]


@_each(ANSWERS)
async def test_the_usage_of_grok_adds_up(recording: Recording) -> None:
    """Output includes reasoning in both dialects, whatever the wire's own arithmetic."""
    usage, expected = (await _answer(recording)).usage, recording.expected
    totals = (usage.input_tokens, usage.output_tokens)
    wanted = expected["usage_totals"]
    assert totals == (wanted["input_total"], wanted["output_total"])
    assert usage.reasoning_tokens == expected["usage"]["reasoning_tokens"]


@_each(ANSWERS)
async def test_an_answer_of_grok_is_taken_as_history(recording: Recording) -> None:
    """The answer goes back to xAI with nothing dropped that its wire can carry."""
    first = (await _answer(recording)).message
    results = [tool_result(call.call_id, "x") for call in first.tool_calls]
    second = await _answer(recording, first, *results, user("Go on"))
    assert second.text == recording.expected["text"]
    assert second.dropped == ()


@_each(FAILURES)
async def test_a_failure_of_grok_is_told_apart(recording: Recording) -> None:
    """A wrong key and too long an input have one status and code, and two classes."""
    expected = recording.expected["error"]
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    error = caught.value
    assert (error.status, error.is_retryable) == (expected["status"], expected["retryable"])
    assert isinstance(error, AuthenticationError) == ("API key" in expected["message"])
    assert isinstance(error, ContextTooLong) == ("maximum prompt" in expected["message"])
