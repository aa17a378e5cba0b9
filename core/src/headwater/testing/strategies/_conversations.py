"""Conversations, and the events and responses of answers."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...events import Event, FinishReason, ProviderEvent
from ...messages import Message, assistant, system, tool_result, user
from ...parts import Image, Part, ProviderPart, Reasoning, Text, ToolCall
from ...responses import ChatResponse, unfold
from ...usage import Provenance, Usage

__all__ = ["conversations", "event_sequences", "responses", "usages"]

_COUNTS = st.none() | st.integers(0, 10**6)
_OBJECTS: SearchStrategy[Mapping[str, str]] = st.dictionaries(
    st.text(max_size=3), st.text(max_size=3), max_size=2
)
_REPLAYS = st.none() | _OBJECTS
_WORDS = st.text(max_size=5)
_SAID = st.text(min_size=1, max_size=5)


def usages() -> SearchStrategy[Usage]:
    """Give counts of every provenance, each known or unknown."""
    return st.builds(
        Usage,
        _COUNTS,
        _COUNTS,
        cached_input_tokens=_COUNTS,
        cache_write_tokens=_COUNTS,
        reasoning_tokens=_COUNTS,
        provenance=st.sampled_from(Provenance),
    )


def _parts() -> SearchStrategy[Part]:
    return st.one_of(
        st.builds(Text, _SAID, replay=_REPLAYS),
        st.builds(Text, _SAID, is_refusal=st.just(True)),
        st.builds(Reasoning, _SAID, replay=_REPLAYS),
        st.builds(
            ToolCall,
            _WORDS,
            _WORDS,
            arguments=st.none() | _OBJECTS,
            raw_arguments=_WORDS,
            is_valid=st.booleans(),
            replay=_REPLAYS,
        ),
        st.builds(ProviderPart, _WORDS, _OBJECTS),
    )


def _apart(several: list[Part]) -> list[Part]:
    """Drop a part that runs on from the one before: two texts in a row are one."""
    kept: list[Part] = []
    for part in several:
        last = kept[-1] if kept else None
        runs_on = (
            isinstance(part, Text | Reasoning)
            and type(last) is type(part)
            and getattr(last, "replay", None) is None
            and getattr(last, "is_refusal", False) == getattr(part, "is_refusal", False)
        )
        if not runs_on:
            kept.append(part)
    return kept


def responses() -> SearchStrategy[ChatResponse]:
    """Give whole answers, of every kind of part."""
    return st.builds(
        ChatResponse,
        st.builds(
            Message,
            st.just("assistant"),
            st.lists(_parts(), max_size=6).map(_apart),
            origin=st.none() | _WORDS,
        ),
        finish_reason=st.sampled_from(FinishReason),
        raw_reason=st.none() | _WORDS,
        usage=usages(),
        model=st.none() | _WORDS,
        response_id=st.none() | _WORDS,
        dropped=st.lists(_WORDS, max_size=2).map(tuple),
        provider_events=st.lists(st.builds(ProviderEvent, _WORDS, _OBJECTS), max_size=2).map(tuple),
    )


def event_sequences() -> SearchStrategy[list[Event]]:
    """Give the events of whole answers, in the grammar of `headwater.events`."""
    return responses().map(_with_ids).map(lambda response: list(unfold(response)))


def _with_ids(response: ChatResponse) -> ChatResponse:
    """Give each tool call an id of its own, as the grammar asks."""
    parts = [
        attrs.evolve(part, call_id=f"call_{place}") if isinstance(part, ToolCall) else part
        for place, part in enumerate(response.message.parts)
    ]
    return attrs.evolve(response, message=attrs.evolve(response.message, parts=parts))


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """Give conversations that keep the rules of roles, each call answered, the last turn a user's.

    Args:
        draw: Given by hypothesis.
    """
    messages = [system(draw(_SAID))] if draw(st.booleans()) else []
    for turn in range(draw(st.integers(0, 2))):
        messages += _turn(draw, turn)
    return [*messages, _asked(draw)]


def _asked(draw: st.DrawFn) -> Message:
    words = draw(_SAID.filter(str.strip))
    picture = Image.from_bytes(b"\x89PNG", "image/png")
    return user(words, picture) if draw(st.booleans()) else user(words)


def _turn(draw: st.DrawFn, turn: int) -> list[Message]:
    """Make a turn: a question, and an answer with or without tool calls and their results."""
    calls = [
        ToolCall(f"call{turn}{place:04d}", "measure", arguments=said, raw_arguments="{}")
        for place, said in enumerate(draw(st.lists(_OBJECTS, max_size=2)))
    ]
    results = [tool_result(call.call_id, draw(_SAID)) for call in calls]
    reasoning = [Reasoning(draw(_SAID))] if draw(st.booleans()) else []
    return [_asked(draw), assistant(*reasoning, Text(draw(_SAID)), *calls), *results]
