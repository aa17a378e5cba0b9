"""What stands for a turn: a prompt, parts, or messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast

from ..errors import InvalidRequest
from ..messages import Message, Role, user
from ..parts import PART_TYPES, Part, ToolResult

__all__ = ["Asked", "as_asked"]

Asked: TypeAlias = str | Part | Message | Sequence[str | Part | Message]
"""A prompt, one or several parts (tool results among them), or one or several messages."""


def as_asked(value: Asked) -> tuple[Message, ...]:
    """Make the messages of a turn.

    Shapes:
        "Hi"                          -> a message of the user
        ["What is it?", Image(…)]     -> a message of the user
        [ToolResult(…), ToolResult(…)] -> a message for each result
        [user("a"), tool_result(…)]   -> as they are

    Raises:
        InvalidRequest: It is empty, or something else.
    """
    if isinstance(value, str) and not value.strip():
        raise InvalidRequest("the prompt is empty: write what the model should answer")
    items = [value] if isinstance(value, (str, Message, *PART_TYPES)) else value
    if not isinstance(items, Sequence) or isinstance(items, bytes):
        raise InvalidRequest(f"expected a prompt, parts or messages, got {type(value).__name__}")
    if not items:
        raise InvalidRequest("nothing was said: give a prompt, parts or messages")
    messages: list[Message] = []
    said: list[str | Part] = []
    for item in cast("Sequence[str | Part | Message]", items):
        if isinstance(item, Message | ToolResult):
            _close(said, messages)
            messages.append(item if isinstance(item, Message) else Message(Role.TOOL, item))
        else:
            said.append(item)  # what is no part is refused by the message
    _close(said, messages)
    return tuple(messages)


def _close(said: list[str | Part], messages: list[Message]) -> None:
    if said:
        messages.append(user(*said))
        said.clear()
