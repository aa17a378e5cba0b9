"""The conversation as the input items of a request; pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
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

from .quirks import Quirks

__all__ = ["Conversation"]

Item = Mapping[str, object]

_AUDIO_FORMATS: Final[Mapping[str | None, str]] = {
    "audio/wav": "wav",
    "audio/wave": "wav",
    "audio/x-wav": "wav",
    "audio/vnd.wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}
_ENDINGS: Final[Mapping[str | None, str]] = {"application/pdf": "document.pdf"}


@attrs.define(eq=False)
class Conversation:
    """Turn messages into input items, in order: one object for each request.

    System messages stay items in their place, in place of `instructions`: one rule holds for the
    first and for later ones, no server refuses it, and what a stored response continues keeps them.

    Attributes:
        model: Who is asked, for errors.
        quirks: How the server deviates.
        keeps_answers: Whether the server stores what it answers, and so knows its items by id.
        dropped: What could not be sent, in words, each once.
    """

    model: ModelId
    quirks: Quirks
    keeps_answers: bool = False
    dropped: list[str] = attrs.field(factory=list)

    def encode(self, messages: Iterable[Message]) -> list[Item]:
        """Turn messages into input items.

        Raises:
            UnsupportedFeature: One holds what the server cannot take.
        """
        items: list[Item] = []
        for message in messages:
            match message.role:
                case Role.SYSTEM:
                    content = self._content(message.parts)
                    items.append({"role": self.quirks.system_role, "content": content})
                case Role.USER:
                    items.append({"role": "user", "content": self._content(message.parts)})
                case Role.ASSISTANT:
                    items += self._answer(message)
                case Role.TOOL:
                    items += [self._result(part) for part in message.parts]
        return items

    def _answer(self, message: Message) -> list[Item]:
        """Encode a turn of the model: what this wire wrote goes back as it came."""
        is_ours = message.origin == self.quirks.origin
        parts = _in_order(message.parts) if is_ours else message.parts
        items: list[Item] = []
        said: list[dict[str, object]] = []  # the content of a message item that has begun
        for part in parts:
            if isinstance(part, Text):
                said += [_said(part)] if part.text else []
                if said and is_ours and part.replay is not None:
                    items.append(_message(said, part.replay))
                    said = []
                continue
            if said:
                items.append(_message(said))
                said = []
            items += self._written(part, message, is_ours=is_ours)
        if said:
            items.append(_message(said))
        return self._without_orphans(items)

    def _written(self, part: Part, message: Message, *, is_ours: bool) -> Sequence[Item]:
        """Encode a part of the model's turn that is no text; none where it cannot be sent."""
        match part:
            case ToolCall():
                return [_call(part, is_ours=is_ours)]
            case Reasoning(replay=Mapping() as item) if is_ours and self._can_be_read(item):
                return [item]
            case ProviderPart() if is_ours:
                return [part.data]
            case Reasoning():
                if part.text or part.replay is not None:
                    self._drop(f"reasoning of {message.origin or 'unknown origin'}")
            case ProviderPart():
                self._drop(f"{part.type} of {message.origin or 'unknown origin'}")
            case Image() | Audio() | Document() | Video():
                raise self._unsupported(f"{part.kind} in an assistant message")
            case _:
                raise self._unsupported(f"{type(part).__name__} in an assistant message")
        return ()

    def _can_be_read(self, reasoning: Mapping[str, object]) -> bool:
        """Tell whether the server can make anything of reasoning: sealed, open, or stored."""
        return bool(
            self.keeps_answers or reasoning.get("encrypted_content") or reasoning.get("content")
        )

    def _without_orphans(self, items: list[Item]) -> list[Item]:
        """Leave out reasoning at the end of a turn: without what it led to it is refused.

        Source:
            FORMATS 3.1.
        """
        while items and items[-1].get("type") == "reasoning":
            items.pop()
            self._drop("reasoning that nothing follows")
        return items

    def _result(self, part: Part) -> Item:
        if not isinstance(part, ToolResult):
            raise InvalidRequest(f"expected a ToolResult, got {type(part).__name__}")
        is_text = all(isinstance(piece, Text) for piece in part.content)
        return {
            "type": "function_call_output",
            "call_id": part.call_id,
            "output": part.text if is_text else [self._piece(piece) for piece in part.content],
        }

    def _content(self, parts: Sequence[object]) -> str | list[dict[str, object]]:
        """Encode text and files: a single text as a string, which every server takes."""
        if len(parts) == 1 and isinstance(parts[0], Text):
            return parts[0].text
        return [self._piece(part) for part in parts]

    def _piece(self, part: object) -> dict[str, object]:
        match part:
            case Text():
                return {"type": "input_text", "text": part.text}
            case Image():
                detail = {"detail": part.detail} if part.detail else {}
                return {"type": "input_image", "image_url": _address(part), **detail}
            case Document(data=None):
                return {"type": "input_file", "file_url": part.url}
            case Document():
                name = part.name or _ENDINGS.get(part.media_type, "document")
                return {"type": "input_file", "filename": name, "file_data": _address(part)}
            case Audio():
                return {"type": "input_audio", "input_audio": self._sound(part)}
            case Video():
                raise self._unsupported(part.kind)
            case _:
                raise self._unsupported(type(part).__name__)

    def _sound(self, part: Audio) -> dict[str, object]:
        if not self.model.name.startswith(self.quirks.audio_families):
            raise self._unsupported(f"{part.kind}: only a model for sound takes it")
        if part.data is None:
            raise self._unsupported("a sound by its address: give its bytes")
        form = _AUDIO_FORMATS.get(part.media_type)
        if form is None:
            raise self._unsupported(f"a sound of type {part.media_type}: give WAV or MP3")
        return {"data": base64.b64encode(part.data).decode(), "format": form}

    def _drop(self, what: str) -> None:
        if what not in self.dropped:
            self.dropped.append(what)

    def _unsupported(self, what: str) -> UnsupportedFeature:
        return UnsupportedFeature(f"{self.model} cannot be sent {what}")


def _in_order(parts: Sequence[Part]) -> list[Part]:
    """Put reasoning whose item came late where its text stands.

    Source:
        FORMATS 3.3: OpenRouter completes a reasoning item after the message that it led to.
    """
    ordered: list[Part] = []
    waiting: list[tuple[int, Reasoning]] = []  # reasoning that has a text and no item, by place
    for part in parts:
        if isinstance(part, Reasoning):
            if part.replay is None:
                waiting.append((len(ordered), part))
            elif not part.text and waiting:
                place, thought = waiting.pop(0)
                ordered[place] = attrs.evolve(thought, replay=part.replay)
                continue
        ordered.append(part)
    return ordered


def _said(part: Text) -> dict[str, object]:
    if part.is_refusal:
        return {"type": "refusal", "refusal": part.text}
    return {"type": "output_text", "text": part.text}


def _message(content: list[dict[str, object]], replay: Mapping[str, object] | None = None) -> Item:
    return {"type": "message", **(replay or {}), "role": "assistant", "content": content}


def _call(call: ToolCall, *, is_ours: bool) -> Item:
    arguments = call.raw_arguments
    if not arguments.strip():
        arguments = _json_text(call.arguments or {})
    kept = call.replay if is_ours and call.replay is not None else {}
    return {
        "type": "function_call",
        **kept,
        "call_id": call.call_id,
        "name": call.name,
        "arguments": arguments,
    }


def _address(part: Image | Document) -> str:
    """Give where the file is: its address, or the file itself as a data URL."""
    if part.data is None:
        return part.url or ""
    return f"data:{part.media_type};base64,{base64.b64encode(part.data).decode()}"


def _json_text(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"a tool call's arguments cannot be written as JSON: {error}"
        ) from None
