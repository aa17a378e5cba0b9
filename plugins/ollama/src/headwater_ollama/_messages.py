"""The conversation as the messages of a request; pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final

import attrs

from headwater import (
    Audio,
    Document,
    Image,
    InvalidRequest,
    JSONObject,
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
)
from headwater.wire.calls import read_arguments

__all__ = ["ORIGIN", "Conversation"]

ORIGIN: Final = "ollama"

# Arguments go back as an object, also those that were none: as one that says so, since an empty one
# would tell the model that it had called without arguments.
_BROKEN_ARGUMENTS: Final = "INVALID_JSON"


@attrs.define(eq=False)
class Conversation:
    """Turn messages into those of the wire: one object for each request.

    Attributes:
        model: Who is asked, for errors.
        dropped: What could not be sent, in words, each once.
    """

    model: ModelId
    dropped: list[str] = attrs.field(factory=list)
    _tools: dict[str, str] = attrs.field(factory=dict, init=False)  # the last turn's, by call id
    _results: dict[str, dict[str, object]] = attrs.field(factory=dict, init=False)

    def encode(self, messages: Iterable[Message]) -> list[dict[str, object]]:
        """Turn messages into those of the wire.

        Tool results have no id there, so those of one turn go in the order of its calls.

        Raises:
            UnsupportedFeature: One holds what Ollama cannot take.
            InvalidRequest: A tool result cites no call of the turn before it.
        """
        encoded: list[dict[str, object]] = []
        for message in messages:
            if message.role is not Role.TOOL:
                encoded += self._taken_results()
            match message.role:
                case Role.SYSTEM | Role.USER:
                    encoded.append(self._said(message))
                case Role.ASSISTANT:
                    encoded.append(self._answer(message))
                case Role.TOOL:
                    for part in message.parts:
                        self._take_result(part)
        return encoded + self._taken_results()

    def _said(self, message: Message) -> dict[str, object]:
        images = [self._image(part) for part in message.parts if not isinstance(part, Text)]
        said: dict[str, object] = {"role": message.role.value, "content": _text(message.parts)}
        return {**said, "images": images} if images else said

    def _image(self, part: Part) -> str:
        if not isinstance(part, Image):
            what = part.kind if isinstance(part, Document | Audio | Video) else type(part).__name__
            raise self._unsupported(f"{what}: it takes text and images")
        if part.data is None:
            raise self._unsupported(
                "an image by its address: fetch it, and use Image.from_path or Image.from_bytes"
            )
        return base64.b64encode(part.data).decode()

    def _answer(self, message: Message) -> dict[str, object]:
        """Encode a turn of the model."""
        thought = "".join(self._thought(part, message) for part in message.parts)
        text = "".join(part.text for part in message.parts if isinstance(part, Text))
        calls = message.tool_calls
        answer: dict[str, object] = {"role": "assistant", "content": text}
        if thought:
            answer["thinking"] = thought
        if calls:
            answer["tool_calls"] = [_call(call) for call in calls]
        self._tools = {call.call_id: call.name for call in calls}
        return answer

    def _thought(self, part: Part, message: Message) -> str:
        """Give the reasoning that this wire wrote, and note or refuse what cannot be sent."""
        match part:
            case Reasoning() if message.origin == ORIGIN:
                return part.text
            case Reasoning():
                self._drop("reasoning", message)
            case ProviderPart():
                self._drop(part.type, message)
            case Image() | Audio() | Document() | Video():
                raise self._unsupported(f"{part.kind} in an assistant message")
            case _:
                pass  # text and tool calls, which are sent
        return ""

    def _take_result(self, part: Part) -> None:
        """Encode a tool result, and keep it until all of its turn are there."""
        if not isinstance(part, ToolResult) or part.call_id not in self._tools:
            cited = part.call_id if isinstance(part, ToolResult) else type(part).__name__
            raise InvalidRequest(
                f"expected the result of a tool call of the turn before, got {cited!r}: put the "
                "answer's `message` before its results"
            )
        if not all(isinstance(piece, Text) for piece in part.content):
            raise self._unsupported("a file in a tool result: give its text")
        self._results[part.call_id] = {
            "role": "tool",
            "tool_name": self._tools[part.call_id],
            "content": _text(part.content),
        }

    def _taken_results(self) -> list[dict[str, object]]:
        results, self._results = self._results, {}
        return [results[call_id] for call_id in self._tools if call_id in results]

    def _drop(self, what: str, message: Message) -> None:
        text = f"{what} of {message.origin or 'unknown origin'}"
        if text not in self.dropped:
            self.dropped.append(text)

    def _unsupported(self, what: str) -> UnsupportedFeature:
        return UnsupportedFeature(f"{self.model} cannot be sent {what}")


def _text(parts: Iterable[object]) -> str:
    """Join texts that were given apart; the wire has one for each message."""
    return "\n".join(part.text for part in parts if isinstance(part, Text))


def _call(call: ToolCall) -> dict[str, object]:
    arguments: JSONObject | None = call.arguments
    if arguments is None:
        arguments = read_arguments(call.raw_arguments)
    if arguments is None:
        arguments = {_BROKEN_ARGUMENTS: call.raw_arguments}
    return {"function": {"name": call.name, "arguments": arguments}}
