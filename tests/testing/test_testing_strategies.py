"""Strategies: what they give keeps its promise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import FinishReason, Message, fold
from headwater.requests import as_messages
from headwater.testing.assertions import grammar_fault
from headwater.testing.dialects import (
    ANTHROPIC,
    CHAT_COMPLETIONS,
    GEMINI,
    OLLAMA,
    PLAIN,
    RESPONSES,
    Ability,
    Answer,
    Dialect,
    WrittenCall,
)
from headwater.testing.strategies import (
    Fault,
    conversations,
    event_sequences,
    faults,
    ndjson_streams,
    slicings,
    sse_streams,
    streams,
    wholes,
)
from headwater.wire.ndjson import NDJSONDecoder
from headwater.wire.sse import SSEDecoder

DIALECTS = [ANTHROPIC, CHAT_COMPLETIONS, GEMINI, OLLAMA, RESPONSES]
each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


@given(messages=conversations())
def test_conversations_keep_the_rules(messages: list[Message]) -> None:
    """What a conversation may be, the runner takes."""
    assert as_messages(messages) == tuple(messages)


@settings(max_examples=40)
@given(data=st.data())
def test_event_sequences_keep_the_grammar(data: st.DataObject) -> None:
    """Events come in their order, and fold into a whole answer."""
    events = data.draw(event_sequences())
    assert grammar_fault(events) == ""
    assert fold(events).finish_reason is not None


@given(events=sse_streams(), lines=ndjson_streams())
def test_any_body_can_be_framed(events: bytes, lines: bytes) -> None:
    """Bodies of both framings hold what decoders must survive."""
    assert isinstance(SSEDecoder().feed(events), list)
    assert isinstance(NDJSONDecoder().feed(lines), list)


@given(body=st.binary(max_size=40), data=st.data())
def test_slices_join_to_the_bytes(body: bytes, data: st.DataObject) -> None:
    """Nothing is lost between slices."""
    assert b"".join(data.draw(slicings(body))) == body


@each_dialect
@settings(max_examples=20)
@given(data=st.data())
def test_legal_payloads_have_an_end_mark(dialect: Dialect, data: st.DataObject) -> None:
    """A stream holds its end mark once; a whole answer says what it means."""
    sample = data.draw(streams(dialect))
    assert sample.ends_at is not None
    assert data.draw(wholes(dialect)).expected.finish_reason in dialect.reasons


@each_dialect
@pytest.mark.parametrize("kind", Fault)
@settings(max_examples=10)
@given(data=st.data())
def test_each_fault_can_be_asked_for(dialect: Dialect, kind: Fault, data: st.DataObject) -> None:
    """A strategy of one kind of fault gives that kind alone."""
    found, sample = data.draw(faults(dialect, (kind,)))
    assert (found.value, sample.name) == (kind.value, kind.value)


def test_an_answer_is_fitted_to_its_wire() -> None:
    """What a wire cannot say is left out, of the bytes and of what they mean."""
    several = Answer(
        reasoning=("Hm.",),
        seal="seal",
        calls=(WrittenCall("f"), WrittenCall("g", call_id="c2")),
        reason=FinishReason.TOOL_CALLS,
    )
    poor = Dialect(
        name="poor",
        headers={},
        end_mark=b"]",
        write_stream=lambda answer: [b"[", repr(answer).encode(), b"]"],
        write_whole=lambda answer: repr(answer).encode(),
        abilities=frozenset(),
        styles=frozenset({PLAIN.style}),
        reasons={FinishReason.STOP: "stop", FinishReason.TOOL_CALLS: "stop"},
    )
    sample = poor.stream(several)
    assert (sample.expected.reasoning, sample.expected.sealed) == ("", ())
    assert [call.name for call in sample.expected.tool_calls or ()] == ["f"]
    assert not poor.can_say(Ability.REASONING)
