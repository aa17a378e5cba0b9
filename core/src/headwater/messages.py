"""The turns of a conversation, and short ways to write them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import attrs

from .errors import InvalidRequest
from .parts import Cache, Media, Part, Text, ToolCall, ToolResult, as_parts

__all__ = ["Message", "Role", "assistant", "system", "tool_result", "user"]


class Role(StrEnum):
    """Who speaks in a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


def _as_role(value: str) -> Role:
    if isinstance(value, Role):  # to look it up costs more
        return value
    try:
        return Role(value)
    except ValueError as error:
        raise InvalidRequest(f"expected a role ({', '.join(Role)}), got {value!r}") from error


@attrs.frozen
class Message:
    """Hold one turn of a conversation.

    Attributes:
        role: Who speaks.
        parts: What is said, in order; a text or a single part is accepted in place of a list.
        origin: The wire that wrote it, such as "anthropic-messages", for an answer that is sent
            back. Signatures and provider parts mean something to that wire alone.
    """

    role: Role = attrs.field(converter=_as_role)
    parts: tuple[Part, ...] = attrs.field(converter=as_parts)
    origin: str | None = attrs.field(default=None, kw_only=True)

    @property
    def text(self) -> str:
        """Join the text, without reasoning and refusals."""
        return "".join(
            part.text for part in self.parts if isinstance(part, Text) and not part.is_refusal
        )

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """List the tool calls in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


def system(text: str, *, cache: Cache | bool | str | None = None) -> Message:
    """Make a system message: how the model should behave."""
    return Message(Role.SYSTEM, Text(text, cache=cache))


def user(*parts: str | Part) -> Message:
    """Make a user message from text and media."""
    return Message(Role.USER, parts)


def assistant(*parts: str | Part) -> Message:
    """Make an assistant message, for a history that no provider wrote."""
    return Message(Role.ASSISTANT, parts)


def tool_result(
    call_id: str, content: str | Text | Media | Sequence[str | Text | Media], is_error: bool = False
) -> Message:
    """Make the message that answers one tool call.

    Args:
        call_id: `call_id` of the call.
        content: What the tool gave.
        is_error: Whether the tool failed, and `content` says how.
    """
    return Message(Role.TOOL, ToolResult(call_id, content, is_error=is_error))
