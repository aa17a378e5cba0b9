"""The blocks of an answer to the parts of a message, without a network."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headwater import (
    FinishReason,
    Message,
    ProviderEvent,
    ProviderPart,
    Reasoning,
    ReasoningDelta,
    Role,
    Text,
    ToolCall,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
)
from headwater_anthropic._decode import Decoder

from .events import CALL, START, STOP, TEXT, answer, argued, block, decode, ended, said


def test_text_may_stand_in_the_beginning_of_its_block() -> None:
    """What a block begins with is no less text than what is added."""
    assert answer(block(0, {"type": "text", "text": "Hel"}, said("lo"))).text == "Hello"


def test_thinking_keeps_its_signature() -> None:
    """A signature ends its part, without a text of its own."""
    thinking = block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "Well"},
        {"type": "signature_delta", "signature": "c2ln"},
    )
    response = answer(thinking, block(1, TEXT, said("Yes.")))
    assert response.message.parts == (Reasoning("Well", replay={"signature": "c2ln"}), Text("Yes."))


def test_thinking_that_is_kept_secret_has_a_signature_alone() -> None:
    """The only delta of such a block is its signature."""
    thinking = block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "signature_delta", "signature": "c2ln"},
    )
    events = decode(START, *thinking, ended(), STOP)
    assert ReasoningDelta("", {"signature": "c2ln"}) in events


def test_redacted_thinking_is_kept_whole() -> None:
    """Sealed thoughts stay apart from each other, in their places."""
    sealed = [{"type": "redacted_thinking", "data": data} for data in ("QQ==", "Qg==")]
    response = answer(block(0, sealed[0]), block(1, sealed[1]), block(2, TEXT, said("Hm.")))
    assert response.message.parts == (
        Reasoning("", replay=sealed[0]),
        Reasoning("", replay=sealed[1]),
        Text("Hm."),
    )


@pytest.mark.parametrize(
    ("pieces", "arguments", "is_valid"),
    [
        pytest.param(['{"ci', 'ty": "Oslo"}'], {"city": "Oslo"}, True, id="in-pieces"),
        pytest.param(["", '{"city": "Oslo"}'], {"city": "Oslo"}, True, id="first-empty"),
        pytest.param([""], {}, True, id="empty"),
        pytest.param([], {}, True, id="none"),
        pytest.param(['{"city": "Os'], None, False, id="cut"),
        pytest.param(["[1]"], None, False, id="no-object"),
    ],
)
def test_arguments_are_assembled(
    pieces: list[str], arguments: dict[str, str] | None, is_valid: bool
) -> None:
    """Pieces break anywhere; what is no object is never made one."""
    response = answer(block(0, CALL, *map(argued, pieces)), reason="tool_use")
    raw = "".join(pieces)
    assert response.tool_calls == (
        ToolCall("toolu_1", "weather", arguments=arguments, raw_arguments=raw, is_valid=is_valid),
    )
    assert response.finish_reason is FinishReason.TOOL_CALLS


def test_calls_may_be_parallel() -> None:
    """Each call has its own deltas, and ends in its own verdict."""
    other = {**CALL, "id": "toolu_2", "name": "time"}
    events = decode(
        START,
        {"type": "content_block_start", "index": 0, "content_block": CALL},
        {"type": "content_block_start", "index": 1, "content_block": other},
        {"type": "content_block_delta", "index": 1, "delta": argued("{}")},
        {"type": "content_block_delta", "index": 0, "delta": argued('{"a": 1}')},
        ended("tool_use"),
        STOP,
    )
    calls = (ToolCallStarted, ToolCallDelta, ToolCallFinished)
    assert [event for event in events if isinstance(event, calls)] == [
        ToolCallStarted("toolu_1", "weather"),
        ToolCallStarted("toolu_2", "time"),
        ToolCallDelta("toolu_2", "{}"),
        ToolCallDelta("toolu_1", '{"a": 1}'),
        ToolCallFinished(
            "toolu_1", "weather", arguments={"a": 1}, raw_arguments='{"a": 1}', is_valid=True
        ),
        ToolCallFinished("toolu_2", "time", arguments={}, raw_arguments="{}", is_valid=True),
    ]


def test_who_called_a_tool_is_kept() -> None:
    """What else stands in a call goes back with it."""
    caller = {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}
    (call,) = answer(block(0, {**CALL, "caller": caller}), reason="tool_use").tool_calls
    assert call.replay == {"caller": caller}


def test_an_id_that_the_conversation_has_is_replaced() -> None:
    """No two calls of a conversation share an id."""
    earlier = Message(Role.ASSISTANT, ToolCall("toolu_1", "weather", arguments={}))
    decoder = Decoder([earlier])
    events = [e for sent in (START, *block(0, CALL)) for e in decoder.feed(json.dumps(sent))]
    started = next(event for event in events if isinstance(event, ToolCallStarted))
    assert started.call_id not in ("", "toolu_1")


@pytest.mark.parametrize(
    ("content", "deltas", "kept"),
    [
        pytest.param(
            {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
            [argued('{"query": '), argued('"x"}')],
            {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}},
            id="server-tool",
        ),
        pytest.param(
            {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"url": "u"}]},
            [],
            {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"url": "u"}]},
            id="result",
        ),
        pytest.param(
            {"type": "compaction", "content": None},
            [{"type": "compaction_delta", "content": "In short: hello."}],
            {"type": "compaction", "content": "In short: hello."},
            id="compaction",
        ),
        pytest.param(
            {"type": "hologram", "text": {"depth": 3}},
            [],
            {"type": "hologram", "text": {"depth": 3}},
            id="unknown",
        ),
    ],
)
def test_a_block_of_the_providers_own_is_kept_whole(
    content: dict[str, Any], deltas: list[dict[str, Any]], kept: dict[str, Any]
) -> None:
    """It stands in the message as it is to be sent back."""
    response = answer(block(0, content, *deltas), block(1, TEXT, said("So.")))
    assert response.message.parts == (ProviderPart(kept["type"], kept), Text("So."))


def test_citations_stay_with_their_text() -> None:
    """Only the text of a cited block carries its citations, and each is shown as it comes."""
    citation = {"type": "char_location", "cited_text": "blue"}
    cited = block(
        1,
        {**TEXT, "citations": []},
        {"type": "citations_delta", "citation": citation},
        said("blue"),
    )
    response = answer(block(0, TEXT, said("It is ")), cited, block(2, TEXT, said(".")))
    assert response.text == "It is blue."
    assert [(p.text, p.replay) for p in response.message.parts if isinstance(p, Text)] == [
        ("It is ", {}),
        ("blue", {"citations": [citation]}),
        (".", None),
    ]
    assert response.provider_events == (ProviderEvent("citation", citation),)


@pytest.mark.parametrize(
    "delta",
    [
        pytest.param({"type": "glow_delta", "glow": 3}, id="new-field"),
        pytest.param({"type": "glow_delta", "text": {"a": 1}}, id="known-field-of-another-shape"),
    ],
)
def test_an_unknown_delta_is_passed_on(delta: dict[str, Any]) -> None:
    """It may be what somebody waits for."""
    response = answer(block(0, TEXT, said("a"), delta, said("b")))
    assert response.text == "ab"
    assert response.provider_events == (ProviderEvent("glow_delta", delta),)
