"""Tests of a conversation as messages of the wire."""

from __future__ import annotations

from typing import Any

import pytest

from headwater import (
    Image,
    InvalidRequest,
    Message,
    ModelId,
    ProviderPart,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
    UnsupportedFeature,
    assistant,
    fold,
    tool_result,
    user,
)
from headwater_chat_completions import Quirks, ReasoningBack
from headwater_chat_completions._messages import Conversation

from .frames import DONE, decoded, delta, end, fragment

MODEL = ModelId("vllm", "m1")
CALL = ToolCall("c1", "f", arguments={"a": 1}, raw_arguments='{"a": 1}')
SENT_CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}


def _sent(*messages: Message, quirks: Quirks | None = None) -> list[dict[str, Any]]:
    return Conversation(MODEL, quirks or Quirks()).encode(messages)


def test_calls_and_results_go_back_with_their_ids() -> None:
    """A call goes with the text as it came, its result right after it, one message a result."""
    results = Message(Role.TOOL, (ToolResult("c1", "1"), ToolResult("c2", ("a", "b"))))
    call, *answers = _sent(assistant("Look:", CALL), results)
    assert call == {"role": "assistant", "content": "Look:", "tool_calls": [SENT_CALL]}
    assert answers == [
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {
            "role": "tool",
            "tool_call_id": "c2",
            "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        },
    ]


def test_calls_without_text_have_no_content() -> None:
    """A turn of calls alone says nothing; a turn of nothing at all says that."""
    assert _sent(assistant(CALL))[0]["content"] is None
    assert _sent(assistant())[0] == {"role": "assistant", "content": ""}


@pytest.mark.parametrize(
    ("call", "sent"),
    [
        (ToolCall("c1", "f", arguments={"a": 1}), '{"a":1}'),
        (ToolCall("c1", "f", arguments={}), "{}"),
        (ToolCall("c1", "f", raw_arguments='{"a": ', is_valid=False), '{"a": '),
    ],
    ids=["object", "empty", "broken"],
)
def test_arguments_are_text(call: ToolCall, sent: str) -> None:
    """Arguments are written where there is no text, and go back as they came where there is."""
    assert _sent(assistant(call))[0]["tool_calls"][0]["function"]["arguments"] == sent


def test_arguments_that_are_no_json_are_refused() -> None:
    """What cannot be written as JSON is the caller's to mend."""
    call = ToolCall("c1", "f", arguments={"a": object()})  # type: ignore[dict-item]  # the promise
    with pytest.raises(InvalidRequest, match="cannot be written as JSON"):
        _sent(assistant(call))


def test_ids_are_shortened_alike_in_call_and_result() -> None:
    """A server that takes one length of id gets it, the same for a call and its result."""
    long = ToolCall("call_of_another_wire", "f", arguments={})
    quirks = Quirks(call_id_chars=9)
    call, result = _sent(assistant(long), tool_result(long.call_id, "1"), quirks=quirks)
    call_id = call["tool_calls"][0]["id"]
    assert len(call_id) == 9
    assert call_id.isalnum()
    assert result["tool_call_id"] == call_id
    fitting = ToolCall("abc123XYZ", "f", arguments={})
    assert _sent(assistant(fitting), quirks=quirks)[0]["tool_calls"][0]["id"] == "abc123XYZ"


def test_a_refusal_goes_back_as_text() -> None:
    """What the model said for not answering is what it said."""
    assert _sent(assistant(Text("No.", is_refusal=True)))[0]["content"] == "No."


def test_images_in_results_go_where_they_are_taken() -> None:
    """An image in a tool result is refused, unless the server is known to take it."""
    result = tool_result("c1", Image.from_url("https://h/a.png"))
    with pytest.raises(UnsupportedFeature, match="an image in a tool result"):
        _sent(result)
    (sent,) = _sent(result, quirks=Quirks(result_media=frozenset({Image})))
    assert sent["content"] == [{"type": "image_url", "image_url": {"url": "https://h/a.png"}}]


def test_foreign_reasoning_is_dropped_and_said_once_a_kind() -> None:
    """What only another wire understands is left out, and told."""
    foreign = Message(
        Role.ASSISTANT,
        (Reasoning("Hm"), Text("a"), Reasoning("Hm"), ProviderPart("web_search", {})),
        origin="anthropic-messages",
    )
    conversation = Conversation(MODEL, Quirks(reasoning_back=ReasoningBack.CONTENT_FIELD))
    (sent,) = conversation.encode([foreign])
    assert sent == {"role": "assistant", "content": "a"}
    assert conversation.dropped == [
        "reasoning of anthropic-messages",
        "web_search of anthropic-messages",
    ]


def test_reasoning_of_nobody_is_dropped() -> None:
    """Reasoning in a history that no provider wrote is not passed off as the model's."""
    conversation = Conversation(MODEL, Quirks(reasoning_back=ReasoningBack.FIELD))
    (sent,) = conversation.encode([assistant(Reasoning("Hm"), "a")])
    assert sent == {"role": "assistant", "content": "a"}
    assert conversation.dropped == ["reasoning of unknown origin"]


DETAIL = {"type": "reasoning.text", "text": "Hm", "signature": "s"}
OWN = Message(
    Role.ASSISTANT,
    (Reasoning("Hm", replay={"reasoning_details": [DETAIL]}), Text("a"), CALL),
    origin=Quirks().origin,
)


@pytest.mark.parametrize(
    ("back", "fields"),
    [
        (None, {}),
        (ReasoningBack.CONTENT_FIELD, {"reasoning_content": "Hm"}),
        (ReasoningBack.FIELD, {"reasoning": "Hm"}),
        (ReasoningBack.DETAILS, {"reasoning_details": [DETAIL]}),
        (
            ReasoningBack.THINKING_PARTS,
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
                    {"type": "text", "text": "a"},
                ]
            },
        ),
    ],
    ids=["none", "reasoning_content", "reasoning", "details", "parts"],
)
def test_own_reasoning_goes_back_as_the_server_wants_it(
    back: ReasoningBack | None, fields: dict[str, object]
) -> None:
    """The wire's own reasoning goes back in the declared form, or not at all."""
    conversation = Conversation(MODEL, Quirks(reasoning_back=back))
    (sent,) = conversation.encode([OWN])
    assert sent == {"role": "assistant", "content": "a", "tool_calls": [SENT_CALL], **fields}
    assert conversation.dropped == []


def test_an_answer_survives_the_way_back() -> None:
    """What was streamed is sent back with its details unchanged, and its call as it came."""
    response = fold(
        decoded(
            delta(reasoning_details=[DETAIL]),
            delta(content="a"),
            fragment(index=0, id="c1", name="f", arguments='{"a": 1}'),
            end("tool_calls"),
            DONE,
        )
    )
    quirks = Quirks(reasoning_back=ReasoningBack.DETAILS)
    assert _sent(user("Hi"), response.message, quirks=quirks)[1] == {
        "role": "assistant",
        "content": "a",
        "tool_calls": [SENT_CALL],
        "reasoning_details": [DETAIL],
    }
