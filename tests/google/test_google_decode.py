"""Tests of frames to events, and of the counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from headwater import (
    ChatResponse,
    Event,
    Finished,
    FinishReason,
    JSONObject,
    Message,
    Overloaded,
    ProtocolError,
    Provenance,
    ProviderPart,
    RateLimited,
    Reasoning,
    ReasoningDelta,
    ServerError,
    Started,
    Text,
    TextDelta,
    Usage,
    UsageUpdated,
    fold,
)
from headwater_google._decode import Decoder
from headwater_google._usage import read_usage
from headwater_google._wire import TokenCounts

COUNTS = {"promptTokenCount": 9, "candidatesTokenCount": 5, "thoughtsTokenCount": 2}
END = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": COUNTS}


def _chunk(*parts: JSONObject, **candidate: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, **candidate}]}


def _events(*chunks: object, messages: Sequence[Message] = ()) -> list[Event]:
    """Decode a stream: an end mark, and what may follow it, included."""
    decoder = Decoder(messages)
    events = [event for chunk in chunks for event in decoder.feed(json.dumps(chunk))]
    decoder.check()
    return events + decoder.close()


def _answer(*chunks: object) -> ChatResponse:
    return fold(_events(*chunks))


def test_a_stream_becomes_events() -> None:
    """Text, thoughts, counts and the end, in the order of the wire."""
    first = {
        **_chunk({"text": "Hm.", "thought": True}, {"text": "Hel"}, index=0),
        "modelVersion": "gemini-x",
        "responseId": "r1",
    }
    assert _events(first, _chunk({"text": "lo"}), END) == [
        Started("gemini-x", "r1", origin="gemini"),
        ReasoningDelta("Hm."),
        TextDelta("Hel"),
        TextDelta("lo"),
        UsageUpdated(Usage(9, 7, reasoning_tokens=2)),
        Finished(FinishReason.STOP, "STOP", Usage(9, 7, reasoning_tokens=2)),
    ]


def test_signed_parts_stay_parts_of_their_own() -> None:
    """A signature stays on the text that it came on, and a lone one in its place."""
    response = _answer(
        _chunk({"text": "a", "thought": True}),
        _chunk({"text": "b", "thought": True, "thoughtSignature": "s1"}),
        _chunk({"text": "c"}, {"text": "d"}),
        _chunk({"text": "e", "thoughtSignature": "s2"}, {"text": "f"}),
        _chunk({"text": "", "thoughtSignature": "s3"}, {"thoughtSignature": "s4"}),
        END,
    )
    assert response.message.parts == (
        Reasoning("a", replay={}),
        Reasoning("b", replay={"thoughtSignature": "s1"}),
        Text("cd", replay={}),
        Text("e", replay={"thoughtSignature": "s2"}),
        Text("f", replay={}),
        Text("", replay={"thoughtSignature": "s3"}),
        Text("", replay={"thoughtSignature": "s4"}),
    )
    assert (response.text, response.reasoning) == ("cdef", "ab")


@pytest.mark.parametrize(
    "part",
    [
        {"executableCode": {"language": "PYTHON", "code": "1"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
        {"toolCall": {"id": "t", "toolType": "FILE_SEARCH"}, "thoughtSignature": "s"},
        {"inlineData": {"mimeType": "image/png", "data": "cG5n"}},
        {"thoughtSignature": "s", "nobodyKnows": [1]},
    ],
    ids=["code", "result", "server-tool", "image", "unknown"],
)
def test_other_parts_are_kept_in_their_place(part: JSONObject) -> None:
    """What is neither text nor a call is a provider part, as it came, between the texts."""
    response = _answer(_chunk({"text": "a"}, part, {"text": "b"}), END)
    (kind,) = part.keys() - {"thoughtSignature"}
    assert response.message.parts == (Text("a"), ProviderPart(kind, part), Text("b"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("groundingMetadata", {"webSearchQueries": ["q"]}),
        ("citationMetadata", {"citationSources": [{"uri": "u"}]}),
        ("urlContextMetadata", {"urlMetadata": []}),
        ("safetyRatings", [{"category": "c", "probability": "LOW"}]),
        ("logprobsResult", {"chosenCandidates": []}),
        ("avgLogprobs", -1.5),
        ("finishMessage", "Model generated function call(s)."),
    ],
)
def test_facts_are_passed_on_once(name: str, value: object) -> None:
    """What stands beside the parts is a provider event; a repetition is none."""
    response = _answer(_chunk(**{name: value}), _chunk(**{name: value}, finishReason="STOP"))
    assert [(event.type, event.data) for event in response.provider_events] == [
        (name, {name: value})
    ]


def test_further_candidates_do_not_mix_with_the_text() -> None:
    """A candidate past the first is passed on as it came, and its end is waited for."""
    other = {"index": 1, "content": {"parts": [{"text": "B"}]}}
    decoder = Decoder()
    first = {"candidates": [{"content": {"parts": [{"text": "A"}]}, "finishReason": "STOP"}, other]}
    events = decoder.feed(json.dumps(first))
    assert not decoder.is_settled
    events += decoder.feed(json.dumps({"candidates": [{**other, "finishReason": "STOP"}]}))
    assert decoder.is_settled
    response = fold(events + decoder.close())
    assert response.text == "A"
    assert response.provider_events[0].data == other


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("STOP", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("SAFETY", FinishReason.CONTENT_FILTER),
        ("SPII", FinishReason.CONTENT_FILTER),
        ("IMAGE_SAFETY", FinishReason.CONTENT_FILTER),
        ("MALFORMED_FUNCTION_CALL", FinishReason.OTHER),
        ("SOMETHING_NEW", FinishReason.OTHER),
    ],
)
def test_every_end_has_a_reason_and_keeps_its_word(word: str, reason: FinishReason) -> None:
    """The wire's word stays beside ours; an answer without a single part is one, too."""
    response = _answer({"candidates": [{"finishReason": word}]})
    assert (response.finish_reason, response.raw_reason) == (reason, word)
    assert response.message.parts == ()
    assert response.message.origin == "gemini"


def test_the_last_end_counts() -> None:
    """Where several chunks name an end, what comes after the first is still read."""
    response = _answer(
        _chunk({"text": "a"}, finishReason="STOP"), _chunk({"text": "b"}, finishReason="MAX_TOKENS")
    )
    assert (response.text, response.raw_reason) == ("ab", "MAX_TOKENS")


def test_a_refused_prompt_is_an_answer() -> None:
    """A prompt that is blocked ends the answer, with the reason and what was found."""
    feedback = {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "No."}
    counts = {"promptTokenCount": 12, "totalTokenCount": 12}
    response = _answer({"promptFeedback": feedback, "usageMetadata": counts})
    assert response.finish_reason is FinishReason.CONTENT_FILTER
    assert response.raw_reason == "PROHIBITED_CONTENT"
    assert response.usage == Usage(12, 0)
    assert response.provider_events[0].data == {"promptFeedback": feedback}


def test_bytes_that_end_before_the_mark_finish_nothing() -> None:
    """Without a finish reason nothing is made up."""
    decoder = Decoder()
    decoder.feed(json.dumps({**_chunk({"text": "Hal"}), "usageMetadata": COUNTS}))
    assert not decoder.is_settled
    assert decoder.close() == []


def test_the_last_count_counts() -> None:
    """Counts are cumulative; one from before the end may not be the final one."""
    early = {**_chunk({"text": "a"}), "usageMetadata": {"promptTokenCount": 9}}
    assert _answer(early, END).usage == Usage(9, 7, reasoning_tokens=2)
    cut = _answer(early, _chunk(finishReason="STOP"))
    assert cut.usage == Usage(9, provenance=Provenance.PARTIAL)


def _counted(written: int) -> dict[str, Any]:
    counts = {"promptTokenCount": 9, "candidatesTokenCount": written}
    return {**_chunk({"text": "a"}), "usageMetadata": counts}


def test_counts_are_told_as_they_grow_by_an_eighth() -> None:
    """An event for each chunk would double what a chunk costs."""
    events = _events(*(_counted(written) for written in range(1, 1001)))
    told = [e.usage.output_tokens or 0 for e in events if isinstance(e, UsageUpdated)]
    assert len(told) < 30
    assert all(later <= earlier * 9 / 8 + 16 for earlier, later in pairwise(told))


@pytest.mark.parametrize("gives_text_only", [True, False], ids=["plain", "with-facts"])
def test_the_last_counts_are_told_where_the_bytes_end(gives_text_only: bool) -> None:
    """An answer that was cut has the counts that came with its last chunk, and no end."""
    chunks = [_counted(written) for written in range(100, 106)]
    if not gives_text_only:
        chunks[-1]["candidates"][0]["avgLogprobs"] = -0.5
    assert _events(*chunks)[-1] == UsageUpdated(Usage(9, 105))


def test_the_last_counts_are_told_before_an_error() -> None:
    """An error frame ends the answer as the bytes' end does."""
    decoder = Decoder()
    for written in range(100, 106):
        decoder.feed(json.dumps(_counted(written)))
    assert decoder.feed('{"error": {"status": "INTERNAL"}}') == [UsageUpdated(Usage(9, 105))]
    with pytest.raises(ServerError):
        decoder.check()


def test_an_end_without_counts_has_those_before_it() -> None:
    """They are told, and partial, as more may have been written since."""
    events = _events(*map(_counted, range(100, 106)), _chunk(finishReason="STOP"))
    partial = Usage(9, 105, provenance=Provenance.PARTIAL)
    assert events[-2:] == [
        UsageUpdated(Usage(9, 105)),
        Finished(FinishReason.STOP, "STOP", partial),
    ]


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        ({}, None),
        ({"total_token_count": 5}, None),
        (
            {
                "prompt_token_count": 15,
                "tool_use_prompt_token_count": 770,
                "candidates_token_count": 37,
                "thoughts_token_count": 742,
            },
            Usage(785, 779, reasoning_tokens=742),
        ),
        (
            {"prompt_token_count": 9, "cached_content_token_count": 8, "total_token_count": 12},
            Usage(9, 3, cached_input_tokens=8),
        ),
        ({"prompt_token_count": 9}, Usage(9)),
        ({"candidates_token_count": 2.0}, Usage(None, 2)),
    ],
    ids=["none", "total-alone", "all", "by-the-total", "input-alone", "output-alone"],
)
def test_counts_add_up(counts: dict[str, Any], usage: Usage | None) -> None:
    """Input includes cached and tool tokens, output the thoughts; what nobody said is unknown."""
    assert read_usage(TokenCounts(**counts)) == usage


def test_an_error_in_mid_stream_comes_after_what_was_said() -> None:
    """The text before it is given, then the error is raised."""
    decoder = Decoder()
    assert len(decoder.feed(json.dumps(_chunk({"text": "Half"})))) == 2
    decoder.feed('{"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}')
    assert decoder.is_settled
    with pytest.raises(Overloaded, match="busy"):
        decoder.check()


def test_an_array_is_named_as_what_it_is() -> None:
    """A stream that was not asked for as events is no riddle."""
    with pytest.raises(ProtocolError, match="alt=sse"):
        Decoder().feed(f"[{json.dumps(END)}\n,\r\n{json.dumps(END)}]")
    with pytest.raises(ProtocolError, match="alt=sse"):
        Decoder().whole(b"[]")


def test_an_array_may_hold_an_error() -> None:
    """The error of an array stream has its class."""
    with pytest.raises(RateLimited, match="slow"):
        Decoder().feed('[{"error": {"status": "RESOURCE_EXHAUSTED", "message": "slow"}}]')


@pytest.mark.parametrize(
    "data",
    ["{", "7", '{"candidates": 7}', '{"candidates": [{"content": {"parts": [{"text": 7}]}}]}'],
    ids=["cut", "number", "no-list", "no-text"],
)
def test_what_is_no_chunk_says_so(data: str) -> None:
    """Malformed JSON and wrong shapes are one kind of error, with an excerpt."""
    with pytest.raises(ProtocolError, match="expected a Gemini"):
        Decoder().feed(data)
    with pytest.raises(ProtocolError, match="expected a Gemini"):
        Decoder().whole(data.encode())


@pytest.mark.parametrize(
    "body", [b"{}", b'{"id": "x", "choices": []}', b'{"candidates": [{"finishReason": "\xff"}]}']
)
def test_a_whole_body_of_something_else_is_refused(body: bytes) -> None:
    """An answer of another kind, or bytes that are no text, are no empty answer."""
    with pytest.raises(ProtocolError, match="expected a Gemini answer"):
        Decoder().whole(body)


@pytest.mark.parametrize("data", ["", " ", "[DONE]"])
def test_frames_without_content_are_passed_over(data: str) -> None:
    """A proxy's own end mark is none of this wire."""
    assert Decoder().feed(data) == []
