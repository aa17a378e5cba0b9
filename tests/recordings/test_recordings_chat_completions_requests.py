"""Recorded requests asked again, and recorded answers sent back, through real HTTP."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

import pytest

from headwater import (
    HeadwaterError,
    InvalidRequest,
    Message,
    Runner,
    tool_result,
    user,
)
from headwater.requests import as_messages
from headwater_chat_completions import ChatCompletions

from .asked import Asked, essence
from .providers import provider_of
from .recording import VARIABLE, Recording, recordings
from .replay import replayed

ALL = recordings("openai-chat")
ANSWERS = [one for one in ALL if one.status < 400 and not one.expected["error"]]
SEALED = re.compile(rb'"(?:signature|data)":"([^"]+)"')  # what proves reasoning genuine

pytestmark = pytest.mark.skipif(not ALL, reason=f"{VARIABLE} is not set: no recordings to serve")


def _is_ours_to_ask(recording: Recording) -> bool:
    """Tell whether the request is known whole, and a conversation by our rules."""
    if not recording.asked or " omitted: " in json.dumps(recording.asked):
        return False
    try:
        as_messages(Asked.read(recording.asked).messages)
    except InvalidRequest:
        return False
    return True


def _each(cases: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", cases, ids=[case.name for case in cases])


async def _answer(runner: Runner, recording: Recording, asked: Asked) -> Message:
    """Ask as a stream where that was asked, as far as it is known, or the answer was one."""
    is_stream = recording.is_stream or bool((recording.asked or {}).get("stream"))
    model = f"p/{recording.model or 'some-model'}"
    messages, options = asked.messages, asked.options
    if not is_stream:
        return (await runner.chat(model, messages, **options)).message
    async with runner.stream_chat(model, messages, **options) as stream:
        return (await stream.collect()).message


@_each([one for one in ALL if _is_ours_to_ask(one)])
async def test_what_was_asked_is_asked_in_the_same_words(recording: Recording) -> None:
    """Each field of a recorded request is in ours, and nothing is but what the row declares."""
    received: list[dict[str, Any]] = []
    assert recording.asked is not None
    async with replayed(recording, received) as url:
        provider = provider_of(recording, url)
        async with Runner(providers={"p": provider}) as runner:
            with suppress(HeadwaterError):
                await _answer(runner, recording, Asked.read(recording.asked))
    ours, theirs = essence(received[0]), essence(recording.asked)
    assert {key: ours.get(key) for key in theirs} == theirs
    declared: set[str] = set()
    if isinstance(provider, ChatCompletions):
        declared = set(provider.quirks.family(recording.model or "").body)
    assert set(ours) - set(theirs) <= declared


@_each(ANSWERS)
async def test_an_answer_goes_back_with_its_calls_and_seals(recording: Recording) -> None:
    """The message of an answer is history that its own provider takes, seals byte for byte."""
    received: list[dict[str, Any]] = []
    async with (
        replayed(recording, received) as url,
        Runner(providers={"p": provider_of(recording, url)}) as runner,
    ):
        answer = await _answer(runner, recording, Asked([user("Hello")], {}))
        results = [tool_result(call.call_id, "done") for call in answer.tool_calls]
        history = [user("Hello"), answer, *results, user("Go on.")]
        await _answer(runner, recording, Asked(history, {}))
    sent = received[-1]["messages"][1]
    said = recording.expected["text"] or recording.expected["extra"].get("refusal", "")
    assert _text(sent["content"]) == said
    assert len(sent.get("tool_calls", ())) == len(recording.expected["tool_calls"])
    if "reasoning_details" in sent:
        seals = {seal.decode() for seal in SEALED.findall(recording.body)}
        kept = {d.get("signature") or d.get("data") for d in sent["reasoning_details"]}
        assert seals <= kept


def _text(content: str | list[dict[str, str]] | None) -> str:
    if isinstance(content, list):
        return "".join(piece.get("text", "") for piece in content)
    return content or ""
