"""Model ids and conversations: what is taken, and what to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from headwater import (
    Image,
    InvalidRequest,
    Message,
    ModelId,
    Reasoning,
    Role,
    Text,
    ToolCall,
    assistant,
    system,
    tool_result,
    user,
)
from headwater.requests import as_messages

CALLS = Message(Role.ASSISTANT, [ToolCall("1", "f"), ToolCall("2", "g")])


@pytest.mark.parametrize(
    ("text", "provider", "name"),
    [
        ("openai/gpt-5-mini", "openai", "gpt-5-mini"),
        ("openai:gpt-5-mini", "openai", "gpt-5-mini"),
        ("ollama/llama3.2:1b", "ollama", "llama3.2:1b"),
        ("ollama:llama3.2/1b", "ollama", "llama3.2/1b"),
        ("openrouter/meta-llama/llama-4", "openrouter", "meta-llama/llama-4"),
        (" a/b ", "a", "b"),
    ],
)
def test_a_model_id_is_split_at_its_first_separator(text: str, provider: str, name: str) -> None:
    """A slash or a colon, whichever comes first; the rest is the model's name."""
    assert ModelId.parse(text) == ModelId(provider, name)


@pytest.mark.parametrize(
    "text", ["gpt-5-mini", "/gpt", "openai/", "", " ", "a b/c", "ö/x", "\x1b[2J/x"]
)
def test_a_model_id_needs_provider_and_name(text: str) -> None:
    """The error shows what came, harmlessly, the form, and where to look."""
    with pytest.raises(InvalidRequest, match=r'"provider/model".*`headwater plugins`') as caught:
        ModelId.parse(text)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("text", ["openai/a\nb", "openai/a\x1bb", "openai/a\u202eb"])
def test_a_model_id_holds_no_control_characters(text: str) -> None:
    """What could forge a header or a line is refused, and shown escaped."""
    with pytest.raises(InvalidRequest, match="control characters") as caught:
        ModelId.parse(text)
    assert str(caught.value).isprintable()


def test_a_model_id_made_by_hand_is_checked_too() -> None:
    """An object is no way round the check."""
    with pytest.raises(InvalidRequest, match="control characters"):
        ModelId.parse(ModelId("openai", "a\r\nb"))


def test_a_model_id_is_text() -> None:
    """The error names the type that came."""
    value: Any = 5
    with pytest.raises(InvalidRequest, match="got int"):
        ModelId.parse(value)


def test_a_prompt_is_a_user_message() -> None:
    """A text stands for a conversation of one message, and a message for one of itself."""
    assert as_messages("Hi") == as_messages(user("Hi")) == as_messages([user("Hi")])


def test_the_system_option_comes_first() -> None:
    """A system message stands before everything."""
    assert as_messages("Hi", system=system("Be kind")) == (system("Be kind"), user("Hi"))


GOOD = {
    "a conversation": [system("s"), user("a"), assistant("b"), user("c")],
    "an answer to go on with": [user("a"), assistant("b")],
    "calls answered in any order": [user("a"), CALLS, tool_result("2", "x"), tool_result("1", "y")],
    "results in one message": [
        user("a"),
        CALLS,
        Message(Role.TOOL, [*tool_result("1", "x").parts, *tool_result("2", "y").parts]),
    ],
    "an empty answer": [user("a"), Message(Role.ASSISTANT, []), user("b")],
    "media alone": [user(Image.from_url("https://h/x.png"))],
    "reasoning": [user("a"), Message(Role.ASSISTANT, [Reasoning("hm"), Text("b")]), user("c")],
}


@pytest.mark.parametrize("messages", GOOD.values(), ids=GOOD.keys())
def test_a_conversation_is_taken(messages: list[Message]) -> None:
    """What every provider takes passes unchanged."""
    assert as_messages(messages) == tuple(messages)


BAD: dict[str, tuple[Any, str]] = {
    "an empty prompt": ("  \n", "the prompt is empty"),
    "no messages": ([], "nothing to answer"),
    "only a system message": ([system("s")], "nothing to answer"),
    "an empty message": ([user()], r"messages\[0\] \(user\) is empty"),
    "blank text": ([user(" ")], r"messages\[0\] \(user\) has no text and no media"),
    "a dict": (
        [{"role": "user", "content": "Hi"}],
        r'messages\[0\].*got a dict; write user\("…"\)',
    ),
    "a dict of the assistant": (
        [user("a"), {"role": "assistant"}],
        r'messages\[1\].*write assistant\("…"\)',
    ),
    "a dict of the developer": ([{"role": "developer"}], r'write system\("…"\)'),
    "a dict of a tool": ([{"role": "tool"}], r"write tool_result\(call_id, content\)"),
    "a dict of nobody": ([{"content": "x"}], r'write user\("…"\)'),
    "a dict alone": ({"role": "user"}, r'got dict; write user\("…"\)'),
    "a text in a list": (["Hi"], r"messages\[0\]: expected a Message, got str"),
    "a number": (5, "got int"),
    "nothing": (None, "got NoneType"),
    "an image of the system": (
        [Message(Role.SYSTEM, Image.from_url("https://h/x.png")), user("a")],
        r"messages\[0\]: a system message cannot hold Image; it takes Text",
    ),
    "a tool call of the user": ([Message(Role.USER, ToolCall("1", "f"))], "cannot hold ToolCall"),
    "text of a tool": ([user("a"), CALLS, Message(Role.TOOL, "x")], "cannot hold Text"),
    "a result without its call": ([user("a"), tool_result("9", "x")], "cites the call '9'"),
    "a result given twice": (
        [user("a"), CALLS, tool_result("1", "x"), tool_result("1", "x")],
        r"messages\[3\].*cites the call '1'",
    ),
    "a call without its result": (
        [user("a"), CALLS, tool_result("1", "x"), user("b")],
        r"messages\[3\]: the tool calls g before it have no result",
    ),
    "calls at the end": ([user("a"), CALLS], "the tool calls f, g at the end have no result"),
    "a late result": (
        [user("a"), assistant("b"), tool_result("1", "x")],
        "put the answer's `message` before them",
    ),
}


@pytest.mark.parametrize(("messages", "what"), BAD.values(), ids=BAD.keys())
def test_what_is_no_conversation_is_refused(messages: Any, what: str) -> None:
    """Each mistake has its own words, its place, and what to write instead."""
    with pytest.raises(InvalidRequest, match=what):
        as_messages(messages)
