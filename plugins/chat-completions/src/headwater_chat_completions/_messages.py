"""The conversation as the messages of a request; pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import attrs
import msgspec

from headwater import (
    Audio,
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
)

from .quirks import MediaKind, Quirks, ReasoningBack

__all__ = ["Conversation"]

_AUDIO_FORMATS: Final[Mapping[str | None, str]] = {
    "audio/wav": "wav",
    "audio/wave": "wav",
    "audio/x-wav": "wav",
    "audio/vnd.wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}
_PDF: Final = "application/pdf"
_NOT_IN_AN_ID: Final = re.compile(r"[^a-zA-Z0-9]")


@attrs.define(eq=False)
class Conversation:
    """Turn messages into those of the wire, one at a time: one object for each request.

    Attributes:
        model: Who is asked, for errors.
        quirks: How the server deviates.
        dropped: What could not be sent, in words, each once.
    """

    model: ModelId
    quirks: Quirks
    dropped: list[str] = attrs.field(factory=list)

    def encode(self, messages: Sequence[Message]) -> list[dict[str, object]]:
        """Turn messages into those of the wire.

        Raises:
            UnsupportedFeature: One holds what the server cannot take.
        """
        encoded: list[dict[str, object]] = []
        wanted = self._wanted_back(messages)
        for place, message in enumerate(messages):
            match message.role:
                case Role.USER:
                    content = self._content(message.parts, self.quirks.media)
                    encoded.append({"role": "user", "content": content})
                case Role.SYSTEM:
                    content = self._content(message.parts, ())
                    encoded.append({"role": self.quirks.system_role, "content": content})
                case Role.ASSISTANT:
                    encoded.append(self._answer(message, is_thought_wanted=place in wanted))
                case Role.TOOL:
                    encoded.extend(self._result(part) for part in message.parts)
        return encoded

    def _wanted_back(self, messages: Sequence[Message]) -> Collection[int]:
        """Find the messages whose reasoning the server wants back: all, or of turns with tools."""
        if not self.quirks.reasoning_back_with_tools:
            return range(len(messages))
        wanted: set[int] = set()
        turn: list[int] = []  # from one user message to the next
        for place, message in enumerate(messages):
            turn = [] if message.role is Role.USER else [*turn, place]
            if message.role is Role.TOOL or not wanted.isdisjoint(turn):
                wanted.update(turn)
        return wanted

    def _answer(self, message: Message, *, is_thought_wanted: bool) -> dict[str, object]:
        """Encode a turn of the model."""
        text = "".join(part.text for part in message.parts if isinstance(part, Text))
        calls = [self._call(part) for part in message.parts if isinstance(part, ToolCall)]
        answer: dict[str, object] = {"role": "assistant", "content": text or None}
        if calls:
            answer["tool_calls"] = calls
        elif not text:
            answer["content"] = ""
        thoughts = self._thoughts(message)
        if is_thought_wanted:
            answer.update(self._reasoning(thoughts, text))
        return answer

    def _thoughts(self, message: Message) -> list[Reasoning]:
        """Give the reasoning that this server wrote, and note or refuse what cannot be sent."""
        thoughts: list[Reasoning] = []
        for part in message.parts:
            match part:
                case Reasoning() if message.origin == self.quirks.origin:
                    thoughts.append(part)
                case Reasoning():
                    self._drop("reasoning", message)
                case ProviderPart():
                    self._drop(part.type, message)
                case Image() | Audio() | Document() | Video():
                    raise self._unsupported(f"{part.kind} in an assistant message")
                case _:
                    pass  # text and tool calls, which are sent
        return thoughts

    def _reasoning(self, thoughts: Sequence[Reasoning], text: str) -> dict[str, object]:
        """Encode the reasoning in the form that the server wants it back, if it does."""
        thought = "".join(part.text for part in thoughts)
        match self.quirks.reasoning_back:
            case ReasoningBack.DETAILS:
                details = [detail for part in thoughts for detail in _details(part)]
                return {"reasoning_details": details} if details else {}
            case ReasoningBack.CONTENT_FIELD | ReasoningBack.FIELD as field:
                return {field.value: thought} if thought else {}
            case ReasoningBack.THINKING_PARTS if thought:
                thinking = {"type": "thinking", "thinking": [{"type": "text", "text": thought}]}
                return {"content": [thinking, *([{"type": "text", "text": text}] if text else ())]}
            case _:
                return {}

    def _call(self, call: ToolCall) -> dict[str, object]:
        if not self.quirks.takes_tools:  # their results follow, and would be refused as well
            raise self._unsupported("a conversation with tool calls; begin another without")
        arguments = call.raw_arguments
        if not arguments.strip():
            arguments = _json_text(call.arguments or {})
        function = {"name": call.name, "arguments": arguments}
        return {"id": self._call_id(call.call_id), "type": "function", "function": function}

    def _result(self, part: Part) -> dict[str, object]:
        if not isinstance(part, ToolResult):
            raise InvalidRequest(f"expected a ToolResult, got {type(part).__name__}")
        content = self._content(part.content, self.quirks.result_media, " in a tool result")
        return {
            "role": "tool",
            "tool_call_id": self._call_id(part.call_id),
            "content": content,
        }

    def _call_id(self, call_id: str) -> str:
        """Give the id as the server takes it: another wire's ids may be too long for it."""
        length = self.quirks.call_id_chars
        if length is None or (len(call_id) == length and not _NOT_IN_AN_ID.search(call_id)):
            return call_id
        return hashlib.sha256(call_id.encode("utf-8", "replace")).hexdigest()[:length]

    def _content(
        self, parts: Sequence[object], media: Collection[MediaKind], where: str = ""
    ) -> str | list[dict[str, object]]:
        """Encode text and files: text alone as a string, which every server takes."""
        if len(parts) == 1 and isinstance(parts[0], Text):
            return parts[0].text
        return [self._piece(part, media, where) for part in parts] or ""

    def _piece(self, part: object, media: Collection[MediaKind], where: str) -> dict[str, object]:
        match part:
            case Text():
                return {"type": "text", "text": part.text}
            case Image() | Audio() | Document() | Video() if type(part) not in media:
                raise self._unsupported(part.kind + where)
            case Image():
                detail = {"detail": part.detail} if part.detail else {}
                return {"type": "image_url", "image_url": {"url": _address(part), **detail}}
            case Video():
                return {"type": "video_url", "video_url": {"url": _address(part)}}
            case Audio():
                return {"type": "input_audio", "input_audio": self._sound(part)}
            case Document():
                return {"type": "file", "file": self._file(part)}
            case _:
                raise self._unsupported(f"{type(part).__name__}{where}")

    def _sound(self, part: Audio) -> dict[str, object]:
        if part.data is None:
            raise self._unsupported("a sound by its address: give its bytes")
        form = _AUDIO_FORMATS.get(part.media_type)
        if form is None:
            raise self._unsupported(f"a sound of type {part.media_type}: give WAV or MP3")
        return {"data": base64.b64encode(part.data).decode(), "format": form}

    def _file(self, part: Document) -> dict[str, object]:
        if part.data is None:
            raise self._unsupported("a document by its address: give its bytes")
        if part.media_type != _PDF:
            raise self._unsupported(
                f"a document of type {part.media_type}: give a PDF, or its text"
            )
        return {"filename": part.name or "document.pdf", "file_data": _address(part)}

    def _drop(self, what: str, message: Message) -> None:
        text = f"{what} of {message.origin or 'unknown origin'}"
        if text not in self.dropped:
            self.dropped.append(text)

    def _unsupported(self, what: str) -> UnsupportedFeature:
        return UnsupportedFeature(f"{self.model} cannot be sent {what}")


def _address(part: Image | Document | Video) -> str:
    """Give where the file is: its address, or the file itself as a data URL."""
    if part.data is None:
        return part.url or ""
    return f"data:{part.media_type};base64,{base64.b64encode(part.data).decode()}"


def _details(part: Reasoning) -> Sequence[object]:
    details = (part.replay or {}).get("reasoning_details")
    return details if isinstance(details, list | tuple) else ()


def _json_text(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, msgspec.EncodeError, RecursionError) as error:
        raise InvalidRequest(
            f"a tool call's arguments cannot be written as JSON: {error}"
        ) from None
