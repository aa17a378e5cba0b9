"""Requests as JSON bodies, without a network."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from headwater import (
    Cache,
    ChatRequest,
    HeadwaterError,
    InvalidRequest,
    Message,
    ModelId,
    ReasoningEffort,
    ResponseFormat,
    Tool,
    ToolChoice,
    UnsupportedFeature,
    assistant,
    system,
    user,
)
from headwater_anthropic._encode import encode_count, encode_request
from headwater_anthropic._models import UNKNOWN_MAX_TOKENS

WEATHER = Tool("weather", "Tells the weather.", {"type": "object", "properties": {}})


def request(*messages: Message, model: str = "claude-sonnet-4-5", **more: Any) -> ChatRequest:
    """Make a request of a conversation; without one, of a greeting."""
    asked = ModelId("anthropic", model)
    return ChatRequest(model=asked, messages=messages or (user("Hello"),), **more)


def body(*messages: Message, **more: Any) -> dict[str, Any]:
    """Encode a request without streaming."""
    return encode_request(request(*messages, **more), is_stream=False).body


def test_what_was_not_set_is_not_sent() -> None:
    """A body holds what was asked and what the API insists on, and nothing else."""
    assert body() == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 64_000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
    }


def test_a_stream_is_asked_for() -> None:
    """Only the request for a stream says that it is one."""
    assert encode_request(request(), is_stream=True).body["stream"] is True


def test_settings_have_their_names() -> None:
    """The numbers and stops go where the API looks for them."""
    made = body(max_output_tokens=9, temperature=0.5, top_p=0.9, stop=("END", "FIN"))
    assert {name: made[name] for name in ("max_tokens", "temperature", "top_p")} == {
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
    }
    assert made["stop_sequences"] == ["END", "FIN"]


@pytest.mark.parametrize(
    ("model", "max_tokens"),
    [
        ("claude-3-haiku-20240307", 4_096),
        ("claude-3-5-sonnet-20241022", 8_192),
        ("claude-3-7-sonnet-latest", 64_000),
        ("claude-opus-4-20250514", 32_000),
        ("claude-opus-4-1-20250805", 32_000),
        ("claude-sonnet-4-5-20250929", 64_000),
        ("anthropic/claude-sonnet-4.5", 64_000),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", 64_000),
        ("claude-opus-4-8", 128_000),
        ("claude-sonnet-5", 128_000),
        ("claude-opus-9", UNKNOWN_MAX_TOKENS),
        ("qwen3", UNKNOWN_MAX_TOKENS),
    ],
)
def test_the_longest_answer_is_that_of_the_family(model: str, max_tokens: int) -> None:
    """The API insists on a limit, and the caller need not know it."""
    assert body(model=model)["max_tokens"] == max_tokens


@pytest.mark.parametrize(
    ("model", "effort", "thinking", "config"),
    [
        ("claude-sonnet-4-5", "none", {"type": "disabled"}, None),
        ("claude-sonnet-4-5", "minimal", {"type": "enabled", "budget_tokens": 1024}, None),
        ("claude-sonnet-4-5", "high", {"type": "enabled", "budget_tokens": 24576}, None),
        ("claude-opus-4-1", "high", {"type": "enabled", "budget_tokens": 16000}, None),
        ("claude-sonnet-4-6", "low", {"type": "adaptive"}, {"effort": "low"}),
        (
            "claude-sonnet-5",
            "minimal",
            {"type": "adaptive", "display": "summarized"},
            {"effort": "low"},
        ),
        ("claude-sonnet-5", "none", {"type": "disabled"}, None),
        (
            "claude-opus-5-5",
            "medium",
            {"type": "adaptive", "display": "summarized"},
            {"effort": "medium"},
        ),
        (
            "claude-opus-9",
            "high",
            {"type": "adaptive", "display": "summarized"},
            {"effort": "high"},
        ),
        ("claude-3-5-haiku", "none", None, None),
    ],
)
def test_effort_is_put_in_the_terms_of_the_family(
    model: str, effort: str, thinking: dict[str, Any] | None, config: dict[str, Any] | None
) -> None:
    """Older families take a budget, newer ones an effort; an unknown model is taken for new."""
    made = body(model=model, reasoning=ReasoningEffort(effort))
    assert made.get("thinking") == thinking
    assert made.get("output_config") == config


def test_a_budget_leaves_room_for_the_answer() -> None:
    """Of few tokens at most half are for thinking."""
    made = body(max_output_tokens=4000, reasoning=ReasoningEffort.HIGH)
    assert made["thinking"]["budget_tokens"] == 2000


@pytest.mark.parametrize(
    ("more", "kind", "says"),
    [
        pytest.param({"seed": 1}, UnsupportedFeature, "takes no seed", id="seed"),
        pytest.param(
            {"response_format": ResponseFormat(None)},
            UnsupportedFeature,
            "give response_format a schema",
            id="json-of-any-shape",
        ),
        pytest.param(
            {"model": "claude-3-5-haiku", "reasoning": ReasoningEffort.LOW},
            UnsupportedFeature,
            "claude-3-5-haiku does not reason",
            id="no-reasoning",
        ),
        pytest.param(
            {"model": "claude-fable-5", "reasoning": ReasoningEffort.NONE},
            UnsupportedFeature,
            'reasoning="minimal"',
            id="no-rest",
        ),
        pytest.param(
            {"reasoning": ReasoningEffort.LOW, "max_output_tokens": 1024},
            InvalidRequest,
            "raise max_output_tokens",
            id="no-room-to-reason",
        ),
        pytest.param(
            {
                "tools": (WEATHER,),
                "tool_choice": ToolChoice.REQUIRED,
                "reasoning": ReasoningEffort.LOW,
            },
            UnsupportedFeature,
            'reasoning="none"',
            id="forced-call-with-reasoning",
        ),
        pytest.param(
            {"tools": (WEATHER,), "tool_choice": "weather", "reasoning": ReasoningEffort.LOW},
            UnsupportedFeature,
            "leave out tool_choice",
            id="named-call-with-reasoning",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(
    more: dict[str, Any], kind: type[HeadwaterError], says: str
) -> None:
    """The refusal names the model and what to do, before anything is sent."""
    with pytest.raises(kind, match=says) as caught:
        body(**more)
    assert "anthropic/claude-" in str(caught.value)


def test_tools_are_described() -> None:
    """A tool is a name, a description and a schema."""
    assert body(tools=(WEATHER,))["tools"] == [
        {
            "name": "weather",
            "description": "Tells the weather.",
            "input_schema": {"type": "object", "properties": {}},
        }
    ]


@pytest.mark.parametrize(
    ("choice", "encoded"),
    [
        (None, None),
        (ToolChoice.AUTO, {"type": "auto"}),
        (ToolChoice.NONE, {"type": "none"}),
        (ToolChoice.REQUIRED, {"type": "any"}),
        ("weather", {"type": "tool", "name": "weather"}),
    ],
    ids=["unsaid", "auto", "none", "required", "named"],
)
def test_the_choice_of_a_tool_has_its_word(
    choice: ToolChoice | str | None, encoded: dict[str, str] | None
) -> None:
    """Each choice has a form of its own."""
    assert body(tools=(WEATHER,), tool_choice=choice).get("tool_choice") == encoded


def test_a_tool_may_be_left_to_choice_while_reasoning() -> None:
    """Only forcing a call and reasoning exclude each other."""
    made = body(tools=(WEATHER,), tool_choice=ToolChoice.AUTO, reasoning=ReasoningEffort.LOW)
    assert made["tool_choice"] == {"type": "auto"}


@attrs.frozen
class City:
    """A city, for a schema."""

    name: str


def test_a_schema_is_held_to() -> None:
    """Each object of the schema is closed, as the API insists."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "cities": {"type": "array", "items": {"type": "object", "properties": {}}},
            "any": {"anyOf": [{"type": "object"}, {"type": "null"}]},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["cities"],
    }
    config = body(response_format=ResponseFormat(schema))["output_config"]
    closed = config["format"]["schema"]
    assert config["format"]["type"] == "json_schema"
    assert closed["additionalProperties"] is False
    assert closed["properties"]["cities"]["items"]["additionalProperties"] is False
    assert closed["properties"]["any"]["anyOf"] == [
        {"type": "object", "additionalProperties": False},
        {"type": "null"},
    ]
    assert closed["properties"]["map"] == schema["properties"]["map"]


def test_a_schema_and_an_effort_go_together() -> None:
    """Both stand in one object of the body."""
    wanted = ResponseFormat.of(City)
    made = body(model="claude-opus-5", response_format=wanted, reasoning=ReasoningEffort.LOW)
    assert set(made["output_config"]) == {"effort", "format"}


def test_extra_is_merged_last() -> None:
    """What only this API knows goes in as it is, and wins."""
    made = body(max_output_tokens=5, extra={"max_tokens": 6, "top_k": 3})
    assert (made["max_tokens"], made["top_k"]) == (6, 3)


def test_a_count_is_asked_without_what_is_no_input() -> None:
    """The endpoint refuses what does not bear on the count."""
    counted = encode_count(
        request(
            system("Be brief."),
            user("Hello"),
            temperature=1,
            tools=(WEATHER,),
            reasoning=ReasoningEffort.LOW,
            cache=Cache.SHORT,
            extra={"top_k": 3, "mcp_servers": []},
        )
    )
    assert set(counted) == {"model", "system", "messages", "tools", "thinking", "mcp_servers"}


def test_the_user_speaks_first() -> None:
    """A conversation that begins with the model is refused with what to do."""
    with pytest.raises(InvalidRequest, match="put a user message before"):
        body(assistant("Hi, I am here."), user("Hello"))
