"""Lines to events."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import (
    ChatResponse,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    JSONValue,
    Overloaded,
    ProtocolError,
    ProviderError,
    ProviderEvent,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    Usage,
    fold,
)
from headwater.wire.ndjson import NDJSONDecoder
from headwater_ollama._decode import Decoder

from .samples import DONE, THOUGHT_AND_CALLS, lines, said

DURATIONS = {
    "total_duration": 900,
    "load_duration": 100,
    "prompt_eval_duration": 300,
    "eval_duration": 500,
}


def _decode(*values: object, decoder: Decoder | None = None) -> list[Event]:
    return (decoder or Decoder()).whole(lines(*values))


def _fold(*values: object) -> ChatResponse:
    return fold(_decode(*values))


def test_each_line_becomes_its_events() -> None:
    """Thoughts, text, calls, times and the end come in the order of the wire."""
    assert Decoder().whole(THOUGHT_AND_CALLS) == [
        Started("m", origin="ollama"),
        ReasoningDelta("Two cities, "),
        ReasoningDelta("zwei Städte."),
        TextDelta("Let me look 🍓. "),
        ToolCallStarted("call00001", "w"),
        ToolCallDelta("call00001", '{"city": "Ørsta"}'),
        ToolCallFinished(
            "call00001",
            "w",
            arguments={"city": "Ørsta"},
            raw_arguments='{"city": "Ørsta"}',
            is_valid=True,
        ),
        TextDelta("And there."),
        ToolCallStarted("c2", "w"),
        ToolCallDelta("c2", "{}"),
        ToolCallFinished("c2", "w", arguments={}, raw_arguments="{}", is_valid=True),
        ProviderEvent("durations", DURATIONS),
        Finished(FinishReason.TOOL_CALLS, "stop", Usage(11, 7)),
    ]


@given(cuts=st.lists(st.integers(0, len(THOUGHT_AND_CALLS)), max_size=30))
def test_slicing_changes_nothing(cuts: list[int]) -> None:
    """Cutting the bytes anywhere, inside a letter too, gives the same events."""
    places = sorted({0, *cuts, len(THOUGHT_AND_CALLS)})
    framing, decoder = NDJSONDecoder(), Decoder()
    events: list[Event] = []
    for start, end in pairwise(places):
        for line in framing.feed(THOUGHT_AND_CALLS[start:end]):
            events += decoder.feed(line)
    assert events == Decoder().whole(THOUGHT_AND_CALLS)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("load", FinishReason.OTHER),
        ("unload", FinishReason.OTHER),
        ("a new one", FinishReason.OTHER),
        (None, FinishReason.OTHER),
    ],
    ids=str,
)
def test_the_end_keeps_its_own_word(raw: str | None, reason: FinishReason) -> None:
    """The server's word is kept beside ours; one that we do not know is no error."""
    response = _fold(said(content="Hi"), {**DONE, "done_reason": raw})
    assert (response.finish_reason, response.raw_reason) == (reason, raw)


@pytest.mark.parametrize(
    ("left_out", "usage"),
    [
        (["prompt_eval_count"], Usage(None, 7)),
        (["eval_count"], Usage(11, None)),
        (["prompt_eval_count", "eval_count"], None),
    ],
    ids=["cached-prompt", "no-output", "nothing"],
)
def test_a_count_that_is_absent_is_unknown(left_out: list[str], usage: Usage | None) -> None:
    """What was not counted is None, never 0; with no count at all the core estimates."""
    done = {key: value for key, value in DONE.items() if key not in left_out}
    assert _decode(done)[-1] == Finished(FinishReason.STOP, "stop", usage)


def test_times_that_are_absent_are_not_shown() -> None:
    """An end mark without times has no event for them."""
    assert _decode({"model": "m", "done": True, "done_reason": "load"}) == [
        Started("m", origin="ollama"),
        Finished(FinishReason.OTHER, "load"),
    ]


def test_a_whole_answer_is_a_stream_of_one_line() -> None:
    """What comes without streaming folds to what the stream folds to."""
    streamed = _fold(said(thinking="Hm."), said(content="Hel"), said(content="lo"), DONE)
    assert _fold({**said(thinking="Hm.", content="Hello"), **DONE}) == streamed


def test_unknown_fields_pass() -> None:
    """A server may add fields without notice."""
    new = {**said(content="Hi", mood="good"), "created_at": "today", "new": {"deep": [1]}}
    assert _fold(new, {**DONE, "newer": 1}) == _fold(said(content="Hi"), DONE)


def test_a_line_of_a_new_type_begins_nothing() -> None:
    """What a server says before its answer does not hide the model that answers."""
    first = _decode({"type": "news"}, said(content="Hi"), DONE)[0]
    assert first == Started("m", origin="ollama")


def test_log_probabilities_are_passed_on() -> None:
    """What has no event of its own is shown as it came."""
    probabilities: list[JSONValue] = [{"token": "Hi", "logprob": -0.1}]
    events = _decode({**said(content="Hi"), "logprobs": probabilities}, DONE)
    assert ProviderEvent("logprobs", {"logprobs": probabilities}) in events


def test_what_was_dropped_is_said_at_the_start() -> None:
    """The answer names what of the conversation was not sent."""
    response = fold(_decode(DONE, decoder=Decoder(dropped=("reasoning of x",))))
    assert (response.dropped, response.message.origin) == (("reasoning of x",), "ollama")


def test_nothing_counts_after_the_end_mark() -> None:
    """The end mark ends the answer."""
    assert _decode(DONE, said(content="more")) == _decode(DONE)


def test_bytes_that_end_early_give_no_end() -> None:
    """A half answer is never a success: nothing invents a finish."""
    decoder = Decoder()
    response = fold(_decode(said(content="Hal"), decoder=decoder))
    assert (response.text, response.finish_reason, decoder.is_done) == ("Hal", None, False)


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        ("an error was encountered", ProviderError, "an error was encountered"),
        ("server busy, please try again.", Overloaded, "server busy, please try again."),
        ({"message": "no", "code": "x"}, ProviderError, "no"),
        ([1], ProviderError, "the server broke off"),
    ],
    ids=["text", "busy", "object", "oddity"],
)
def test_an_error_line_is_an_error(error: object, kind: type[HeadwaterError], message: str) -> None:
    """An error inside a 200 is raised, with the server's words, whatever came before it."""
    decoder = Decoder()
    _decode(said(content="Half"), decoder=decoder)
    with pytest.raises(kind, match=message) as caught:
        _decode({"error": error}, decoder=decoder)
    assert type(caught.value) is kind
    assert caught.value.is_retryable == (kind is Overloaded)


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b'"text"',
        b"nothing",
        b'{"message": "text"}',
        b'{"message": {"content": 7}}',
        b'{"done": "yes"}',
        b'{"model": "\xff"}',
        b'{"a":' + b"[" * 100_000,
    ],
    ids=["cut", "list", "text", "word", "message", "content", "done", "utf-8", "bomb"],
)
def test_what_is_no_line_is_named(line: bytes) -> None:
    """A line that we do not understand is an error that shows it, never skipped."""
    with pytest.raises(ProtocolError, match="a line of Ollama's chat"):
        Decoder().feed(line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "content": st.text() | JSON,
        "thinking": st.text() | JSON,
        "tool_calls": st.lists(
            st.fixed_dictionaries(
                {}, optional={"id": JSON, "function": st.dictionaries(st.text(), JSON) | JSON}
            )
        ),
    },
)
LINES = JSON | st.fixed_dictionaries(
    {},
    optional={
        "model": st.text() | JSON,
        "message": MESSAGES | JSON,
        "done": st.booleans(),
        "done_reason": st.sampled_from(["stop", "length", "load"]) | JSON,
        "eval_count": JSON,
        "error": JSON,
    },
)


@given(values=st.lists(LINES, max_size=4))
def test_any_lines_give_events_or_an_error_of_ours(values: list[Any]) -> None:
    """Whatever JSON comes, nothing but our own errors leaves the decoder."""
    try:
        Decoder().whole(lines(*values))
    except HeadwaterError:
        return


@given(data=st.binary() | st.builds(json.dumps, JSON).map(str.encode))
def test_any_bytes_give_events_or_an_error_of_ours(data: bytes) -> None:
    """Whatever bytes come, nothing but our own errors leaves the decoder."""
    try:
        Decoder().whole(data)
    except HeadwaterError:
        return
