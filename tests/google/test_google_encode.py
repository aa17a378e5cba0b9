"""Tests of requests as the JSON body of generateContent."""

from __future__ import annotations

from typing import Any

import pytest

from headwater import (
    ChatRequest,
    JSONObject,
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
from headwater_google._encode import encode_count, encode_request

SCHEMA: JSONObject = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = Tool("get_weather", "Tells the weather.", SCHEMA)


def _request(*messages: Message, model: str = "gemini-3.6-flash", **fields: Any) -> ChatRequest:
    given = messages or (user("Hi"),)
    return ChatRequest(model=ModelId("google", model), messages=given, **fields)


def _body(*messages: Message, model: str = "gemini-3.6-flash", **fields: Any) -> dict[str, Any]:
    return encode_request(_request(*messages, model=model, **fields)).body


def test_what_is_not_said_is_not_sent() -> None:
    """A bare prompt is contents, and nothing else."""
    assert _body() == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


def test_system_messages_stand_in_their_own_place() -> None:
    """All that system messages say is the system instruction, wherever they stood."""
    body = _body(system("Be kind."), user("Hi"), assistant("Hello"), system("Be brief."), user("?"))
    assert body["systemInstruction"] == {"parts": [{"text": "Be kind."}, {"text": "Be brief."}]}
    assert [content["role"] for content in body["contents"]] == ["user", "model", "user"]


def test_settings_have_the_names_of_the_wire() -> None:
    """Each setting that the caller gave is in the generation config."""
    body = _body(
        temperature=0.5, top_p=0.9, max_output_tokens=100, stop=("END",), seed=7, cache=None
    )
    assert body["generationConfig"] == {
        "temperature": 0.5,
        "topP": 0.9,
        "maxOutputTokens": 100,
        "stopSequences": ["END"],
        "seed": 7,
    }


@pytest.mark.parametrize(
    ("wanted", "config"),
    [
        (ResponseFormat(None), {"responseMimeType": "application/json"}),
        (
            ResponseFormat(SCHEMA),
            {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA},
        ),
    ],
    ids=["any-json", "schema"],
)
def test_structured_answers_are_asked_for_natively(
    wanted: ResponseFormat, config: dict[str, object]
) -> None:
    """A schema goes out as JSON Schema, unchanged."""
    assert _body(response_format=wanted)["generationConfig"] == config


@pytest.mark.parametrize(
    ("choice", "calling"),
    [
        (ToolChoice.AUTO, {"mode": "AUTO"}),
        (ToolChoice.REQUIRED, {"mode": "ANY"}),
        (ToolChoice.NONE, {"mode": "NONE"}),
        ("get_weather", {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}),
    ],
    ids=["auto", "required", "none", "name"],
)
def test_tool_choice_is_a_mode(choice: ToolChoice | str, calling: dict[str, object]) -> None:
    """The model may, must or must not call, or must call one by name."""
    body = _body(tools=(WEATHER,), tool_choice=choice)
    assert body["toolConfig"] == {"functionCallingConfig": calling}


def test_tools_are_declared_by_json_schema() -> None:
    """A tool's schema goes out unchanged."""
    declared = {
        "name": "get_weather",
        "description": "Tells the weather.",
        "parametersJsonSchema": SCHEMA,
    }
    body = _body(tools=(WEATHER,))
    assert body["tools"] == [{"functionDeclarations": [declared]}]
    assert "toolConfig" not in body


LEVEL = {"includeThoughts": True, "thinkingLevel": "low"}


@pytest.mark.parametrize(
    ("model", "effort", "config"),
    [
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-2.5-flash-lite", "low", {"includeThoughts": True, "thinkingBudget": 1024}),
        ("gemini-2.5-pro", "high", {"includeThoughts": True, "thinkingBudget": 24576}),
        ("models/gemini-2.5-pro", "medium", {"includeThoughts": True, "thinkingBudget": 8192}),
        ("gemini-3-pro-preview", "low", LEVEL),
        ("gemini-3.1-pro-preview", "low", LEVEL),
        ("gemini-3.6-flash", "low", LEVEL),
        ("gemini-99-ultra", "low", LEVEL),
        ("gemini-2.0-flash", "none", None),
        ("gemini-3-flash-preview", None, None),
    ],
)
def test_effort_is_what_the_family_understands(
    model: str, effort: str | None, config: dict[str, object] | None
) -> None:
    """Budgets on 2.5, levels from 3 on; a model that nobody knows is tried as the newest."""
    reasoning = ReasoningEffort(effort) if effort else None
    body = _body(model=model, reasoning=reasoning)
    assert body.get("generationConfig", {}).get("thinkingConfig") == config


@pytest.mark.parametrize(
    ("model", "effort", "taken"),
    [
        ("gemini-2.0-flash", "low", "it takes none"),
        ("gemini-2.5-flash-image", "low", "it takes none"),
        ("gemini-2.5-pro", "none", "minimal, low, medium, high"),
        ("gemini-3-pro-preview", "medium", "low, high"),
        ("gemini-3.1-pro-preview", "minimal", "low, medium, high"),
        ("gemini-3.6-flash", "none", "minimal, low, medium, high"),
    ],
)
def test_effort_that_the_family_lacks_is_refused(model: str, effort: str, taken: str) -> None:
    """The error says what the model takes."""
    with pytest.raises(UnsupportedFeature, match=taken):
        _body(model=model, reasoning=ReasoningEffort(effort))


def test_extra_joins_the_body_last() -> None:
    """An object is joined field by field, a list takes its place, the rest is added."""
    extra = {
        "generationConfig": {"topK": 40, "temperature": 1},
        "tools": [{"googleSearch": {}}],
        "cachedContent": "cachedContents/x",
    }
    body = _body(temperature=0.5, seed=1, tools=(WEATHER,), extra=extra)
    assert body["generationConfig"] == {"temperature": 1, "seed": 1, "topK": 40}
    assert body["tools"] == [{"googleSearch": {}}]
    assert body["cachedContent"] == "cachedContents/x"


def test_a_count_counts_everything() -> None:
    """System prompt and tools are in it; Vertex AI has no place for the rest."""
    request = _request(system("S"), user("Hi"), tools=(WEATHER,), extra={"cachedContent": "c"})
    whole = encode_request(request).body
    assert encode_count(request, is_vertex=False) == {
        "generateContentRequest": {"model": "models/gemini-3.6-flash", **whole}
    }
    del whole["cachedContent"]
    assert encode_count(request, is_vertex=True) == whole
