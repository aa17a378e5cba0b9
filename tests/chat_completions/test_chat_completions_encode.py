"""Tests of a request as a JSON body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater import (
    Audio,
    ChatRequest,
    Document,
    Image,
    JSONObject,
    Message,
    ModelId,
    ReasoningEffort,
    ResponseFormat,
    Role,
    Tool,
    ToolChoice,
    UnsupportedFeature,
    Video,
    system,
    user,
)
from headwater_chat_completions import Quirks
from headwater_chat_completions._encode import encode_request

MODEL = ModelId("vllm", "m1")
SCHEMA: JSONObject = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def _body(quirks: Quirks | None = None, *, is_stream: bool = False, **given: Any) -> dict[str, Any]:
    given.setdefault("messages", (user("Hi"),))
    request = ChatRequest(model=MODEL, **given)
    return encode_request(request, quirks or Quirks(), is_stream=is_stream).body


def _content(*parts: Any, quirks: Quirks | None = None) -> Any:
    return _body(quirks, messages=(user(*parts),))["messages"][0]["content"]


def test_what_is_not_set_is_not_sent() -> None:
    """A body holds what the caller said, and nothing else."""
    assert _body() == {"model": "m1", "messages": [{"role": "user", "content": "Hi"}]}


def test_a_stream_is_asked_for_its_usage() -> None:
    """A stream asks for the count at its end, unless told that this server refuses to be asked."""
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    assert _body(is_stream=True).items() >= asked.items()
    assert "stream_options" not in _body(Quirks(asks_for_usage=False), is_stream=True)
    request = ChatRequest(model=MODEL, messages=(user("Hi"),))
    encoded = encode_request(request, Quirks(), is_stream=True, asks_for_usage=False)
    assert "stream_options" not in encoded.body


def test_settings_go_by_their_own_names() -> None:
    """Each setting has its field."""
    given = _body(
        max_output_tokens=5,
        temperature=0.5,
        top_p=0.9,
        stop=("a", "b"),
        seed=0,
        reasoning=ReasoningEffort.LOW,
    )
    assert (
        given.items()
        >= {
            "max_tokens": 5,
            "temperature": 0.5,
            "top_p": 0.9,
            "stop": ["a", "b"],
            "seed": 0,
            "reasoning_effort": "low",
        }.items()
    )


@pytest.mark.parametrize(
    ("quirks", "given", "expected"),
    [
        (Quirks(max_tokens_field="max_new"), {"max_output_tokens": 5}, {"max_new": 5}),
        (Quirks(seed_field="random_seed"), {"seed": 5}, {"random_seed": 5}),
        (
            Quirks(efforts={ReasoningEffort.NONE: {"thinking": {"type": "disabled"}}}),
            {"reasoning": ReasoningEffort.NONE},
            {"thinking": {"type": "disabled"}},
        ),
    ],
    ids=["max-tokens", "seed", "effort"],
)
def test_servers_have_their_own_words(
    quirks: Quirks, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    """What a server calls differently is declared, and goes by that name alone."""
    body = _body(quirks, **given)
    assert {key: body[key] for key in body if key not in ("model", "messages")} == expected


@pytest.mark.parametrize("role", ["system", "developer"])
def test_the_system_message_has_the_servers_role(role: str) -> None:
    """Newer OpenAI models call the system the developer."""
    body = _body(Quirks(system_role=role), messages=(system("Be kind."), user("Hi")))
    assert body["messages"][0] == {"role": role, "content": "Be kind."}


def test_extra_comes_last_and_wins() -> None:
    """What only this server knows is merged into the body as it is."""
    body = _body(temperature=0.5, extra={"temperature": 1, "top_k": 3})
    assert (body["temperature"], body["top_k"]) == (1, 3)


def test_several_texts_stay_several() -> None:
    """One text is a string; several are parts."""
    assert _content("a") == "a"
    assert _content("a", "b") == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]


@pytest.mark.parametrize(
    ("part", "piece"),
    [
        (
            Image.from_bytes(b"\x01", "image/png"),
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AQ=="}},
        ),
        (
            Image("image/png", url="https://h/a.png", detail="low"),
            {"type": "image_url", "image_url": {"url": "https://h/a.png", "detail": "low"}},
        ),
        (
            Audio.from_bytes(b"\x01", "audio/x-wav"),
            {"type": "input_audio", "input_audio": {"data": "AQ==", "format": "wav"}},
        ),
        (
            Audio.from_bytes(b"\x01", "audio/mpeg"),
            {"type": "input_audio", "input_audio": {"data": "AQ==", "format": "mp3"}},
        ),
        (
            Document.from_bytes(b"\x01", "application/pdf", name="a.pdf"),
            {
                "type": "file",
                "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AQ=="},
            },
        ),
        (
            Document.from_bytes(b"\x01", "application/pdf"),
            {
                "type": "file",
                "file": {
                    "filename": "document.pdf",
                    "file_data": "data:application/pdf;base64,AQ==",
                },
            },
        ),
    ],
    ids=["image", "image-url", "wav", "mp3", "pdf", "nameless-pdf"],
)
def test_files_are_sent_in_their_own_form(part: object, piece: dict[str, object]) -> None:
    """Images, sounds and documents go as the wire has them, in their place."""
    assert _content("See", part) == [{"type": "text", "text": "See"}, piece]


def test_a_video_goes_where_it_is_taken() -> None:
    """A server that declares videos gets them by their address."""
    sent = _content(Video.from_url("https://h/a.mp4"), quirks=Quirks(media=frozenset({Video})))
    assert sent == [{"type": "video_url", "video_url": {"url": "https://h/a.mp4"}}]


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: _content(Video.from_url("https://h/a.mp4")), "a video"),
        (lambda: _content(Audio.from_url("https://h/a.wav")), "a sound by its address"),
        (lambda: _content(Audio.from_bytes(b"a", "audio/ogg")), "a sound of type audio/ogg"),
        (lambda: _content(Document.from_url("https://h/a.pdf")), "a document by its address"),
        (lambda: _content(Document.from_bytes(b"a", "text/csv")), "a document of type text/csv"),
        (
            lambda: _content(
                Image.from_bytes(b"a", "image/png"), quirks=Quirks(media=frozenset({Audio}))
            ),
            "an image",
        ),
        (
            lambda: _body(
                messages=(
                    user("a"),
                    Message(Role.ASSISTANT, Image.from_bytes(b"a", "image/png")),
                    user("b"),
                )
            ),
            "an image in an assistant message",
        ),
        (lambda: _body(Quirks(seed_field=None), seed=1), "seed"),
        (lambda: _body(Quirks(efforts={}), reasoning=ReasoningEffort.LOW), 'effort "low"'),
        (
            lambda: _body(Quirks(takes_json_schema=False), response_format=ResponseFormat(SCHEMA)),
            "JSON schema",
        ),
    ],
    ids=[
        "video",
        "sound-url",
        "ogg",
        "document-url",
        "csv",
        "image",
        "assistant-image",
        "seed",
        "effort",
        "schema",
    ],
)
def test_what_cannot_be_sent_is_refused_by_name(make: Callable[[], object], what: str) -> None:
    """What the server cannot take is told before anything is sent, with the model's name."""
    with pytest.raises(UnsupportedFeature, match=what) as caught:
        make()
    assert "vllm/m1" in caught.value.message


def test_tools_are_described() -> None:
    """A tool goes as a function with its schema."""
    body = _body(tools=(Tool("f", "Does f.", SCHEMA),))
    function = {"name": "f", "description": "Does f.", "parameters": SCHEMA}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert "tool_choice" not in body


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (ToolChoice.AUTO, "auto"),
        (ToolChoice.NONE, "none"),
        (ToolChoice.REQUIRED, "any"),
        ("f", {"type": "function", "function": {"name": "f"}}),
    ],
    ids=["auto", "none", "required", "name"],
)
def test_the_choice_of_a_tool_is_sent(choice: ToolChoice | str, sent: object) -> None:
    """Whether a tool may, must or must not be called, or which, in the server's words."""
    tools = (Tool("f", "Does f.", SCHEMA),)
    body = _body(Quirks(required_word="any"), tools=tools, tool_choice=choice)
    assert body["tool_choice"] == sent


def test_json_without_a_schema_is_an_object() -> None:
    """Any JSON object, where no schema says more."""
    assert _body(response_format=ResponseFormat(None))["response_format"] == {"type": "json_object"}


def _described(schema: JSONObject, *, is_strict: bool = True) -> dict[str, Any]:
    wanted = ResponseFormat(schema, name="thing", is_strict=is_strict)
    described: dict[str, Any] = _body(response_format=wanted)["response_format"]["json_schema"]
    return described


def test_a_strict_schema_says_what_strict_mode_wants_said() -> None:
    """An object that says nothing of further properties has none, at every depth."""
    inner: JSONObject = {"type": "array", "items": {"anyOf": [SCHEMA, {"type": "null"}]}}
    schema: JSONObject = {"type": "object", "properties": {"b": inner}, "required": ["b"]}
    closed = {**SCHEMA, "additionalProperties": False}
    assert _described(schema) == {
        "name": "thing",
        "strict": True,
        "schema": {
            **schema,
            "properties": {"b": {"type": "array", "items": {"anyOf": [closed, {"type": "null"}]}}},
            "additionalProperties": False,
        },
    }


@pytest.mark.parametrize(
    "schema",
    [
        {**SCHEMA, "required": []},
        {**SCHEMA, "additionalProperties": True},
        {"type": "object"},
        {"type": "object", "properties": {"b": {**SCHEMA, "required": []}}, "required": ["b"]},
    ],
    ids=["optional", "open", "free", "deep"],
)
def test_a_schema_that_cannot_be_strict_is_not_called_so(schema: JSONObject) -> None:
    """Optional properties are beyond strict mode; the schema is asked for all the same."""
    assert _described(schema)["strict"] is False


def test_a_schema_goes_unchanged_where_strictness_is_not_wanted() -> None:
    """Without strictness the schema is sent as the caller wrote it."""
    assert _described(SCHEMA, is_strict=False) == {
        "name": "thing",
        "schema": SCHEMA,
        "strict": False,
    }


def test_a_property_may_have_any_name() -> None:
    """A property that is called like a keyword of schemas is a property."""
    schema: JSONObject = {
        "type": "object",
        "properties": {"properties": {"type": "string"}, "items": {"type": "string"}},
        "required": ["properties", "items"],
    }
    assert _described(schema)["schema"] == {**schema, "additionalProperties": False}
