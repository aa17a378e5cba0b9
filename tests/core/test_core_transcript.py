"""Turns as JSON."""

from __future__ import annotations

import json
from datetime import UTC

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import (
    Audio,
    Cache,
    ChatResponse,
    Document,
    FinishReason,
    Image,
    Message,
    ModelId,
    ProviderEvent,
    ProviderPart,
    Reasoning,
    Role,
    StorageError,
    Text,
    ToolCall,
    ToolResult,
    Usage,
    Video,
)
from headwater.parts import PART_TYPES, Part
from headwater.transcript import _READERS, read, read_json, write, write_json
from headwater.turns import Spending, Turn

texts = st.text()
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(texts, plain, max_size=3)
sealed = st.none() | objects
caches = st.none() | st.sampled_from(Cache)
media = st.sampled_from([Image, Document, Audio, Video]).flatmap(
    lambda kind: (
        st.builds(kind, st.just("a/b"), st.binary(), name=st.none() | texts, cache=caches)
        | st.builds(kind, st.none() | texts, url=st.just("https://a.b/c"))
    )
)
words = st.builds(Text, texts, cache=caches, is_refusal=st.booleans(), replay=sealed)
parts: st.SearchStrategy[Part] = st.one_of(
    words,
    media,
    st.builds(
        ToolCall,
        texts,
        texts,
        arguments=sealed,
        raw_arguments=texts,
        is_valid=st.booleans(),
        replay=sealed,
    ),
    st.builds(ToolResult, texts, st.lists(words | media, max_size=2), is_error=st.booleans()),
    st.builds(Reasoning, texts, replay=sealed),
    st.builds(ProviderPart, texts, objects),
)
messages = st.builds(
    Message, st.sampled_from(Role), st.lists(parts, max_size=3), origin=st.none() | texts
)
counts = st.none() | st.integers(0)
responses = st.builds(
    ChatResponse,
    messages,
    finish_reason=st.none() | st.sampled_from(FinishReason),
    raw_reason=st.none() | texts,
    usage=st.builds(Usage, counts, counts, reasoning_tokens=counts),
    dropped=st.lists(texts, max_size=2).map(tuple),
    provider_events=st.lists(st.builds(ProviderEvent, texts, objects), max_size=2).map(tuple),
)
turns = st.builds(
    Turn,
    st.lists(messages, max_size=2).map(tuple),
    st.none() | responses,
    model=st.none() | st.just(ModelId("p", "a/b:c")),
    total_s=st.none() | st.floats(0, 1e6),
    started_at=st.datetimes(timezones=st.just(UTC)),
)


@given(turn=turns)
def test_a_turn_comes_back_as_it_was(turn: Turn) -> None:
    """Every part, sealed data, bytes, half a surrogate pair: in one line of valid UTF-8."""
    text = write_json(turn)
    text.encode()
    assert "\n" not in text
    assert read(Turn, read_json(text, "here")) == turn


@given(value=plain)
def test_what_is_no_turn_is_refused(value: object) -> None:
    """Whatever JSON says, the error is ours."""
    with pytest.raises(StorageError):
        read(Turn, value)
    with pytest.raises(StorageError):
        read(Turn, {"asked": value, "started_at": value})


def test_every_field_can_be_read() -> None:
    """A field of a new kind has to be told how."""
    kinds = (*PART_TYPES, Message, Usage, ChatResponse, ProviderEvent, Turn, Spending)
    wanted = {str(field.type) for kind in kinds for field in attrs.fields(kind)}
    assert wanted - set(_READERS) == set()


def test_defaults_are_left_out() -> None:
    """So that a file stays small, and a field may be added."""
    message = Message(Role.USER, "Hi")
    assert write(message) == {"role": "user", "parts": [{"part": "text", "text": "Hi"}]}


def test_what_json_cannot_say_is_refused() -> None:
    """A set for instance, which no provider's answer holds."""
    with pytest.raises(StorageError, match="cannot say set"):
        write_json({"a": {1}})


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, json.dumps("a") + "b"])
def test_what_is_no_json_is_refused(text: str) -> None:
    """With where it stands."""
    with pytest.raises(StorageError, match="line 7: expected JSON"):
        read_json(text, "line 7")
