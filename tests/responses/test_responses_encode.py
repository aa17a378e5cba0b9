"""Tests of a request as a JSON body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater import (
    ChatRequest,
    InvalidRequest,
    JSONObject,
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
from headwater_responses import Quirks
from headwater_responses._encode import encode_count, encode_request

MODEL = ModelId("openai", "m1")
SCHEMA: JSONObject = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
TOOL = Tool("f", "Does f.", SCHEMA)


def _request(**given: Any) -> ChatRequest:
    return ChatRequest(**{"model": MODEL, "messages": (user("Hi"),), **given})


def _body(quirks: Quirks | None = None, *, is_stream: bool = False, **given: Any) -> dict[str, Any]:
    return encode_request(_request(**given), quirks or Quirks(), is_stream=is_stream).body


def test_a_body_is_stateless_and_asks_for_sealed_reasoning() -> None:
    """Nothing is stored, reasoning comes sealed, and what is not set is not sent."""
    assert _body() == {
        "model": "m1",
        "input": [{"role": "user", "content": "Hi"}],
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }
    assert _body(is_stream=True) == {**_body(), "stream": True}


def test_settings_have_their_fields() -> None:
    """Each setting goes by the wire's name."""
    body = _body(max_output_tokens=16, temperature=0.5, top_p=0.9, reasoning=ReasoningEffort.LOW)
    expected = {
        "max_output_tokens": 16,
        "temperature": 0.5,
        "top_p": 0.9,
        "reasoning": {"effort": "low", "summary": "auto"},
    }
    assert {key: body[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("quirks", "effort", "sent"),
    [
        (Quirks(), ReasoningEffort.NONE, {"effort": "none"}),
        (Quirks(summary=None), ReasoningEffort.HIGH, {"effort": "high"}),
        (Quirks(summary="concise"), ReasoningEffort.HIGH, {"effort": "high", "summary": "concise"}),
    ],
    ids=["none", "no-summary", "other-summary"],
)
def test_a_summary_is_asked_for_where_there_is_reasoning(
    quirks: Quirks, effort: ReasoningEffort, sent: object
) -> None:
    """What is asked of the reasoning is declared; without reasoning it has no summary."""
    assert _body(quirks, reasoning=effort)["reasoning"] == sent


def test_a_model_that_does_not_reason_is_asked_nothing_of_it() -> None:
    """A family that refuses such fields is sent none; to ask it to think is refused by name."""
    quirks = Quirks(plain_families=("m",))
    assert not {"include", "reasoning"} & set(_body(quirks, reasoning=ReasoningEffort.NONE))
    with pytest.raises(UnsupportedFeature, match='openai/m1 does not reason: "low"'):
        _body(quirks, reasoning=ReasoningEffort.LOW)


@pytest.mark.parametrize(
    ("make", "kind", "what"),
    [
        (lambda: _body(stop=("a",)), UnsupportedFeature, "no stop texts"),
        (lambda: _body(seed=0), UnsupportedFeature, "no seed"),
        (lambda: _body(max_output_tokens=15), InvalidRequest, "at least 16 for openai/m1"),
    ],
    ids=["stop", "seed", "max-output-tokens"],
)
def test_what_the_api_has_not_is_refused_by_name(
    make: Callable[[], object], kind: type[Exception], what: str
) -> None:
    """A setting that the API would refuse is told before anything is sent."""
    with pytest.raises(kind, match=what):
        make()


def test_a_server_may_have_no_least_number_of_tokens() -> None:
    """The least is declared, and a server may have none."""
    assert _body(Quirks(min_output_tokens=None), max_output_tokens=1)["max_output_tokens"] == 1


def test_tools_are_flat() -> None:
    """A tool's schema is sent as it is, and the server told not to rewrite it."""
    body = _body(tools=(TOOL,))
    described = {"name": "f", "description": "Does f.", "parameters": SCHEMA, "strict": False}
    assert body["tools"] == [{"type": "function", **described}]
    assert "tool_choice" not in body


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (ToolChoice.AUTO, "auto"),
        (ToolChoice.NONE, "none"),
        (ToolChoice.REQUIRED, "required"),
        ("f", {"type": "function", "name": "f"}),
    ],
    ids=["auto", "none", "required", "name"],
)
def test_the_choice_of_a_tool_is_told(choice: ToolChoice | str, sent: object) -> None:
    """Whether a tool may, must or must not be called, or which."""
    assert _body(tools=(TOOL,), tool_choice=choice)["tool_choice"] == sent


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        (ResponseFormat(None), {"type": "json_object"}),
        (
            ResponseFormat(SCHEMA, name="thing"),
            {
                "type": "json_schema",
                "name": "thing",
                "schema": {**SCHEMA, "additionalProperties": False},
                "strict": True,
            },
        ),
        (
            ResponseFormat(SCHEMA, is_strict=False),
            {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": False},
        ),
        (
            ResponseFormat({**SCHEMA, "required": []}),
            {
                "type": "json_schema",
                "name": "answer",
                "schema": {**SCHEMA, "required": [], "additionalProperties": False},
                "strict": False,
            },
        ),
    ],
    ids=["json", "strict", "loose", "optional"],
)
def test_the_form_of_the_answer_is_told(wanted: ResponseFormat, sent: object) -> None:
    """JSON, or JSON of a schema: strictly where strict mode can express it."""
    assert _body(response_format=wanted)["text"] == {"format": sent}


def test_a_strict_schema_is_closed_at_every_depth() -> None:
    """An object that says nothing of further properties has none, wherever it stands."""
    inner: JSONObject = {"type": "array", "items": {"anyOf": [SCHEMA, {"type": "null"}]}}
    schema: JSONObject = {"type": "object", "properties": {"b": inner}, "required": ["b"]}
    sent = _body(response_format=ResponseFormat(schema))["text"]["format"]
    closed = {**SCHEMA, "additionalProperties": False}
    assert sent["strict"] is True
    assert sent["schema"]["properties"]["b"]["items"]["anyOf"][0] == closed


def test_extra_comes_last() -> None:
    """What only this server knows is merged into the body as it is, and wins."""
    extra = {"store": True, "include": [], "tools": [{"type": "web_search"}]}
    assert _body(tools=(TOOL,), extra=extra).items() >= extra.items()


def test_extra_joins_the_objects_that_options_are_fields_of() -> None:
    """An effort and a form of the answer stay where `extra` adds a field beside them."""
    extra = {"reasoning": {"summary": "detailed"}, "text": {"verbosity": "low"}}
    given: dict[str, Any] = {
        "reasoning": ReasoningEffort.LOW,
        "response_format": ResponseFormat(None),
    }
    body = _body(extra=extra, **given)
    assert body["reasoning"] == {"effort": "low", "summary": "detailed"}
    assert body["text"] == {"format": {"type": "json_object"}, "verbosity": "low"}
    counted = encode_count(_request(extra=extra, **given), Quirks())
    assert counted["reasoning"] == body["reasoning"]


@pytest.mark.parametrize(
    "extra",
    [
        {"reasoning": None},
        {"text": {"format": {"type": "text"}}},
        {"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": []}},
    ],
    ids=["null", "same-field", "another-object"],
)
def test_extra_wins_where_both_say_the_same(extra: JSONObject) -> None:
    """What `extra` says takes the place of the option of the same name."""
    body = _body(
        extra=extra,
        reasoning=ReasoningEffort.LOW,
        response_format=ResponseFormat(None),
        tools=(TOOL,),
        tool_choice="f",
    )
    assert body.items() >= extra.items()


HISTORY = (system("Be kind."), user("a"), assistant("b"), user("c"), user("d"))


@pytest.mark.parametrize("field", ["previous_response_id", "conversation"])
def test_what_the_server_knows_is_not_sent_again(field: str) -> None:
    """With what the server has stored, only what follows the last answer is sent."""
    body = _body(messages=HISTORY, extra={field: "r1"})
    assert body[field] == "r1"
    assert [item["content"] for item in body["input"]] == ["c", "d"]
    assert _body(messages=HISTORY[:2], extra={field: "r1"})["input"][0]["role"] == "system"
    assert len(_body(messages=HISTORY, extra={field: None})["input"]) == 5


def test_a_count_is_asked_for_the_input_alone() -> None:
    """What bears on the answer alone is not sent to be counted, nor refused."""
    request = _request(
        tools=(TOOL,),
        max_output_tokens=1,
        stop=("a",),
        seed=1,
        temperature=0.0,
        reasoning=ReasoningEffort.LOW,
        response_format=ResponseFormat(None),
        extra={"store": True, "truncation": "auto"},
    )
    assert set(encode_count(request, Quirks())) == {
        "model",
        "input",
        "tools",
        "reasoning",
        "text",
        "truncation",
    }
