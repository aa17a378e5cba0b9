"""Messages, and the short ways to write them."""

from __future__ import annotations

import pytest

from headwater import (
    Cache,
    Image,
    InvalidRequest,
    Message,
    Role,
    Text,
    ToolCall,
    ToolResult,
    assistant,
    system,
    tool_result,
    user,
)


def test_messages_are_written_shortly() -> None:
    """Each role has a function that takes what the role may say."""
    image = Image.from_url("https://h/x.png")
    assert user("a", image) == Message(Role.USER, (Text("a"), image))
    assert assistant("a") == Message("assistant", "a")
    assert system("a", cache=True) == Message(Role.SYSTEM, Text("a", cache=Cache.SHORT))
    assert tool_result("c", "x", is_error=True) == Message(
        Role.TOOL, ToolResult("c", "x", is_error=True)
    )


def test_text_leaves_out_refusals() -> None:
    """The text of a message is what was said, not the words for not saying it."""
    message = Message(Role.ASSISTANT, [Text("a"), Text("no", is_refusal=True), Text("b")])
    assert message.text == "ab"


def test_tool_calls_are_listed() -> None:
    """In order, and nothing else."""
    calls = (ToolCall("1", "f"), ToolCall("2", "g"))
    assert Message(Role.ASSISTANT, [calls[0], Text("a"), calls[1]]).tool_calls == calls


def test_an_unknown_role_is_refused() -> None:
    """The error lists the roles."""
    with pytest.raises(InvalidRequest, match=r"system, user, assistant, tool.*got 'developer'"):
        Message("developer", "a")
