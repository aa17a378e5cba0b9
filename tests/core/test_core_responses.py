"""The whole answer, and what folds into it."""

from __future__ import annotations

import pytest

from headwater import (
    ChatResponse,
    Finished,
    FinishReason,
    Image,
    Message,
    PluginError,
    Provenance,
    ProviderEvent,
    ProviderPart,
    RawFrame,
    Reasoning,
    ReasoningDelta,
    RefusalDelta,
    Role,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    Usage,
    UsageUpdated,
    fold,
)
from headwater.responses import Folder, unfold

CALLED = ToolCallFinished("1", "f", arguments={"x": 1}, raw_arguments='{"x":1}', is_valid=True)


def test_events_fold_into_parts_in_wire_order() -> None:
    """Deltas of a kind run together; another kind begins another part."""
    response = fold(
        [
            Started("m", "r", dropped=("an image",), origin="wire"),
            RawFrame(b""),
            ReasoningDelta("h"),
            ReasoningDelta("m", {"signature": "s"}),
            ReasoningDelta("again"),
            TextDelta("a"),
            TextDelta("b"),
            ToolCallStarted("1", "f"),
            ToolCallDelta("1", '{"x":1}'),
            CALLED,
            ProviderEvent("search", {"q": 1}, is_part=True),
            TextDelta("c"),
            RefusalDelta("n"),
            RefusalDelta("o"),
            ProviderEvent("citation", {}),
            UsageUpdated(Usage(1)),
            Finished(FinishReason.TOOL_CALLS, "tool_use", Usage(3, 4)),
        ]
    )
    assert response.message == Message(
        Role.ASSISTANT,
        [
            Reasoning("hm", replay={"signature": "s"}),
            Reasoning("again"),
            Text("ab"),
            ToolCall("1", "f", arguments={"x": 1}, raw_arguments='{"x":1}'),
            ProviderPart("search", {"q": 1}),
            Text("c"),
            Text("no", is_refusal=True),
        ],
        origin="wire",
    )
    assert (response.text, response.refusal, response.reasoning) == ("abc", "no", "hmagain")
    assert (response.model, response.response_id, response.dropped) == ("m", "r", ("an image",))
    assert (response.finish_reason, response.raw_reason) == (FinishReason.TOOL_CALLS, "tool_use")
    assert response.usage == Usage(3, 4)
    assert [call.name for call in response.tool_calls] == ["f"]
    assert response.provider_events == (ProviderEvent("citation", {}),)


def test_an_answer_so_far_is_partial() -> None:
    """Without Finished there is no reason, and the usage says so."""
    folder = Folder()
    folder.add(UsageUpdated(Usage(5, 1)))
    folder.add(TextDelta("a"))
    first = folder.response()
    folder.add(TextDelta("b"))
    assert (first.text, folder.response().text) == ("a", "ab")
    assert (first.finish_reason, first.refusal) == (None, None)
    assert first.usage == Usage(5, 1, provenance=Provenance.PARTIAL)


def test_an_answer_with_what_no_model_says_cannot_be_told_as_events() -> None:
    """An answer of a plugin's own making is held to what an answer is made of."""
    response = ChatResponse(Message(Role.ASSISTANT, Image.from_url("https://h/x.png")))
    with pytest.raises(PluginError, match="got Image"):
        list(unfold(response))
