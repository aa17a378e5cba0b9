"""Tests of conversations as contents, with what each wire wrote."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import pytest

from headwater import (
    Audio,
    ChatRequest,
    Document,
    Image,
    InvalidRequest,
    JSONObject,
    Message,
    ModelId,
    ProviderPart,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
    UnsupportedFeature,
    Video,
    assistant,
    system,
    tool_result,
    user,
)
from headwater_google._encode import encode_request

SIGNATURE = "CiIB0e2Kb6Sy/j1a+96="
NOBODYS = "skip_thought_signature_validator"


def _request(*messages: Message, model: str = "gemini-3.6-flash", **fields: Any) -> ChatRequest:
    given = messages or (user("Hi"),)
    return ChatRequest(model=ModelId("google", model), messages=given, **fields)


def _body(*messages: Message, model: str = "gemini-3.6-flash", **fields: Any) -> dict[str, Any]:
    return encode_request(_request(*messages, model=model, **fields)).body


def _ours(*parts: Any) -> Message:
    return Message(Role.ASSISTANT, parts, origin="gemini")


def _call(call_id: str = "c1", city: str = "Oslo", **fields: Any) -> ToolCall:
    return ToolCall(call_id, "get_weather", arguments={"city": city}, **fields)


def _parts(contents: Sequence[Any], place: int) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = contents[place]["parts"]
    return parts


@pytest.mark.parametrize(
    ("part", "encoded"),
    [
        (
            Image.from_bytes(b"png", "image/png"),
            {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(b"png").decode()}},
        ),
        (
            Document.from_bytes(b"pdf", "application/pdf", name="a.pdf"),
            {"inlineData": {"mimeType": "application/pdf", "data": "cGRm"}},
        ),
        (
            Audio.from_bytes(b"wav", "audio/wav"),
            {"inlineData": {"mimeType": "audio/wav", "data": "d2F2"}},
        ),
        (
            Video.from_url("gs://bucket/a.mp4"),
            {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://bucket/a.mp4"}},
        ),
        (
            Video.from_url("https://www.youtube.com/watch?v=x"),
            {"fileData": {"fileUri": "https://www.youtube.com/watch?v=x"}},
        ),
    ],
    ids=["image", "document", "sound", "video-address", "no-media-type"],
)
def test_files_go_by_bytes_or_address(part: Image, encoded: dict[str, object]) -> None:
    """Every kind of file is taken, in one of two forms."""
    assert _parts(_body(user("See", part))["contents"], 0) == [{"text": "See"}, encoded]


def test_signatures_go_back_on_their_parts() -> None:
    """What this wire wrote is sent as it came: signatures, ids, order, provider parts."""
    code: JSONObject = {
        "executableCode": {"language": "PYTHON", "code": "1"},
        "thoughtSignature": "x",
    }
    answer = _ours(
        Reasoning("Hm.", replay={"thoughtSignature": "a"}),
        ProviderPart("executableCode", code),
        Text("It", replay={}),
        Text(" is", replay={"thoughtSignature": SIGNATURE}),
        Text("", replay={"thoughtSignature": "b"}),
        _call(replay={"id": "w1", "thoughtSignature": "c"}),
        _call("c2", "Rome"),
    )
    results = [tool_result("c1", "rain"), tool_result("c2", "sun")]
    contents = _body(user("?"), answer, *results)["contents"]
    assert _parts(contents, 1) == [
        {"text": "Hm.", "thought": True, "thoughtSignature": "a"},
        code,
        {"text": "It"},
        {"text": " is", "thoughtSignature": SIGNATURE},
        {"text": "", "thoughtSignature": "b"},
        {
            "functionCall": {"id": "w1", "name": "get_weather", "args": {"city": "Oslo"}},
            "thoughtSignature": "c",
        },
        {"functionCall": {"name": "get_weather", "args": {"city": "Rome"}}},
    ]
    assert [part["functionResponse"].get("id") for part in _parts(contents, 2)] == ["w1", None]


def test_a_foreign_conversation_goes_on() -> None:
    """Foreign reasoning and provider parts are left out and named once; the rest is sent."""
    foreign = Message(
        Role.ASSISTANT,
        (
            Reasoning("a", replay={"thoughtSignature": "not ours"}),
            Reasoning("b"),
            ProviderPart("server_tool_use", {}),
            Text("Hello", replay={"thoughtSignature": "not ours"}),
        ),
        origin="anthropic-messages",
    )
    encoded = encode_request(_request(user("Hi"), foreign, user("?"), assistant(Reasoning("c"))))
    contents: Any = encoded.body["contents"]
    assert _parts(contents, 1) == [{"text": "Hello"}]
    assert len(contents) == 3  # an answer with nothing to send is none
    assert encoded.dropped == (
        "reasoning of anthropic-messages",
        "server_tool_use of anthropic-messages",
        "reasoning of unknown origin",
    )


@pytest.mark.parametrize(
    ("model", "signatures"),
    [("gemini-3.6-flash", [NOBODYS, None]), ("gemini-2.5-flash", [None, None])],
    ids=["insists", "does-not-ask"],
)
def test_a_call_that_nobody_signed_is_let_pass(model: str, signatures: list[str | None]) -> None:
    """Where the model insists on signatures, the first call says that there is none."""
    contents = _body(
        user("?"),
        assistant(_call(), _call("c2")),
        tool_result("c1", "rain"),
        tool_result("c2", "sun"),
        model=model,
    )["contents"]
    assert [part.get("thoughtSignature") for part in _parts(contents, 1)] == signatures
    assert all("id" not in part["functionCall"] for part in _parts(contents, 1))


@pytest.mark.parametrize(
    ("result", "response"),
    [
        (tool_result("c1", "7 degrees"), {"output": "7 degrees"}),
        (tool_result("c1", '{"temp": 7}'), {"temp": 7}),
        (tool_result("c1", "[7]"), {"output": "[7]"}),
        (tool_result("c1", '{"temp": '), {"output": '{"temp": '}),
        (tool_result("c1", ""), {"output": ""}),
        (tool_result("c1", "no such city", is_error=True), {"error": "no such city"}),
    ],
    ids=["text", "object", "list", "broken", "empty", "failure"],
)
def test_a_result_is_an_object(result: Message, response: dict[str, object]) -> None:
    """Text is wrapped, an object is sent as one, a failure says so."""
    contents = _body(user("?"), assistant(_call()), result)["contents"]
    assert contents[2] == {
        "role": "user",
        "parts": [{"functionResponse": {"name": "get_weather", "response": response}}],
    }


def test_results_stand_in_the_order_of_the_calls() -> None:
    """Results in any order, in one message or several, are one content in the calls' order."""
    answer = assistant(_call("a"), ToolCall("b", "search", arguments={}), _call("c"))
    last = Message(Role.TOOL, [ToolResult("c", "3"), ToolResult("a", "1")])
    contents = _body(user("?"), answer, tool_result("b", "2"), last)["contents"]
    responses = [part["functionResponse"] for part in _parts(contents, 2)]
    assert [response["response"]["output"] for response in responses] == ["1", "2", "3"]
    assert [response["name"] for response in responses] == ["get_weather", "search", "get_weather"]


def test_an_id_used_again_is_that_of_the_last_answer() -> None:
    """A result belongs to the answer right before it."""
    contents = _body(
        user("?"),
        assistant(ToolCall("c1", "old", arguments={})),
        tool_result("c1", "1"),
        assistant(ToolCall("c1", "new", arguments={})),
        tool_result("c1", "2"),
    )["contents"]
    assert _parts(contents, 4)[0]["functionResponse"]["name"] == "new"


def test_a_call_made_by_hand_needs_no_arguments() -> None:
    """No text at all is an empty object."""
    contents = _body(user("?"), assistant(ToolCall("c1", "f")), tool_result("c1", "x"))["contents"]
    assert _parts(contents, 1)[0]["functionCall"] == {"name": "f", "args": {}}


def test_empty_text_is_left_out() -> None:
    """Beside a file it says nothing, and Vertex AI refuses it."""
    picture = Image.from_bytes(b"png", "image/png")
    body = _body(system(""), user("", picture))
    assert [part.keys() for part in _parts(body["contents"], 0)] == [{"inlineData"}]
    assert "systemInstruction" not in body


def test_broken_arguments_are_shown_as_they_are() -> None:
    """A call that was no JSON object never becomes an empty one."""
    call = ToolCall("c1", "get_weather", raw_arguments='{"city": ', is_valid=False)
    contents = _body(user("?"), assistant(call), tool_result("c1", "?", is_error=True))["contents"]
    assert _parts(contents, 1)[0]["functionCall"]["args"] == {"INVALID_JSON": '{"city": '}


def test_a_result_may_hold_files_from_gemini_3_on() -> None:
    """Files stand beside the response."""
    picture = Image.from_bytes(b"png", "image/png")
    contents = _body(user("?"), assistant(_call()), tool_result("c1", [picture]))["contents"]
    assert _parts(contents, 2)[0]["functionResponse"] == {
        "name": "get_weather",
        "response": {},
        "parts": [{"inlineData": {"mimeType": "image/png", "data": "cG5n"}}],
    }


@pytest.mark.parametrize(
    ("model", "picture", "words"),
    [
        ("gemini-2.5-flash", Image.from_bytes(b"x", "image/png"), "an image in a tool result"),
        ("gemini-3-pro", Image.from_url("https://x.example/a.png"), "give its bytes"),
    ],
    ids=["old-model", "address"],
)
def test_a_file_that_a_result_cannot_hold_is_refused(
    model: str, picture: Image, words: str
) -> None:
    """The error names the model and what it does not take."""
    with pytest.raises(UnsupportedFeature, match=words):
        _body(user("?"), assistant(_call()), tool_result("c1", [picture]), model=model)


def test_a_result_without_its_call_is_refused() -> None:
    """A request made by hand cannot smuggle in a result of nothing."""
    with pytest.raises(InvalidRequest, match="cites the call 'c9'"):
        _body(user("?"), assistant(_call()), tool_result("c9", "x"))
