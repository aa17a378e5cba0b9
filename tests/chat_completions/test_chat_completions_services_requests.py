"""Tests of what each hosted service is sent: names of fields, efforts, tools, reasoning."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headwater import (
    ChatRequest,
    Image,
    Message,
    ModelId,
    Reasoning,
    ReasoningEffort,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    UnsupportedFeature,
    tool_result,
    user,
)
from headwater_chat_completions._encode import encode_request
from headwater_chat_completions._messages import Conversation

from .hosted import HOSTED, service_of

TOOLS = (Tool("f", "Does f.", {"type": "object", "properties": {}}),)
SCHEMA = ResponseFormat({"type": "object", "properties": {}})


def _body(model: str, **given: Any) -> dict[str, Any]:
    """Encode a request for a whole answer, without what every request has."""
    messages = given.setdefault("messages", (user("Hi"),))
    request = ChatRequest(model=ModelId.parse(model), **given)
    body = encode_request(request, service_of(request.model.provider).quirks, is_stream=False).body
    plain = len(messages) == 1
    return {key: body[key] for key in body if key != "model" and not (plain and key == "messages")}


@pytest.mark.parametrize(
    ("model", "given", "expected"),
    [
        ("mistral/m", {"seed": 5}, {"random_seed": 5}),
        ("groq/m", {"seed": 5}, {"seed": 5}),
        ("groq/m", {"max_output_tokens": 5}, {"max_tokens": 5}),
        ("mistral/m", {"max_output_tokens": 5}, {"max_tokens": 5}),
        ("openrouter/m", {"max_output_tokens": 5}, {"max_completion_tokens": 5}),
        ("azure/m", {"max_output_tokens": 5}, {"max_completion_tokens": 5}),
        ("groq/qwen/qwen3-32b", {}, {"reasoning_format": "parsed"}),
        ("groq/openai/gpt-oss-120b", {}, {}),
        ("groq/llama-3.3-70b-versatile", {}, {}),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value),
)
def test_settings_go_by_the_services_names(
    model: str, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    """What a service calls differently, or has to be told, is declared in its row."""
    assert _body(model, **given) == expected


@pytest.mark.parametrize("name", sorted(HOSTED.keys() - {"perplexity"}))
def test_a_tool_must_be_called_in_the_services_word(name: str) -> None:
    """Mistral says "any" where the others say "required"."""
    body = _body(f"{name}/m", tools=TOOLS, tool_choice=ToolChoice.REQUIRED)
    assert body["tool_choice"] == ("any" if name == "mistral" else "required")


@pytest.mark.parametrize(
    ("model", "efforts"),
    [
        ("groq/openai/gpt-oss-20b", ["-", "low", "low", "medium", "high"]),
        ("cerebras/gpt-oss-120b", ["-", "low", "low", "medium", "high"]),
        ("cerebras/zai-glm-4.7", ["none", "low", "low", "medium", "high"]),
        ("fireworks/accounts/fireworks/models/glm-5", ["none", "low", "low", "medium", "high"]),
        (
            "fireworks/accounts/fireworks/models/gpt-oss-20b",
            ["-", "low", "low", "medium", "high"],
        ),
        ("together/openai/gpt-oss-20b", ["-", "low", "low", "medium", "high"]),
        ("mistral/mistral-small-latest", ["none", "high", "high", "high", "high"]),
        ("perplexity/sonar", ["-", "minimal", "low", "medium", "high"]),
        ("azure/mine", ["none", "minimal", "low", "medium", "high"]),
        ("huggingface/m", ["none", "minimal", "low", "medium", "high"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_effort_is_the_next_higher_that_the_model_has(model: str, efforts: list[str]) -> None:
    """An effort that a model lacks is rounded up; thinking that cannot be left out is not."""
    sent = []
    for effort in ReasoningEffort:
        try:
            sent.append(_body(model, reasoning=effort)["reasoning_effort"])
        except UnsupportedFeature:
            sent.append("-")
    assert sent == efforts


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        (
            "deepseek/m",
            "low",
            {"thinking": {"type": "enabled"}, "reasoning_effort": "low"},
        ),
        ("deepseek/m", "none", {"thinking": {"type": "disabled"}}),
        ("openrouter/m", "high", {"reasoning": {"effort": "high"}}),
        ("openrouter/m", "none", {"reasoning": {"effort": "none"}}),
        ("zai/m", "medium", {"thinking": {"type": "enabled"}}),
        ("zai/m", "none", {"thinking": {"type": "disabled"}}),
        ("together/m", "none", {"reasoning": {"enabled": False}}),
        ("together/m", "high", {"reasoning_effort": "high"}),
        (
            "groq/qwen/qwen3-32b",
            "none",
            {"reasoning_format": "parsed", "reasoning_effort": "none"},
        ),
        (
            "groq/qwen/qwen3-32b",
            "low",
            {"reasoning_format": "parsed", "reasoning_effort": "default"},
        ),
        ("groq/new", "low", {"reasoning_format": "parsed", "reasoning_effort": "low"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_effort_goes_in_the_services_fields(
    model: str, effort: str, expected: dict[str, Any]
) -> None:
    """How long to think is said in the fields of the service; an unknown model is tried."""
    assert _body(model, reasoning=ReasoningEffort(effort)) == expected


@pytest.mark.parametrize(
    ("model", "given", "what"),
    [
        ("perplexity/m", {"tools": TOOLS}, "takes no tools"),
        ("perplexity/m", {"seed": 1}, "takes no seed"),
        ("perplexity/m", {"response_format": ResponseFormat(None)}, "give a JSON schema"),
        ("deepseek/m", {"response_format": SCHEMA}, 'response_format="json"'),
        ("zai/m", {"response_format": SCHEMA}, 'response_format="json"'),
        (
            "deepseek/m",
            {"messages": (user("a", Image.from_bytes(b"a", "image/png")),)},
            "an image",
        ),
        ("groq/openai/gpt-oss-20b", {"reasoning": ReasoningEffort.NONE}, "minimal, low, medium"),
        (
            "perplexity/m",
            {
                "messages": (
                    user("a"),
                    Message(Role.ASSISTANT, (ToolCall("c", "f", raw_arguments="{}"),)),
                    tool_result("c", "1"),
                )
            },
            "tool calls",
        ),
    ],
    ids=["tools", "seed", "json", "schema", "schema-zai", "image", "effort", "history"],
)
def test_what_a_service_lacks_is_refused(model: str, given: dict[str, Any], what: str) -> None:
    """What a service cannot do is told before anything is sent, with what to do instead."""
    with pytest.raises(UnsupportedFeature, match=what):
        _body(model, **given)


@pytest.mark.parametrize("name", sorted({*HOSTED, "azure"} - {"deepseek", "zai"}))
def test_an_answer_is_held_to_a_schema_natively(name: str) -> None:
    """Where a service takes a schema, it gets it."""
    assert _body(f"{name}/m", response_format=SCHEMA)["response_format"]["type"] == "json_schema"


def _turns(origin: str, *, has_called: bool) -> tuple[Message, ...]:
    """Give a conversation whose first turn thought, and called a tool if it is to."""
    call = ToolCall("toolu_0123456789", "f", raw_arguments="{}")
    details = {"reasoning_details": [{"type": "reasoning.text", "text": "Hm", "signature": "s"}]}
    thought = Reasoning("Hm", replay=details)
    parts = (thought, Text("a"), *((call,) if has_called else ()))
    answer = Message(Role.ASSISTANT, parts, origin=origin)
    end_of_turn = Message(Role.ASSISTANT, (thought, Text("b")), origin=origin)
    results = (tool_result(call.call_id, "1"), end_of_turn) if has_called else ()
    return user("Hi"), answer, *results, user("Go on.")


@pytest.mark.parametrize(
    ("name", "has_called", "expected"),
    [
        ("deepseek", False, [{}]),
        ("deepseek", True, [{"reasoning_content": "Hm"}] * 2),
        ("fireworks", True, [{"reasoning_content": "Hm"}] * 2),
        ("groq", True, [{}, {}]),
        (
            "openrouter",
            False,
            [{"reasoning_details": [{"type": "reasoning.text", "text": "Hm", "signature": "s"}]}],
        ),
    ],
    ids=["deepseek", "deepseek-tools", "fireworks-tools", "groq", "openrouter"],
)
def test_reasoning_goes_back_as_the_service_wants_it(
    name: str, has_called: bool, expected: list[dict[str, Any]]
) -> None:
    """Reasoning is sent back in the service's form, or not at all."""
    body = _body(f"{name}/m", messages=_turns(f"{name}-chat", has_called=has_called))
    sent = [message for message in body["messages"] if message["role"] == "assistant"]
    kept = [{key: m[key] for key in m if key.startswith("reasoning")} for m in sent]
    assert kept == expected


@pytest.mark.parametrize("name", ["cerebras", "deepseek", "mistral", "openrouter"])
def test_the_reasoning_of_another_service_is_dropped_and_named(name: str) -> None:
    """What one service thought goes to no other, whatever form that one wants its own in."""
    conversation = Conversation(ModelId(name, "m"), service_of(name).quirks)
    encoded = conversation.encode(_turns("groq-chat", has_called=True))
    assert conversation.dropped == ["reasoning of groq-chat"]
    assert "Hm" not in str(encoded)


def test_mistral_gets_thinking_as_parts_and_short_ids() -> None:
    """Thinking goes back as a part of the content, and ids have nine letters and digits."""
    messages = _body("mistral/m", messages=_turns("mistral-chat", has_called=True))["messages"]
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}
    assert messages[1]["content"] == [thinking, {"type": "text", "text": "a"}]
    (call,) = messages[1]["tool_calls"]
    assert len(call["id"]) == 9
    assert call["id"].isalnum()
    assert messages[2]["tool_call_id"] == call["id"]
