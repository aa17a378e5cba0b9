"""The conversation as the messages and the system prompt of a request; pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

import attrs

from headwater import (
    Audio,
    Cache,
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

__all__ = ["MAX_BREAKPOINTS", "ORIGIN", "Conversation", "cache_control"]

ORIGIN: Final = "anthropic-messages"
MAX_BREAKPOINTS: Final = 4

Block = dict[str, object]

_IMAGE_TYPES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")
_PDF: Final = "application/pdf"
_TEXT_TYPES: Final = ("application/json", "application/xml")  # besides text/*
_NOT_IN_AN_ID: Final = re.compile(r"[^a-zA-Z0-9_-]")
_THOUGHTS: Final = frozenset({"thinking", "redacted_thinking"})
# What the vendor's guide to fine-grained tool streaming wraps broken arguments in.
_INVALID_JSON: Final = "INVALID_JSON"


def cache_control(cache: Cache) -> Block:
    """Write a place up to which the prompt is to be cached."""
    return {"type": "ephemeral", "ttl": cache.value}


@attrs.define(eq=False)
class Conversation:
    """Turn messages into those of the wire: one object for each request.

    Attributes:
        model: Who is asked, for errors.
        dropped: What could not be sent, in words, each once.
        breakpoints: How many places to cache up to there are.

    Source:
        FORMATS 4.1.
    """

    model: ModelId
    dropped: list[str] = attrs.field(factory=list)
    breakpoints: int = 0

    def system(self, messages: Iterable[Message]) -> list[Block]:
        """Give the system prompt, which is no message on this wire."""
        return [
            block
            for message in messages
            if message.role is Role.SYSTEM
            for block in self._content(message.parts)
        ]

    def encode(self, messages: Iterable[Message]) -> list[Block]:
        """Turn all other messages into those of the wire, neighbours of one role merged.

        Results of tools are the user's turn, as the wire sees it.

        Raises:
            InvalidRequest: The user does not speak first.
            UnsupportedFeature: A message holds what the model cannot take.
        """
        spoken = (message for message in messages if message.role is not Role.SYSTEM)
        encoded: list[Block] = []
        turns: list[list[Block]] = []
        for role, group in groupby(spoken, _wire_role):
            blocks = [block for message in group for block in self._blocks(message)]
            if role == "assistant":
                self._trim(blocks)
            if blocks and encoded and encoded[-1]["role"] == role:
                turns[-1] += blocks
            elif blocks:
                turns.append(blocks)
                encoded.append({"role": role, "content": blocks})
        if not encoded or encoded[0]["role"] != "user":
            raise InvalidRequest(
                f"{self.model} wants the user to speak first: put a user message before the "
                "first assistant message"
            )
        return encoded

    def _blocks(self, message: Message) -> list[Block]:
        if message.role is Role.ASSISTANT:
            return self._answer(message)
        if message.role is Role.TOOL:
            return [self._result(part) for part in message.parts]
        return self._content(message.parts)

    def _answer(self, message: Message) -> list[Block]:
        """Encode a turn of the model; what another wire sealed means nothing to this one."""
        blocks: list[Block] = []
        for part in message.parts:
            match part:
                case Text():
                    blocks += self._text(part, has_replay=message.origin == ORIGIN)
                case ToolCall():
                    blocks.append(_call(part, has_replay=message.origin == ORIGIN))
                case Reasoning() if message.origin == ORIGIN:
                    blocks += self._thought(part)
                case ProviderPart() if message.origin == ORIGIN:
                    blocks.append(dict(part.data))
                case Reasoning():
                    self._drop("reasoning", message.origin)
                case ProviderPart():
                    self._drop(part.type, message.origin)
                case _:
                    raise self._unsupported(f"{_name(part)} in an assistant message")
        return blocks

    def _thought(self, part: Reasoning) -> list[Block]:
        """Encode reasoning as it came: the API refuses what it has not signed itself."""
        replay = part.replay or {}
        if replay.get("type") == "redacted_thinking":
            return [dict(replay)]
        signature = replay.get("signature")
        if not signature:
            self._drop("reasoning without a signature", ORIGIN)
            return []
        return [{"type": "thinking", "thinking": part.text, "signature": signature}]

    def _trim(self, blocks: list[Block]) -> None:
        """Take away reasoning that nothing follows: the API refuses a turn that ends in it.

        An answer that was cut while the model thought ends so.
        """
        while blocks and blocks[-1].get("type") in _THOUGHTS:
            blocks.pop()
            self._drop("reasoning that nothing follows", ORIGIN)

    def _result(self, part: Part) -> Block:
        if not isinstance(part, ToolResult):
            raise InvalidRequest(f"expected a ToolResult, got {_name(part)}")
        block: Block = {"type": "tool_result", "tool_use_id": _call_id(part.call_id)}
        content = self._content(part.content, " in a tool result")
        if content:
            block["content"] = content
        if part.is_error:
            block["is_error"] = True
        return self._cached(block, part.cache)

    def _content(self, parts: Iterable[object], where: str = "") -> list[Block]:
        """Encode text and files; text of blanks alone is left out, as the API refuses it."""
        blocks: list[Block] = []
        for part in parts:
            match part:
                case Text():
                    blocks += self._text(part)
                case Image():
                    block: Block = {"type": "image", "source": self._image(part, where)}
                    blocks.append(self._cached(block, part.cache))
                case Document():
                    block = {"type": "document", "source": self._document(part, where)}
                    if part.name:
                        block["title"] = part.name
                    blocks.append(self._cached(block, part.cache))
                case _:
                    raise self._unsupported(f"{_name(part)}{where}")
        return blocks

    def _text(self, part: Text, *, has_replay: bool = False) -> list[Block]:
        if not part.text.strip():
            return []
        block: Block = {"type": "text", "text": part.text}
        if has_replay and part.replay:
            block.update(part.replay)
        return [self._cached(block, part.cache)]

    def _image(self, part: Image, where: str) -> Block:
        if part.data is None:
            return {"type": "url", "url": part.url}
        media_type = "image/jpeg" if part.media_type == "image/jpg" else part.media_type
        if media_type not in _IMAGE_TYPES:
            raise self._unsupported(
                f"an image of type {media_type}{where}: give one of {', '.join(_IMAGE_TYPES)}"
            )
        return _base64(media_type, part.data)

    def _document(self, part: Document, where: str) -> Block:
        if part.data is None:
            return {"type": "url", "url": part.url}
        media_type = (part.media_type or "").partition(";")[0].strip().lower()
        if media_type == _PDF:
            return _base64(_PDF, part.data)
        if not media_type.startswith("text/") and media_type not in _TEXT_TYPES:
            raise self._unsupported(
                f"a document of type {part.media_type}{where}: give a PDF, or its text"
            )
        try:
            text = part.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidRequest(
                f"a document of type {part.media_type} is no UTF-8 text ({error.reason} at byte "
                f"{error.start}): convert it first"
            ) from None
        return {"type": "text", "media_type": "text/plain", "data": text}

    def _cached(self, block: Block, cache: Cache | None) -> Block:
        if cache is not None:
            self.breakpoints += 1
            block["cache_control"] = cache_control(cache)
        return block

    def _drop(self, what: str, origin: str | None) -> None:
        text = f"{what} of {origin or 'unknown origin'}"
        if text not in self.dropped:
            self.dropped.append(text)

    def _unsupported(self, what: str) -> UnsupportedFeature:
        return UnsupportedFeature(f"{self.model} cannot be sent {what}")


def _wire_role(message: Message) -> str:
    return "assistant" if message.role is Role.ASSISTANT else "user"


def _call(call: ToolCall, *, has_replay: bool) -> Block:
    arguments = call.arguments
    if arguments is None:
        arguments = {_INVALID_JSON: call.raw_arguments}
    block: Block = {"type": "tool_use", "id": _call_id(call.call_id), "name": call.name}
    block["input"] = arguments
    if has_replay and call.replay:
        block.update(call.replay)
    return block


def _call_id(call_id: str) -> str:
    """Give the id as the API takes it: another wire's ids may hold other characters."""
    if not call_id or _NOT_IN_AN_ID.search(call_id):
        return f"toolu_{hashlib.sha256(call_id.encode('utf-8', 'replace')).hexdigest()[:24]}"
    return call_id


def _base64(media_type: str, data: bytes) -> Block:
    return {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()}


def _name(part: object) -> str:
    return part.kind if isinstance(part, Audio | Document | Image | Video) else type(part).__name__
