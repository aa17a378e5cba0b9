"""Tests of frames to events: what the model said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headwater import (
    Finished,
    FinishReason,
    JSONObject,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    Usage,
    UsageUpdated,
    fold,
)
from headwater_chat_completions import Quirks
from headwater_chat_completions._decode import Decoder

from .frames import DONE, answer, chunk, decoded, delta, end, folded

COUNTS = {"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16}


def test_text_comes_out_in_order_between_start_and_end() -> None:
    """The first chunk names the answer, empty deltas are none, usage after the end counts."""
    assert decoded(
        delta(role="assistant", content=""),
        delta(content="Hel"),
        delta(content="lo"),
        end(),
        chunk(choices=[], usage=COUNTS),
        DONE,
    ) == [
        Started("m1", "r1", origin="chat-completions"),
        TextDelta("Hel"),
        TextDelta("lo"),
        UsageUpdated(Usage(9, 7)),
        Finished(FinishReason.STOP, "stop", Usage(9, 7)),
    ]


def test_what_was_dropped_is_told_at_the_start() -> None:
    """What of the conversation could not be sent is said with the first event."""
    decoder = Decoder(Quirks(), dropped=("reasoning of google",))
    (started,) = decoder.feed(delta(role="assistant"))
    assert started == Started(
        "m1", "r1", dropped=("reasoning of google",), origin="chat-completions"
    )


def test_an_answer_without_names_starts_all_the_same() -> None:
    """A server that names neither model nor answer leaves both unknown."""
    first, second = decoded('{"choices":[{"delta":{"content":"a"}}]}')
    assert first == Started(origin="chat-completions")
    assert second == TextDelta("a")


@pytest.mark.parametrize(
    "said",
    [
        {"reasoning_content": "Hm"},
        {"reasoning": "Hm"},
        {"reasoning_content": "Hm", "reasoning": "Hm"},
        {"reasoning": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm"}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm"}]},
        {"content": None, "reasoning_content": "Hm"},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]},
        {"content": [{"type": "thinking", "thinking": "Hm"}]},
    ],
    ids=["content", "plain", "both", "with-details", "details", "null", "parts", "part"],
)
def test_reasoning_is_read_by_any_name_and_once(said: dict[str, Any]) -> None:
    """Wherever a server puts its reasoning, it comes out once."""
    response = folded(delta(**said), delta(content="So."), end(), DONE)
    assert (response.reasoning, response.text) == ("Hm", "So.")


def test_details_are_joined_to_what_they_are_pieces_of() -> None:
    """Reasoning details are kept for sending back, whole, with what proves them genuine."""
    piece = {"type": "reasoning.text", "index": 0, "format": None}
    response = folded(
        delta(reasoning="We ", reasoning_details=[{**piece, "text": "We "}]),
        delta(reasoning="need", reasoning_details=[{**piece, "text": "need"}]),
        delta(reasoning_details=[{"type": "reasoning.text", "index": 0, "signature": "s1"}]),
        delta(reasoning_details=[{"type": "reasoning.encrypted", "index": 1, "data": "x"}]),
        delta(content="So."),
        end(),
        DONE,
    )
    thought = response.message.parts[0]
    assert getattr(thought, "replay", None) == {
        "reasoning_details": [
            {**piece, "text": "We need", "signature": "s1"},
            {"type": "reasoning.encrypted", "index": 1, "data": "x"},
        ]
    }
    assert response.reasoning == "We need"


def test_details_of_one_delta_are_several() -> None:
    """Only a later delta continues a detail; those that come together are details of their own."""
    both = [{"type": "reasoning.summary", "summary": text} for text in "ab"]
    _, text, kept, *_ = decoded(delta(reasoning_details=both), delta(content="So."), end(), DONE)
    assert text == ReasoningDelta("ab")
    assert kept == ReasoningDelta("", {"reasoning_details": both})


def test_details_that_come_last_are_kept() -> None:
    """Sealed reasoning after the text belongs to the message as well."""
    sealed = {"type": "reasoning.encrypted", "data": "x"}
    *_, kept, finished = decoded(
        delta(content="So."), delta(reasoning_details=[sealed]), end(), DONE
    )
    assert kept == ReasoningDelta("", {"reasoning_details": [sealed]})
    assert isinstance(finished, Finished)


def test_a_refusal_is_told_apart() -> None:
    """The words for not answering are no text, and "stop" is a refusal then."""
    events = decoded(delta(refusal="I "), delta(refusal="won't."), end(), DONE)
    assert events[1:3] == [RefusalDelta("I "), RefusalDelta("won't.")]
    response = fold(events)
    assert (response.text, response.refusal) == ("", "I won't.")
    assert (response.finish_reason, response.raw_reason) == (FinishReason.REFUSAL, "stop")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("eos", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("model_length", FinishReason.LENGTH),
        ("tool_calls", FinishReason.TOOL_CALLS),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("insufficient_system_resource", FinishReason.OTHER),
        ("function_call", FinishReason.OTHER),
        ("a_new_one", FinishReason.OTHER),
    ],
)
def test_the_reason_is_ours_and_the_providers(raw: str, reason: FinishReason) -> None:
    """The provider's own word stays beside ours, one that nobody knows included."""
    response = folded(delta(content="a"), end(raw), DONE)
    assert (response.finish_reason, response.raw_reason) == (reason, raw)


@pytest.mark.parametrize("absent", [None, ""], ids=["null", "empty"])
def test_no_reason_is_made_up(absent: str | None) -> None:
    """An end mark without a reason ends the answer, and invents nothing."""
    response = folded(delta(content="a"), end(absent), DONE)
    assert (response.finish_reason, response.raw_reason) == (FinishReason.OTHER, None)


@pytest.mark.parametrize("field", ["citations", "search_results"])
def test_what_every_chunk_repeats_is_passed_on_once(field: str) -> None:
    """Citations that stand in each chunk arrive once."""
    sources: dict[str, Any] = {field: ["https://example.org/"]}
    first = chunk(choices=[{"index": 0, "delta": {"content": "a"}}], **sources)
    second = chunk(choices=[{"index": 0, "delta": {"content": "b"}}], **sources)
    response = folded(first, second, end(**sources), DONE)
    assert response.provider_events == (ProviderEvent(field, sources),)
    assert response.text == "ab"


@pytest.mark.parametrize(
    ("said", "event"),
    [
        (
            {"annotations": [{"type": "x"}]},
            ProviderEvent("annotations", {"annotations": [{"type": "x"}]}),
        ),
        ({"images": [{"type": "x"}]}, ProviderEvent("images", {"images": [{"type": "x"}]})),
        ({"audio": {"id": "a"}}, ProviderEvent("audio", {"id": "a"})),
        ({"function_call": {"name": "f"}}, ProviderEvent("function_call", {"name": "f"})),
        (
            {"content": [{"type": "reference", "n": 1}]},
            ProviderEvent("reference", {"type": "reference", "n": 1}),
        ),
        (
            {"tool_calls": [{"index": 0, "id": "c", "custom": {"name": "n"}}]},
            ProviderEvent("custom_tool_call", {"index": 0, "id": "c", "custom": {"name": "n"}}),
        ),
    ],
    ids=["annotations", "images", "audio", "function", "part", "custom"],
)
def test_what_has_no_event_of_its_own_is_passed_on(
    said: dict[str, object], event: ProviderEvent
) -> None:
    """What the wire has and the events have not arrives as it came."""
    assert folded(delta(**said), end(), DONE).provider_events == (event,)


def test_log_probabilities_are_passed_on() -> None:
    """Log probabilities stand beside the delta that they are of."""
    choice = {"index": 0, "delta": {"content": "a"}, "logprobs": {"content": [1]}}
    _, text, event, *_ = decoded(chunk(choices=[choice]), end(), DONE)
    assert text == TextDelta("a")
    assert event == ProviderEvent("logprobs", {"logprobs": {"content": [1]}})


def test_choices_past_the_first_never_mix_with_the_text() -> None:
    """Further choices are passed on, and the answer is not over before they are."""
    decoder = Decoder(Quirks())
    other: JSONObject = {"index": 1, "delta": {"content": "b"}, "finish_reason": None}
    events = decoder.feed(chunk(choices=[{"index": 0, "delta": {"content": "a"}}, other]))
    assert events[1:] == [TextDelta("a"), ProviderEvent("choice", other)]
    decoder.feed(end())
    assert not decoder.is_settled
    decoder.feed(chunk(choices=[{"index": 1, "delta": {}, "finish_reason": "stop"}]))
    assert decoder.is_settled
    assert not decoder.is_done


def test_the_answer_is_settled_by_its_reason() -> None:
    """After the reason only usage and end mark can come."""
    decoder = Decoder(Quirks())
    decoder.feed(delta(content="a"))
    assert not decoder.is_settled
    decoder.feed(end())
    assert decoder.is_settled
    assert not decoder.is_done
    decoder.feed(DONE)
    assert decoder.is_done
    assert decoder.close() == []


def test_a_whole_answer_is_the_folded_stream() -> None:
    """The same answer, whole and streamed, folds to the same response."""
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    said = {"reasoning_content": "Hm", "content": "So.", "tool_calls": [call]}
    whole = fold(Decoder(Quirks()).whole(answer(said, "tool_calls", usage=COUNTS)))
    streamed = folded(
        delta(reasoning_content="H"),
        delta(reasoning_content="m"),
        delta(content="So."),
        delta(tool_calls=[{"index": 0, **call}]),
        end("tool_calls", usage=COUNTS),
        DONE,
    )
    assert whole == streamed


def test_a_server_that_does_not_stream_is_read() -> None:
    """A whole body in place of a stream is complete as it is, without an end mark."""
    response = folded(answer({"content": "a"}).decode())
    assert (response.text, response.finish_reason) == ("a", FinishReason.STOP)
    *_, finished = decoded(answer({"content": "a"}, None).decode())
    assert finished == Finished(FinishReason.OTHER, None, None)


def test_a_whole_body_may_begin_with_blanks() -> None:
    """Blanks that keep a connection alive precede the body of some servers."""
    assert fold(Decoder(Quirks()).whole(b" \n\n" + answer({"content": "a"}))).text == "a"


def test_a_message_counts_for_more_than_an_empty_delta() -> None:
    """A whole answer that has both is read by its message."""
    body = json.loads(answer({"content": "a"}))
    body["choices"][0]["delta"] = {"content": ""}
    assert fold(Decoder(Quirks()).whole(json.dumps(body).encode())).text == "a"


def test_only_the_delta_of_a_stream_is_read() -> None:
    """A message that repeats all so far beside each delta adds nothing."""
    choice = {"index": 0, "delta": {"content": "b"}, "message": {"content": "ab"}}
    assert folded(delta(content="a"), chunk(choices=[choice]), end(), DONE).text == "ab"
