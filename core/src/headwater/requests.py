"""What is asked: the model id, the settings that providers share, the rules of a conversation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

import attrs

from .errors import InvalidRequest
from .messages import Message, Role
from .parts import (
    Cache,
    JSONObject,
    Media,
    Part,
    ProviderPart,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from .tools import ResponseFormat, Tool, ToolChoice

__all__ = ["ChatRequest", "ModelId", "ReasoningEffort", "as_messages"]

_PROVIDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SEPARATOR = re.compile(r"[/:]")


class ReasoningEffort(StrEnum):
    """How long the model should think before it answers."""

    NONE = "none"
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@attrs.frozen
class ModelId:
    """Name a model of a provider.

    Shapes:
        "openai/gpt-5-mini"   -> ModelId("openai", "gpt-5-mini")
        "ollama/llama3.2:1b"  -> ModelId("ollama", "llama3.2:1b"): split at the first / or : only
        "openrouter/meta-llama/llama-4" -> ModelId("openrouter", "meta-llama/llama-4")
    """

    provider: str
    name: str

    @staticmethod
    def parse(text: str | ModelId) -> ModelId:
        """Read a model id.

        Raises:
            InvalidRequest: It has no provider or no name, or holds control characters.
        """
        if isinstance(text, ModelId):
            text = str(text)
        if not isinstance(text, str):
            raise InvalidRequest(
                f'expected a model id such as "openai/gpt-5-mini", got {type(text).__name__}'
            )
        return _parsed(text)

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"


@lru_cache
def _parsed(text: str) -> ModelId:
    parts = _SEPARATOR.split(text.strip(), maxsplit=1)
    if len(parts) != 2 or not parts[1] or not _PROVIDER_NAME.fullmatch(parts[0]):
        raise InvalidRequest(
            'expected a model id of the form "provider/model", such as "openai/gpt-5-mini", '
            f"got {text[:80]!r}; `headwater plugins` lists the providers"
        )
    if not parts[1].isprintable():
        raise InvalidRequest(f"the model id {text[:80]!r} holds control characters")
    return ModelId(parts[0], parts[1])


@attrs.frozen(kw_only=True)
class ChatRequest:
    """Hold one request, in terms that every provider's plugin translates.

    None means that the caller did not say, and the provider decides.

    Attributes:
        model: Which model of which provider.
        messages: The conversation; the `system` option stands first in it as a system message.
        max_output_tokens: At most so many tokens in the answer, reasoning included.
        temperature: How freely to choose words; 0 is least.
        top_p: Choose among the likeliest words that make up this share.
        stop: End the answer before any of these texts.
        seed: Ask for the same answer to the same request.
        tools: What the model may ask to have run.
        tool_choice: Whether it may, must or must not, or the name of the tool it must ask for.
        response_format: The form of the answer; None: free text.
        reasoning: How long to think.
        cache: Ask the provider to cache the whole prompt.
        extra: What only this provider knows; merged into the body as it is, last.
    """

    model: ModelId
    messages: tuple[Message, ...]
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | str | None = None
    response_format: ResponseFormat | None = None
    reasoning: ReasoningEffort | None = None
    cache: Cache | None = None
    extra: JSONObject = attrs.field(factory=dict)


def as_messages(
    value: str | Message | Sequence[Message], *, system: Message | None = None
) -> tuple[Message, ...]:
    """Read what stands for a conversation, and check that it is one.

    Args:
        value: A prompt, a message, or messages in order.
        system: A system message to put first.

    Raises:
        InvalidRequest: It is empty, holds what is no message, or breaks the rules of roles.
    """
    if isinstance(value, str):
        if not value.strip():
            raise InvalidRequest("the prompt is empty: write what the model should answer")
        if system is None:
            return (Message(Role.USER, value),)  # which there is nothing to check of
        value = Message(Role.USER, value)
    messages = (value,) if isinstance(value, Message) else _message_tuple(value)
    if system is not None:
        messages = (system, *messages)
    _check_conversation(messages)
    return messages


def _message_tuple(value: object) -> tuple[Message, ...]:
    if isinstance(value, Mapping) or not isinstance(value, Sequence):
        raise InvalidRequest(
            f"expected a prompt, a Message or a list of them, got {type(value).__name__}; "
            'write user("…") for a message'
        )
    for place, item in enumerate(value):
        if not isinstance(item, Message):
            raise InvalidRequest(f"messages[{place}]: {_instead_of(item)}")
    return tuple(value)


def _instead_of(item: object) -> str:
    """Say what to write in place of something that is no message."""
    if isinstance(item, Mapping):
        role = item.get("role")
        maker = {"system": "system", "developer": "system", "assistant": "assistant"}.get(
            str(role), "user"
        )
        if role == "tool":
            return (
                "expected a Message, got a dict; write tool_result(call_id, content) in its place"
            )
        return f'expected a Message, got a dict; write {maker}("…") in its place'
    return f'expected a Message, got {type(item).__name__}; write user("…") or assistant("…")'


_MEDIA_AND_TEXT: Final = (Text, Media)
_ALLOWED_PARTS: Final[Mapping[Role, tuple[type, ...]]] = {
    Role.SYSTEM: (Text,),
    Role.USER: _MEDIA_AND_TEXT,
    Role.ASSISTANT: (*_MEDIA_AND_TEXT, Reasoning, ToolCall, ProviderPart),
    Role.TOOL: (ToolResult,),
}


def _check_conversation(messages: tuple[Message, ...]) -> None:
    """Refuse what no provider takes, so that switching providers brings no surprise."""
    if all(message.role is Role.SYSTEM for message in messages):
        raise InvalidRequest("the conversation has nothing to answer: add a user message")
    unanswered: dict[str, str] = {}  # the calls of the last assistant message, by id
    for place, message in enumerate(messages):
        _check_parts(place, message)
        if message.role is Role.TOOL:
            for part in message.parts:
                _check_result(place, part, unanswered)
            continue
        if unanswered:
            raise InvalidRequest(
                f"messages[{place}]: the tool calls {', '.join(unanswered.values())} before it "
                "have no result; add tool_result(call_id, content) for each"
            )
        unanswered = {call.call_id: call.name for call in message.tool_calls}
    if unanswered:
        raise InvalidRequest(
            f"the tool calls {', '.join(unanswered.values())} at the end have no result; "
            "add tool_result(call_id, content) for each"
        )


def _check_parts(place: int, message: Message) -> None:
    allowed = _ALLOWED_PARTS[message.role]
    if not message.parts and message.role is not Role.ASSISTANT:
        raise InvalidRequest(f"messages[{place}] ({message.role}) is empty")
    for part in message.parts:
        if not isinstance(part, allowed):
            raise InvalidRequest(
                f"messages[{place}]: a {message.role} message cannot hold {type(part).__name__}; "
                f"it takes {', '.join(kind.__name__ for kind in allowed)}"
            )
    if message.role is Role.USER and all(
        isinstance(part, Text) and not part.text.strip() for part in message.parts
    ):
        raise InvalidRequest(f"messages[{place}] (user) has no text and no media")


def _check_result(place: int, part: Part, unanswered: dict[str, str]) -> None:
    call_id = part.call_id if isinstance(part, ToolResult) else ""
    if unanswered.pop(call_id, None) is None:
        raise InvalidRequest(
            f"messages[{place}]: the tool result cites the call {call_id!r}, which the "
            "assistant message before it does not hold; put the answer's `message` before them"
        )
