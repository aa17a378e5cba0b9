"""The blocks that an answer is made of, as they begin, grow and end; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import attrs
import msgspec

from headwater import (
    Event,
    JSONObject,
    Message,
    ProtocolError,
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStarted,
)
from headwater.wire.calls import CallIds, finished_call, read_arguments

from ._wire import Block, Delta

__all__ = ["Blocks"]

_BLOCK: Final = msgspec.json.Decoder(Block)
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])
_CALL_FIELDS: Final = frozenset({"type", "id", "name", "input"})


@attrs.define(eq=False)
class _Text:
    has_text: bool = False
    citations: list[Any] = attrs.field(factory=list)


@attrs.define(eq=False)
class _Thinking:
    signature: str = ""


@attrs.define(eq=False)
class _Call:
    """A call that is being written; `given` is the input that stood in its beginning."""

    call_id: str
    name: str
    given: str
    replay: JSONObject | None
    pieces: list[str] = attrs.field(factory=list)


@attrs.define(eq=False)
class _Other:
    """A block that only its own provider understands: kept whole, to be sent back."""

    block: dict[str, Any]
    pieces: list[str] = attrs.field(factory=list)


class Blocks:
    """Turn the blocks of one answer into events.

    Args:
        messages: The conversation, whose tool calls' ids are taken.

    Attributes:
        text_index: The block of text that has begun to speak, None for none: a `text_delta`
            for it is a `TextDelta` and nothing else.

    Source:
        FORMATS 4.2 and 4.3.
    """

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self.text_index: int | None = None
        self._ids = CallIds(messages)
        self._open: dict[int | None, _Text | _Thinking | _Call | _Other] = {}
        self._is_text_open = False  # text without an end of its own: more would join it

    def begin(
        self, index: int | None, raw: msgspec.Raw, events: list[Event], *, is_whole: bool = False
    ) -> None:
        """Take the beginning of a block, or a whole one.

        Args:
            index: Its place.
            raw: Its JSON.
            events: Where the events go.
            is_whole: Whether nothing is added to it later.

        Raises:
            ProtocolError: It is no block.
        """
        self.end(index, events)
        data = bytes(raw)
        try:
            block = _BLOCK.decode(data)
            match block.type:
                case "text":
                    self._begin_text(index, block, events)
                case "thinking":
                    self._begin_thinking(index, block, events)
                case "tool_use":
                    self._open[index] = self._begin_call(block, data, events, is_whole=is_whole)
                case "redacted_thinking":
                    self._break_text()
                    events.append(ReasoningDelta("", _OBJECT.decode(data)))
                case _:
                    self._open[index] = _Other(_OBJECT.decode(data))
        except (ValueError, RecursionError) as error:
            self._begin_unknown(index, data, error)

    def add(self, index: int | None, delta: Delta, data: str | bytes, events: list[Event]) -> None:
        """Take what is added to a block.

        Args:
            index: Its place.
            delta: What is added.
            data: The frame, for what is in no field of `delta`.
            events: Where the events go.
        """
        match delta.type, self._open.get(index):
            case "text_delta", (None | _Text()) as block:
                self._add_text(index, block, delta.text, events)
            case "thinking_delta", (None | _Thinking()) as block:
                self._open[index] = block or _Thinking()
                self._add_thinking(delta.thinking, events)
            case "signature_delta", _Thinking() as block:
                block.signature = delta.signature or block.signature
            case "input_json_delta", (_Call() | _Other()) as block:
                self._add_input(block, delta.partial_json, events)
            case "citations_delta", _Text() as block:
                _cite(block, delta.citation, events)
            case "compaction_delta", _Other() as block:
                block.block.update(_without_type(_delta_of(data)))
            case (("signature_delta" | "input_json_delta"), _):
                pass  # of no block that has begun
            case _:
                events.append(ProviderEvent(delta.type, _delta_of(data)))

    def end(self, index: int | None, events: list[Event]) -> None:
        """Take the end of a block; one that is not open is passed over."""
        match self._open.pop(index, None):
            case _Text() as block:
                self._end_text(block, events)
            case _Thinking(signature=signature) if signature:
                self._break_text()
                events.append(ReasoningDelta("", {"signature": signature}))
            case _Call() as call:
                self._end_call(call, events)
            case _Other() as other:
                self._end_other(other, events)
            case _:
                pass  # nothing is left to say

    def end_all(self, events: list[Event]) -> None:
        """End whatever is open."""
        for index in list(self._open):
            self.end(index, events)

    def _begin_text(self, index: int | None, block: Block, events: list[Event]) -> None:
        if self._is_text_open:  # citations belong to one block, so that no two may be joined
            self._break_text()
            events.append(TextDelta("", {}))
        begun = _Text()
        self._open[index] = begun
        for citation in block.citations or ():
            _cite(begun, citation, events)
        self._add_text(index, begun, block.text, events)

    def _add_text(
        self, index: int | None, block: _Text | None, text: str | None, events: list[Event]
    ) -> None:
        if block is None:
            self._open[index] = block = _Text()
        if text:
            block.has_text = self._is_text_open = True
            self.text_index = index
            events.append(TextDelta(text))

    def _break_text(self) -> None:
        """Note that something else was said: more text would not join what came before."""
        self._is_text_open = False
        self.text_index = None

    def _end_text(self, block: _Text, events: list[Event]) -> None:
        self.text_index = None
        if block.citations and block.has_text:
            self._break_text()
            events.append(TextDelta("", {"citations": block.citations}))

    def _begin_thinking(self, index: int | None, block: Block, events: list[Event]) -> None:
        self._open[index] = _Thinking(block.signature or "")
        self._add_thinking(block.thinking, events)

    def _add_thinking(self, thought: str | None, events: list[Event]) -> None:
        if thought:
            self._break_text()
            events.append(ReasoningDelta(thought))

    def _begin_call(
        self, block: Block, data: bytes, events: list[Event], *, is_whole: bool
    ) -> _Call:
        given = bytes(block.input).decode()
        if given == "null" or (given == "{}" and not is_whole):
            given = ""  # the arguments are still to come, or there are none
        rest = {
            key: value for key, value in _OBJECT.decode(data).items() if key not in _CALL_FIELDS
        }
        call = _Call(self._ids.unique(block.id), block.name or "", given, rest or None)
        events.append(ToolCallStarted(call.call_id, call.name))
        return call

    def _add_input(self, block: _Call | _Other, piece: str | None, events: list[Event]) -> None:
        if piece:
            block.pieces.append(piece)
            if isinstance(block, _Call):
                events.append(ToolCallDelta(block.call_id, piece))

    def _end_call(self, call: _Call, events: list[Event]) -> None:
        if not call.pieces and call.given:
            self._add_input(call, call.given, events)
        self._break_text()
        raw = "".join(call.pieces)
        events.append(finished_call(call.call_id, call.name, raw, call.replay))

    def _end_other(self, other: _Other, events: list[Event]) -> None:
        block = other.block
        if given := read_arguments("".join(other.pieces)):
            block["input"] = given
        self._break_text()
        events.append(ProviderEvent(block["type"], block, is_part=True))

    def _begin_unknown(self, index: int | None, data: bytes, error: Exception) -> None:
        """Take a block whose fields are not those of the ones we know, if it is a block at all."""
        try:
            block = _OBJECT.decode(data)
        except (ValueError, RecursionError):
            raise ProtocolError.malformed("a content block", data, error) from None
        kind = block.get("type")
        if not isinstance(kind, str) or kind in _KNOWN:
            raise ProtocolError.malformed("a content block", data, error) from None
        self._open[index] = _Other(block)


_KNOWN: Final = frozenset({"text", "thinking", "tool_use", "redacted_thinking"})


def _cite(block: _Text, citation: Any, events: list[Event]) -> None:
    """Keep a citation with its text, to be sent back, and show it at once."""
    if isinstance(citation, dict):
        block.citations.append(citation)
        events.append(ProviderEvent("citation", citation))


def _delta_of(data: str | bytes) -> dict[str, Any]:
    """Give all that is in the delta of a frame which has one."""
    delta: dict[str, Any] = _OBJECT.decode(data)["delta"]
    return delta


def _without_type(delta: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in delta.items() if key != "type"}
