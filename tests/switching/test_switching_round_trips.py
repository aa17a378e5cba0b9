"""Every recorded answer as the history of a request to every provider."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import pytest

from headwater import (
    HeadwaterError,
    Message,
    ProviderPart,
    Reasoning,
    Text,
    ToolCall,
    UnsupportedFeature,
    tool_result,
    user,
)

from .receivers import Receiver, each_receiver
from .recorded import VARIABLE, Answer, is_recorded, recorded_names

LONG_CHARS = 40  # a sealed text is longer, and nothing that is short says anything

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_recorded(), reason=f"{VARIABLE} is not set: no recordings to read"),
]


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    """Give all recorded answers, folded once for the module."""

    async def read() -> list[Answer]:
        return [await Answer.read(name) for name in recorded_names()]

    return asyncio.run(read())


def _history(message: Message) -> list[Message]:
    """Give the conversation that goes on after an answer."""
    calls = message.tool_calls
    results = [tool_result(call.call_id, f"result {n}") for n, call in enumerate(calls)]
    return [user("Hi"), message, *results, user("Go on.")]


async def _send(receiver: Receiver, message: Message) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Send a conversation on, and give the body and what was dropped."""
    transport = receiver.answers()
    async with receiver.runner(transport) as runner:
        response = await runner.chat(receiver.model_id, _history(message))
    assert response.text == "Hello"
    return transport.sent, response.dropped


async def _taken(receiver: Receiver, answer: Answer) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Send what the provider must take; a failure names the recording."""
    try:
        return await _send(receiver, answer.response.message)
    except HeadwaterError as error:
        pytest.fail(f"{answer.name}: {type(error).__name__}: {error}")


def _may_refuse(receiver: Receiver, message: Message) -> bool:
    """Tell whether the provider has no words for what the answer holds."""
    return bool(message.tool_calls) and not receiver.takes_tools


# What ties a call to its result, the call's name and the result: one for each call of a body.
Calls: TypeAlias = Sequence[tuple[str, str, str]]


def _chat_calls(body: Mapping[str, Any]) -> Calls:
    calls = {
        call["id"]: call["function"]["name"]
        for said in body["messages"]
        for call in said.get("tool_calls") or ()
    }
    results = [said for said in body["messages"] if said["role"] == "tool"]
    assert len(calls) == len(results)
    return [
        (said["tool_call_id"], calls[said["tool_call_id"]], said["content"]) for said in results
    ]


def _responses_calls(body: Mapping[str, Any]) -> Calls:
    items = body["input"]
    calls = {i["call_id"]: i["name"] for i in items if i.get("type") == "function_call"}
    results = [item for item in items if item.get("type") == "function_call_output"]
    assert len(calls) == len(results)
    return [(item["call_id"], calls[item["call_id"]], item["output"]) for item in results]


def _anthropic_calls(body: Mapping[str, Any]) -> Calls:
    blocks = [block for said in body["messages"] for block in said["content"]]
    calls = {b["id"]: b["name"] for b in blocks if b["type"] == "tool_use"}
    results = [b for b in blocks if b["type"] == "tool_result"]
    assert len(calls) == len(results)
    return [(b["tool_use_id"], calls[b["tool_use_id"]], b["content"][0]["text"]) for b in results]


def _gemini_calls(body: Mapping[str, Any]) -> Calls:
    """Take calls and results in their order: an id is there for those of its own alone."""
    parts = [part for content in body["contents"] for part in content["parts"]]
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    results = [part["functionResponse"] for part in parts if "functionResponse" in part]
    ties = [(call.get("id"), call["name"]) for call in calls]
    assert ties == [(result.get("id"), result["name"]) for result in results]
    return [(str(n), r["name"], r["response"]["output"]) for n, r in enumerate(results)]


def _ollama_calls(body: Mapping[str, Any]) -> Calls:
    """Take calls and results in their order: the wire has no ids."""
    said = body["messages"]
    calls = [call["function"]["name"] for m in said for call in m.get("tool_calls") or ()]
    results = [m for m in said if m["role"] == "tool"]
    assert calls == [m["tool_name"] for m in results]
    return [(str(n), m["tool_name"], m["content"]) for n, m in enumerate(results)]


CALLS: Mapping[str, Callable[[Mapping[str, Any]], Calls]] = {
    "anthropic": _anthropic_calls,
    "chat": _chat_calls,
    "gemini": _gemini_calls,
    "ollama": _ollama_calls,
    "responses": _responses_calls,
}


@each_receiver
async def test_every_answer_goes_on_everywhere(receiver: Receiver, answers: list[Answer]) -> None:
    """Whoever wrote an answer, whoever is asked next takes it, or says what it has no words for."""
    for answer in answers:
        message = answer.response.message
        if _may_refuse(receiver, message):
            with pytest.raises(UnsupportedFeature, match="tool calls"):
                await _send(receiver, message)
            continue
        body, _ = await _taken(receiver, answer)
        assert "Go on." in json.dumps(body), answer.name


@each_receiver
async def test_every_call_keeps_its_result(receiver: Receiver, answers: list[Answer]) -> None:
    """Each tool call is in the body once, by its name, and its own result cites it."""
    for answer in answers:
        message = answer.response.message
        if _may_refuse(receiver, message):
            continue
        body, _ = await _taken(receiver, answer)
        found = CALLS[receiver.wire](body)
        expected = [(call.name, f"result {n}") for n, call in enumerate(message.tool_calls)]
        assert [(name, result) for _, name, result in found] == expected, answer.name
        assert len({tie for tie, _, _ in found}) == len(expected), answer.name


def _is_foreign(receiver: Receiver, message: Message) -> bool:
    return message.origin != receiver.origin


def _lost(message: Message) -> list[str]:
    """Name what only the wire that wrote an answer can read."""
    lost = [part.type for part in message.parts if isinstance(part, ProviderPart)]
    if any(isinstance(part, Reasoning) and (part.text or part.replay) for part in message.parts):
        lost.append("reasoning")
    return lost


@each_receiver
async def test_what_is_left_out_is_told(receiver: Receiver, answers: list[Answer]) -> None:
    """Another's reasoning and its own kinds of parts are left out, and the answer names each."""
    for answer in answers:
        message = answer.response.message
        if _may_refuse(receiver, message) or not _is_foreign(receiver, message):
            continue
        _, dropped = await _taken(receiver, answer)
        expected = {f"{what} of {message.origin}" for what in _lost(message)}
        assert set(dropped) == expected, answer.name
        assert len(dropped) == len(expected), answer.name


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _strings(item)


def _long(value: object) -> set[str]:
    return {text for text in _strings(value) if len(text) >= LONG_CHARS}


def _sealed(message: Message) -> set[str]:
    """Give the long texts that a wire wants back beside an answer, but for what the model said."""
    said = message.text + "".join(
        part.text if isinstance(part, Text) else part.raw_arguments
        for part in message.parts
        if isinstance(part, Text | ToolCall)
    )
    found: set[str] = set()
    for part in message.parts:
        if isinstance(part, ProviderPart):
            found |= _long(part.data)
        elif isinstance(part, Text | Reasoning | ToolCall):
            found |= _long(part.replay)
    return {text for text in found if text not in said}


@each_receiver
async def test_nothing_sealed_reaches_another(receiver: Receiver, answers: list[Answer]) -> None:
    """Signatures, sealed thoughts and blocks of one wire never stand in the body of another's."""
    count = 0
    for answer in answers:
        message = answer.response.message
        if _may_refuse(receiver, message) or not _is_foreign(receiver, message):
            continue
        body, _ = await _taken(receiver, answer)
        sent = set(_strings(body))
        leaked = [s for s in _sealed(message) if any(s in text for text in sent)]
        assert leaked == [], answer.name
        count += bool(_sealed(message))
    assert count, "no recording holds anything sealed"


def _is_unproven(message: Message) -> bool:
    """Tell whether an answer holds a thought that its own provider did not seal or sign."""
    thoughts = [part.replay or {} for part in message.parts if isinstance(part, Reasoning)]
    open_fields = ("id", "summary")
    return any(
        not _long([value for name, value in thought.items() if name not in open_fields])
        for thought in thoughts
    )


@each_receiver
async def test_its_own_answers_come_back_whole(receiver: Receiver, answers: list[Answer]) -> None:
    """What a provider sealed goes back to it byte for byte; only a thought can be left out."""
    for answer in answers:
        message = answer.response.message
        if _may_refuse(receiver, message) or _is_foreign(receiver, message):
            continue
        body, dropped = await _taken(receiver, answer)
        if dropped:
            led_nowhere = all("nothing follows" in what for what in dropped)
            assert led_nowhere or _is_unproven(message), f"{answer.name}: {dropped}"
            continue
        assert _sealed(message) <= set(_strings(body)), answer.name
