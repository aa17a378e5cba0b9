"""Requests as the body of `/api/chat`."""

from __future__ import annotations

from typing import Any

import pytest

from headwater import (
    ChatRequest,
    InvalidRequest,
    ModelId,
    ReasoningEffort,
    ResponseFormat,
    Tool,
    ToolChoice,
    UnsupportedFeature,
    user,
)
from headwater_ollama._encode import Encoded, encode_request

MODEL = ModelId("ollama", "llama3.2:1b")
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = Tool("weather", "The weather in a city", SCHEMA)


def _encode(*, is_stream: bool = True, **settings: Any) -> Encoded:
    request = ChatRequest(model=MODEL, messages=(user("Hi"),), **settings)
    return encode_request(request, is_stream=is_stream)


@pytest.mark.parametrize("is_stream", [True, False], ids=["stream", "whole"])
def test_what_was_not_said_is_not_sent(is_stream: bool) -> None:
    """A plain request holds the model, the messages, and whether to stream, which has a default."""
    assert _encode(is_stream=is_stream) == Encoded(
        {
            "model": "llama3.2:1b",
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": is_stream,
        }
    )


def test_settings_go_where_ollama_reads_them() -> None:
    """Sampling stands in `options`, as at the top level it would be ignored."""
    body = _encode(
        max_output_tokens=9, temperature=0.0, top_p=0.5, seed=0, stop=("END",), cache=None
    ).body
    assert body["options"] == {
        "num_predict": 9,
        "temperature": 0.0,
        "top_p": 0.5,
        "seed": 0,
        "stop": ["END"],
    }
    assert set(body) == {"model", "messages", "stream", "options"}


def test_extra_is_merged_last() -> None:
    """What only Ollama knows goes in as it is, and wins over what was set."""
    extra = {"keep_alive": -1, "think": True, "stream": False}
    body = _encode(reasoning=ReasoningEffort.LOW, extra=extra).body
    assert (body["keep_alive"], body["think"], body["stream"]) == (-1, True, False)
    assert "options" not in body


def test_extra_options_find_their_place() -> None:
    """A setting that Ollama reads in `options` alone is put there; those set already stay."""
    extra = {"num_ctx": 8192, "options": {"top_k": 5, "seed": 2}, "temperature": 1}
    body = _encode(top_p=0.5, seed=1, extra=extra).body
    assert body["options"] == {
        "top_p": 0.5,
        "seed": 2,
        "top_k": 5,
        "num_ctx": 8192,
        "temperature": 1,
    }
    assert "num_ctx" not in body


def test_extra_options_that_are_no_object_are_refused() -> None:
    """An `options` that cannot be merged is named."""
    with pytest.raises(InvalidRequest, match=r'extra\["options"\]'):
        _encode(extra={"options": [1]})


@pytest.mark.parametrize(
    ("effort", "think"),
    [("none", False), ("minimal", "low"), ("low", "low"), ("medium", "medium"), ("high", "high")],
    ids=lambda value: str(value),
)
def test_effort_is_sent_as_ollama_knows_it(effort: str, think: object) -> None:
    """Each effort is the nearest that there is, and none of it is none."""
    assert _encode(reasoning=ReasoningEffort(effort)).body["think"] == think


@pytest.mark.parametrize(
    ("schema", "form"), [(None, "json"), (SCHEMA, SCHEMA)], ids=["json", "schema"]
)
def test_a_form_of_answer_is_native(schema: Any, form: object) -> None:
    """JSON of any kind has a word, a schema goes as it is."""
    assert _encode(response_format=ResponseFormat(schema)).body["format"] == form


@pytest.mark.parametrize("choice", [None, ToolChoice.AUTO], ids=str)
def test_tools_are_described(choice: ToolChoice | None) -> None:
    """A tool goes with its name, its description and its schema; a free choice has no word."""
    body = _encode(tools=(WEATHER,), tool_choice=choice).body
    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "The weather in a city",
                "parameters": SCHEMA,
            },
        }
    ]
    assert "tool_choice" not in body


def test_no_tool_may_be_called_where_none_is_sent() -> None:
    """The choice of none drops the tools."""
    assert "tools" not in _encode(tools=(WEATHER,), tool_choice=ToolChoice.NONE).body


@pytest.mark.parametrize("choice", [ToolChoice.REQUIRED, "weather"], ids=str)
def test_a_call_cannot_be_demanded(choice: ToolChoice | str) -> None:
    """A choice that the wire cannot express is refused, not ignored."""
    with pytest.raises(UnsupportedFeature, match="tool_choice"):
        _encode(tools=(WEATHER,), tool_choice=choice)


def test_encoding_changes_nothing_of_the_request() -> None:
    """A request can be encoded again, for another attempt."""
    extra: dict[str, Any] = {"options": {"num_ctx": 1}, "top_k": 3}
    request = ChatRequest(model=MODEL, messages=(user("Hi"),), extra=extra, seed=4)
    first = encode_request(request, is_stream=True)
    assert encode_request(request, is_stream=True) == first
    assert extra == {"options": {"num_ctx": 1}, "top_k": 3}
