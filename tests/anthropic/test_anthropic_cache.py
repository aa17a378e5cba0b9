"""Asking that a prompt be cached, without a network."""

from __future__ import annotations

from typing import Any

import pytest

from headwater import (
    Cache,
    ChatRequest,
    InvalidRequest,
    Message,
    ModelId,
    Role,
    Text,
    ToolCall,
    ToolResult,
    system,
    user,
)
from headwater_anthropic._encode import Encoded, encode_request


def encode(*messages: Message, cache: Cache | None = None) -> Encoded:
    """Encode a conversation."""
    model = ModelId("anthropic", "claude-sonnet-4-5")
    request = ChatRequest(model=model, messages=messages, cache=cache)
    return encode_request(request, is_stream=False)


@pytest.mark.parametrize("cache", Cache)
def test_a_prompt_is_cached_whole(cache: Cache) -> None:
    """The whole request asks at the top, and the API finds the place."""
    assert encode(user("Hello"), cache=cache).body["cache_control"] == {
        "type": "ephemeral",
        "ttl": cache.value,
    }


def test_places_to_cache_up_to_are_marked() -> None:
    """Each marked part carries its mark, the system prompt and results too."""
    call = Message(Role.ASSISTANT, ToolCall("t1", "f"))
    result = Message(Role.TOOL, ToolResult("t1", "1", cache=True))
    encoded = encode(system("Be kind.", cache="1h"), user(Text("a", cache="5m")), call, result)
    sent: Any = encoded.body
    assert sent["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert sent["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral", "ttl": "5m"}
    assert sent["messages"][2]["content"][0]["cache_control"] == {"type": "ephemeral", "ttl": "5m"}


def test_a_fifth_place_is_refused() -> None:
    """The API allows four, the one of the whole request among them."""
    marked = [Text(word, cache=Cache.SHORT) for word in "abcd"]
    assert encode(user(*marked)).body["messages"]
    with pytest.raises(InvalidRequest, match="marks 5"):
        encode(user(*marked), cache=Cache.SHORT)
