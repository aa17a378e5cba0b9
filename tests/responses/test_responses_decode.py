"""Tests of frames to events."""

from __future__ import annotations

from typing import Any

import pytest

from headwater import (
    Event,
    Finished,
    FinishReason,
    ProviderEvent,
    ProviderPart,
    Reasoning,
    ReasoningDelta,
    RefusalDelta,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    Usage,
    assistant,
    fold,
)
from headwater_responses import Quirks
from headwater_responses._decode import Decoder

from .written import (
    added,
    arguments,
    call,
    completed,
    created,
    decoded,
    done,
    ended,
    folded,
    message,
    refused,
    said,
    thought,
    whole,
    written,
)

SEALED = thought("Hm.", encrypted_content="gAAA=/+é")


def _whole(*output: Any, **fields: Any) -> list[Event]:
    return Decoder(Quirks()).whole(whole(*output, **fields))


def test_a_text_streams() -> None:
    """Text comes in deltas, between the start and the end, with its usage."""
    frames = (
        created(),
        added(0, **message()),
        said("Hel"),
        said("lo"),
        done(0, **message("Hello")),
    )
    assert decoded(*frames, completed()) == [
        Started("m1", "r1", origin="responses"),
        TextDelta("Hel"),
        TextDelta("lo"),
        TextDelta("", {"id": "msg1"}),
        Finished(FinishReason.STOP, "completed", Usage(9, 7)),
    ]


def test_what_the_message_item_says_is_kept_to_be_sent_back() -> None:
    """The id and the phase of a message stay with its text; each message is a text of its own."""
    first, second = message("a", phase="commentary"), message("b", id="msg2", phase="final_answer")
    events = decoded(said("a", 0), done(0, **first), said("b", 1), done(1, **second), completed())
    assert fold(events).message.parts == (
        Text("a", replay={"id": "msg1", "phase": "commentary"}),
        Text("b", replay={"id": "msg2", "phase": "final_answer"}),
    )
    assert fold(_whole(first, second)).message == fold(events).message


@pytest.mark.parametrize("kind", ["reasoning_summary_text", "reasoning_text"])
def test_reasoning_streams_and_is_kept_whole(kind: str) -> None:
    """Reasoning comes in deltas, and its item as it came, to be sent back."""
    frames = (said("H", 0, kind), said("m.", 0, kind), done(0, **SEALED))
    assert decoded(*frames)[1:] == [
        ReasoningDelta("H"),
        ReasoningDelta("m."),
        ReasoningDelta("", SEALED),
    ]


def test_reasoning_that_only_the_item_has_is_given() -> None:
    """Where no delta came the item's own words count: its summaries, then its open text."""
    item = thought("a", content=[{"type": "reasoning_text", "text": "b"}])
    assert folded(done(0, **item)).message.parts == (Reasoning("ab", replay=item),)


def test_a_call_streams() -> None:
    """A call starts with its item, and ends with its arguments or its item, once."""
    begun = added(0, **call("", status="in_progress", namespace="n"))
    frames = (begun, arguments('{"a"'), arguments(":1}"))
    by_arguments = written(
        "response.function_call_arguments.done", output_index=0, arguments='{"a":1}'
    )
    finished = ToolCallFinished(
        "c1",
        "f",
        arguments={"a": 1},
        raw_arguments='{"a":1}',
        is_valid=True,
        replay={"id": "fc1", "namespace": "n"},
    )
    expected = [
        ToolCallStarted("c1", "f"),
        ToolCallDelta("c1", '{"a"'),
        ToolCallDelta("c1", ":1}"),
        finished,
    ]
    by_item = done(0, **call('{"a":1}', namespace="n"))
    assert decoded(*frames, by_arguments, by_item)[1:] == expected
    assert decoded(*frames, by_item)[1:] == expected


@pytest.mark.parametrize(
    "frames",
    [
        [
            added(0, **call("")),
            written("response.function_call_arguments.done", output_index=0, arguments='{"a":1}'),
        ],
        [added(0, **call("")), done(0, **call('{"a":1}'))],
        [done(0, **call('{"a":1}'))],
        [added(0, **call("", name="")), arguments('{"a":1}'), done(0, **call('{"a":1}'))],
        [added(0, **call("")), done(0, **{**call(), "arguments": {"a": 1}})],
        [completed(call('{"a":1}'))],
    ],
    ids=["arguments-done", "item-done", "item-alone", "late-name", "object", "final-object"],
)
def test_a_call_may_come_in_one_piece(frames: list[str]) -> None:
    """Whichever event holds the arguments, the call is one and complete."""
    (only,) = folded(*frames, completed()).tool_calls
    assert (only.call_id, only.name, only.arguments) == ("c1", "f", {"a": 1})


def test_calls_may_interleave() -> None:
    """Pieces go to the call of their index, or of their id where servers give no index."""
    two = [added(n, **call("", id=f"fc{n}", call_id=f"c{n}")) for n in (0, 1)]
    by_index = [arguments('{"a"', 0), arguments("{}", 1), arguments(":1}", 0)]
    by_id = [
        written("response.function_call_arguments.delta", item_id=f"fc{n}", delta=text)
        for n, text in ((0, '{"a"'), (1, "{}"), (0, ":1}"))
    ]
    for pieces in (by_index, by_id):
        calls = folded(*two, *pieces, completed()).tool_calls
        assert [(c.call_id, c.arguments) for c in calls] == [("c0", {"a": 1}), ("c1", {})]


def test_pieces_without_a_name_belong_to_the_latest_item() -> None:
    """A server that gives neither index nor id gives its items one after the other."""
    kind = "response.function_call_arguments"
    pieces = [written(f"{kind}.delta", delta=text) for text in ('{"a"', ":1}")]
    end = written(f"{kind}.done", arguments='{"a":1}')
    for n in (1, 2):
        begun = [added(k, **call("", id=f"fc{k}", call_id=f"c{k}")) for k in range(n)]
        frames = [frame for one in begun for frame in (one, *pieces, end)]
        calls = folded(*frames, completed()).tool_calls
        assert [c.arguments for c in calls] == [{"a": 1}] * n


def test_a_call_ends_once() -> None:
    """What comes of a call after its end adds nothing."""
    late = written("response.function_call_arguments.done", output_index=0, arguments="{}")
    frames = (done(0, **call('{"a":1}')), arguments("x"), late, done(0, **call("[]")))
    (only,) = folded(*frames, completed()).tool_calls
    assert only.arguments == {"a": 1}


def test_content_of_a_new_kind_is_passed_on() -> None:
    """A part of a message that nobody knows is a provider event; what is no part is nothing."""
    part = {"type": "new", "value": 1}
    response = folded(done(0, **message("a", part, 5, None)), completed())
    assert response.text == "a"
    assert list(response.provider_events) == [ProviderEvent("new", {"type": "new", "value": 1})]


def test_broken_arguments_are_never_taken_for_some() -> None:
    """A call that was cut ends with the verdict that it is invalid, at any place."""
    cut = ended("incomplete", incomplete_details={"reason": "max_output_tokens"})
    for pieces in ([], [arguments('{"a":')]):
        response = folded(added(0, **call("")), *pieces, cut)
        assert [c.is_valid for c in response.tool_calls] == [False]
        assert response.finish_reason is FinishReason.LENGTH


def test_an_id_that_is_taken_is_replaced() -> None:
    """Two calls of a conversation never have one id."""
    earlier = assistant(ToolCall("c1", "f", arguments={}))
    (only,) = fold(decoded(done(0, **call()), messages=[earlier])).tool_calls
    assert only.call_id not in ("", "c1")


def test_a_refusal_is_one() -> None:
    """Words for not answering are no text, and the reason says so, streamed or whole."""
    item = message({"type": "refusal", "refusal": "No."})
    events = decoded(refused("N"), refused("o."), done(0, **item), completed())
    assert RefusalDelta("o.") in events
    for response in (fold(events), fold(_whole(item))):
        assert response.refusal == "No."
        assert response.text == ""
        assert response.finish_reason is FinishReason.REFUSAL
        assert response.raw_reason == "completed"


@pytest.mark.parametrize(
    "kind",
    ["web_search_call", "custom_tool_call", "compaction", "something_new"],
)
def test_other_items_belong_to_the_message(kind: str) -> None:
    """What only the server understands is passed on complete, in its place; its states are not."""
    item = {"type": kind, "id": "x1", "input": "free text"}
    frames = [
        added(0, type=kind, id="x1"),
        written(f"response.{kind}.in_progress", output_index=0, item_id="x1"),
        done(0, **item),
    ]
    events = decoded(created(), *frames, said("a", 1), completed())
    assert events[1] == ProviderEvent(kind, item, is_part=True)
    assert fold(events).message.parts == (ProviderPart(kind, item), Text("a"))


def test_an_item_left_open_is_completed_by_the_final_object() -> None:
    """A server-side step without an end of its own is taken from the final response, by its id."""
    steps: list[dict[str, Any]] = [
        {"type": "mcp_list_tools", "id": f"x{n}", "tools": [n]} for n in (0, 1)
    ]
    begun = [added(n, type="mcp_list_tools", id=f"x{n}") for n in (0, 1)]
    response = folded(*begun, done(1, **steps[1]), completed(*steps))
    assert response.message.parts == tuple(
        ProviderPart("mcp_list_tools", step) for step in reversed(steps)
    )


def test_the_final_object_repeats_nothing() -> None:
    """Items that came are not taken again, though servers give them other ids at the end."""
    frames = (added(0, **message()), said("a"), done(0, **message("a")))
    response = folded(*frames, completed(message("a", id="other"), thought("t", id="tmp")))
    assert response.text == "a"
    assert response.reasoning == ""


def test_citations_are_passed_on_once() -> None:
    """A citation arrives where it comes, and not again with the complete item."""
    one, two = {"type": "url_citation", "url": "u1"}, {"type": "url_citation", "url": "u2"}
    item = message({"type": "output_text", "text": "a", "annotations": [one, two]})
    event = written("response.output_text.annotation.added", output_index=0, annotation=one)
    streamed = folded(said("a"), event, done(0, **item), completed())
    shown = [ProviderEvent("annotations", {"annotations": [each]}) for each in (one, two)]
    assert list(streamed.provider_events) == shown
    assert fold(_whole(item)).provider_events == streamed.provider_events


def test_log_probabilities_are_passed_on() -> None:
    """What was asked for of the odds arrives with the complete text."""
    item = message({"type": "output_text", "text": "a", "logprobs": [{"token": "a"}]})
    expected = ProviderEvent("logprobs", {"logprobs": [{"token": "a"}]})
    assert expected in decoded(said("a"), done(0, **item))


def test_images_in_the_making_are_shown() -> None:
    """A partial image arrives as it comes, and is no part of the message."""
    kind = "response.image_generation_call.partial_image"
    (_, event) = decoded(written(kind, output_index=0, partial_image_b64="AQ=="))
    assert isinstance(event, ProviderEvent)
    assert (event.type, event.data["partial_image_b64"]) == (kind, "AQ==")
    assert not event.is_part
