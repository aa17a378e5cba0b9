"""The conversation as the messages of a request."""

from __future__ import annotations

import base64
from typing import Any

import attrs
import pytest

from headwater import (
    Audio,
    ChatRequest,
    Document,
    Image,
    InvalidRequest,
    Message,
    ModelId,
    Part,
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
from headwater_ollama._encode import Encoded, encode_request

MODEL = ModelId("ollama", "llama3.2:1b")
PNG = b"\x89PNG"


def _encode(*messages: Message) -> Encoded:
    return encode_request(ChatRequest(model=MODEL, messages=messages), is_stream=True)


def _messages(*messages: Message) -> object:
    return _encode(*messages).body["messages"]


def test_each_role_has_its_message() -> None:
    """A conversation goes out in order, each turn with its role."""
    assert _messages(system("Be kind."), user("Hi"), assistant("Hello"), user("Bye")) == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Bye"},
    ]


def test_texts_given_apart_stay_apart() -> None:
    """Several texts of one message are joined by a line's end: the wire has one text a message."""
    assert _messages(user("One", "Two")) == [{"role": "user", "content": "One\nTwo"}]


def test_images_go_beside_the_text() -> None:
    """An image is plain base64, without the head of a data URL."""
    assert _messages(user("What is this?", Image.from_bytes(PNG, "image/png"))) == [
        {
            "role": "user",
            "content": "What is this?",
            "images": [base64.b64encode(PNG).decode()],
        }
    ]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Image.from_url("https://example.org/a.png"), "from_path"),
        (Document.from_bytes(b"%PDF", "application/pdf"), "a document"),
        (Audio.from_bytes(b"RIFF", "audio/wav"), "a sound"),
        (Video.from_url("https://example.org/a.mp4"), "a video"),
    ],
    ids=["image-url", "document", "audio", "video"],
)
def test_files_that_cannot_be_sent_are_refused(part: Part, words: str) -> None:
    """The error names the part and the model."""
    with pytest.raises(UnsupportedFeature, match=rf"ollama/llama3\.2:1b cannot .*{words}"):
        _encode(user("Look", part))


@pytest.mark.parametrize(
    "messages",
    [
        (user("Draw"), assistant(Image.from_bytes(PNG, "image/png")), user("Again")),
        (
            user("Look"),
            assistant(ToolCall("c1", "camera", arguments={})),
            tool_result("c1", Image.from_bytes(PNG, "image/png")),
        ),
    ],
    ids=["assistant", "tool-result"],
)
def test_files_are_refused_where_the_wire_has_no_place(messages: tuple[Message, ...]) -> None:
    """Only a user's message holds images."""
    with pytest.raises(UnsupportedFeature, match=r"ollama/llama3\.2:1b"):
        _encode(*messages)


def test_results_name_their_tool_and_go_in_the_order_of_the_calls() -> None:
    """The wire has no ids: a result is known by its tool's name and its place."""
    calls = (
        ToolCall("c1", "weather", arguments={"city": "Oslo"}),
        ToolCall("c2", "time", raw_arguments='{"zone": "CET"}'),
    )
    sent = _messages(
        user("Weather and time?"),
        assistant("I look.", *calls),
        tool_result("c2", "noon"),
        tool_result("c1", ["rain", "3 °C"]),
        user("Thanks"),
    )
    assert sent == [
        {"role": "user", "content": "Weather and time?"},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {"function": {"name": "weather", "arguments": {"city": "Oslo"}}},
                {"function": {"name": "time", "arguments": {"zone": "CET"}}},
            ],
        },
        {"role": "tool", "tool_name": "weather", "content": "rain\n3 °C"},
        {"role": "tool", "tool_name": "time", "content": "noon"},
        {"role": "user", "content": "Thanks"},
    ]


def test_results_in_one_message_are_messages_of_their_own() -> None:
    """Several results of one turn become as many messages."""
    calls = (ToolCall("c1", "a", arguments={}), ToolCall("c2", "b", arguments={}))
    results = Message(Role.TOOL, (ToolResult("c2", "two"), ToolResult("c1", "one")))
    assert _messages(user("Go"), assistant(*calls), results) == [
        {"role": "user", "content": "Go"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"function": {"name": "a", "arguments": {}}},
                {"function": {"name": "b", "arguments": {}}},
            ],
        },
        {"role": "tool", "tool_name": "a", "content": "one"},
        {"role": "tool", "tool_name": "b", "content": "two"},
    ]


def test_a_result_without_its_call_is_refused() -> None:
    """A result is never sent under a name that is guessed."""
    with pytest.raises(InvalidRequest, match="'c9'"):
        _encode(user("Go"), assistant(ToolCall("c1", "a")), tool_result("c9", "one"))


def test_broken_arguments_do_not_become_empty_ones() -> None:
    """Arguments that are no object go back as text inside one, since the wire takes no other."""
    call = ToolCall("c1", "a", raw_arguments='{"city": ', is_valid=False)
    sent: Any = _messages(user("Go"), assistant(call), tool_result("c1", "bad arguments"))
    arguments = sent[1]["tool_calls"][0]["function"]["arguments"]
    assert arguments == {"INVALID_JSON": '{"city": '}


THOUGHTFUL = Message(
    Role.ASSISTANT,
    (Reasoning("Let me think. "), Text("Four."), Reasoning("Done."), ProviderPart("search", {})),
    origin="ollama",
)


def test_reasoning_of_this_wire_goes_back() -> None:
    """Ollama gets its own thoughts back, in one field."""
    encoded = _encode(user("2+2?"), attrs.evolve(THOUGHTFUL, parts=THOUGHTFUL.parts[:3]))
    sent: Any = encoded.body["messages"]
    assert sent[1] == {
        "role": "assistant",
        "content": "Four.",
        "thinking": "Let me think. Done.",
    }
    assert encoded.dropped == ()


@pytest.mark.parametrize(
    ("origin", "shown"), [("anthropic-messages", "anthropic-messages"), (None, "unknown origin")]
)
def test_what_is_foreign_is_dropped_and_named(origin: str | None, shown: str) -> None:
    """Reasoning and provider parts of another wire are left out, and said to be, each once."""
    encoded = _encode(user("2+2?"), attrs.evolve(THOUGHTFUL, origin=origin), user("Sure?"))
    sent: Any = encoded.body["messages"]
    assert sent[1] == {"role": "assistant", "content": "Four."}
    assert encoded.dropped == (f"reasoning of {shown}", f"search of {shown}")
