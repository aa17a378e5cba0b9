"""The output items of an answer, in pieces or whole, to events; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
import msgspec

from headwater import (
    Event,
    Message,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStarted,
)
from headwater.wire.calls import CallIds, finished_call

from ._wire import Frame

__all__ = ["Output"]

_MESSAGE_KEPT: Final = ("id", "phase")
_CALL_OWN: Final = frozenset({"type", "call_id", "name", "arguments", "status"})


@attrs.define(eq=False)
class _Item:
    """An output item that is being written.

    Attributes:
        came: What of it has come in deltas: text, refusal, reasoning.
        last: What the model said last in it.
        annotations: How many have been passed on.
        is_call: Whether it is a tool call.
        call_id: That of a call that was announced.
        name: The tool.
        pieces: Its arguments.
        kept: What else the item says, to be sent back.
        is_done: Whether all of it was passed on.
    """

    came: set[str] = attrs.field(factory=set)
    last: str = ""
    annotations: int = 0
    is_call: bool = False
    call_id: str = ""
    name: str = ""
    pieces: list[str] = attrs.field(factory=list)
    kept: dict[str, Any] = attrs.field(factory=dict)
    is_done: bool = False


class Output:
    """Turn what becomes of the output items into events: one object for each answer.

    What comes in deltas is passed on as it comes; the complete item then adds what no delta had,
    and what has to be sent back. A whole answer is nothing but complete items.

    Args:
        messages: The conversation so far, whose tool calls' ids must not be used again.

    Attributes:
        has_items: Whether there was anything.
        has_called: Whether the model has called a tool that the application runs.
        has_refused: Whether it has said that it will not answer.
        speaking: The index of the item whose text is being written, None where it is not known: an
            `output_text.delta` for it is a `TextDelta` and nothing else.

    Source:
        FORMATS 3.2 and 3.3.
    """

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self.has_items = False
        self.has_called = False
        self.has_refused = False
        self.speaking: int | None = None
        self._ids = CallIds(messages)
        self._items: list[_Item] = []
        self._by_index: dict[int, _Item] = {}
        self._by_id: dict[str, _Item] = {}

    def add(self, frame: Frame, events: list[Event]) -> None:
        """Take the beginning of an item."""
        self.speaking = None
        wire = frame.item
        if isinstance(wire, dict):
            item = self._begin(frame.output_index, wire.get("id"))
            if wire.get("type") == "function_call":
                self._name(item, wire, events)

    def add_text(self, frame: Frame, events: list[Event]) -> None:
        """Take a piece of text."""
        if text := _text(frame.delta):
            item = self._find(frame.output_index, frame.item_id)
            item.came.add("text")
            item.last = "text"
            index = frame.output_index
            is_found_by_it = type(index) is int and self._by_index.get(index) is item
            self.speaking = index if is_found_by_it else None
            events.append(TextDelta(text))

    def add_refusal(self, frame: Frame, events: list[Event]) -> None:
        """Take a piece of the model's words for not answering."""
        if text := _text(frame.delta):
            item = self._find(frame.output_index, frame.item_id)
            item.came.add("refusal")
            self._refuse(item, text, events)

    def add_reasoning(self, frame: Frame, events: list[Event]) -> None:
        """Take a piece of reasoning or of its summary."""
        if text := _text(frame.delta):
            self._find(frame.output_index, frame.item_id).came.add("reasoning")
            events.append(ReasoningDelta(text))

    def add_arguments(self, frame: Frame, events: list[Event]) -> None:
        """Take a piece of a call's arguments."""
        item = self._find(frame.output_index, frame.item_id)
        if (text := _text(frame.delta)) and not item.is_done:
            item.is_call = True
            item.pieces.append(text)
            if item.call_id:
                events.append(ToolCallDelta(item.call_id, text))

    def end_arguments(self, frame: Frame, events: list[Event]) -> None:
        """Take the end of a call's arguments, and all of them where no piece came."""
        item = self._find(frame.output_index, frame.item_id)
        if item.is_done:
            return
        item.is_call = True
        self._complete(item, frame.arguments, events)
        if item.call_id:
            self._end_call(item, events)

    def annotate(self, frame: Frame, events: list[Event]) -> None:
        """Take a citation."""
        if frame.annotation is not None:
            self._find(frame.output_index, frame.item_id).annotations += 1
            events.append(_annotation(frame.annotation))

    def end(self, index: object, wire: object, events: list[Event]) -> None:
        """Take a complete item."""
        self.speaking = None
        if not isinstance(wire, dict):
            return
        item = self._find(index, wire.get("id"))
        if item.is_done:
            return
        match wire.get("type"):
            case "message":
                self._end_message(item, wire, events)
            case "reasoning":
                if "reasoning" not in item.came:
                    events += [ReasoningDelta(text) for text in _thoughts(wire)]
                events.append(ReasoningDelta("", wire))
            case "function_call":
                self._name(item, wire, events, is_whole=True)
                self._complete(item, wire.get("arguments"), events)
                self._end_call(item, events, was_cut=wire.get("status") == "incomplete")
            case str(kind):
                events.append(ProviderEvent(kind, wire, is_part=True))
            case _:
                pass  # an item that does not say what it is
        item.is_done = item.is_done or not item.is_call  # one that began as a call ends as one

    def complete(self, output: Iterable[object], events: list[Event]) -> None:
        """Take the items of the final response: those that were left open, or all if none came.

        Others count as they came: on some servers they bear other ids here, or are missing.

        Source:
            FORMATS 3.3; OpenAI's stream of 2026-06-12 ends tools of an MCP server here alone.
        """
        came = self.has_items
        for index, wire in enumerate(output):
            item_id = wire.get("id") if isinstance(wire, dict) else None
            if not came:
                self.end(index, wire, events)
            elif isinstance(item_id, str) and item_id in self._by_id:
                self.end(None, wire, events)

    def finish(self, events: list[Event]) -> None:
        """End the calls that the answer ended in."""
        self.speaking = None
        for item in self._items:
            if item.is_call and not item.is_done:
                self._name(item, {}, events)
                self._end_call(item, events, was_cut=True)

    def _begin(self, index: object, item_id: object) -> _Item:
        item = _Item()
        self.has_items = True
        self._items.append(item)
        if type(index) is int:
            self._by_index[index] = item
        if isinstance(item_id, str):
            self._by_id[item_id] = item
        return item

    def _find(self, index: object, item_id: object) -> _Item:
        """Find the item of an event: by its index, else its id, else it is the latest one."""
        found = self._by_index.get(index) if type(index) is int else None
        if found is None and isinstance(item_id, str):
            found = self._by_id.get(item_id)
        if found is None and index is item_id is None and self._items:
            found = self._items[-1] if not self._items[-1].is_done else None
        return found or self._begin(index, item_id)

    def _name(
        self, item: _Item, wire: Mapping[str, Any], events: list[Event], *, is_whole: bool = False
    ) -> None:
        """Announce a call, once its name is known or never will be."""
        item.is_call = self.has_called = True
        item.kept = item.kept or {k: value for k, value in wire.items() if k not in _CALL_OWN}
        item.name = item.name or _text(wire.get("name"))
        is_last_word = is_whole or not wire or wire.get("status") not in (None, "in_progress")
        if item.call_id or not (item.name or is_last_word):
            return
        item.call_id = self._ids.unique(_text(wire.get("call_id")) or None)
        events.append(ToolCallStarted(item.call_id, item.name))
        if item.pieces:
            events.append(ToolCallDelta(item.call_id, "".join(item.pieces)))

    def _complete(self, item: _Item, arguments: object, events: list[Event]) -> None:
        """Take a call's arguments in one piece, unless they came in several."""
        if not item.pieces and (text := _json_text(arguments)):
            item.pieces.append(text)
            if item.call_id:
                events.append(ToolCallDelta(item.call_id, text))

    def _end_call(self, item: _Item, events: list[Event], *, was_cut: bool = False) -> None:
        item.is_done = True
        finished = finished_call(item.call_id, item.name, "".join(item.pieces), item.kept or None)
        if was_cut and not finished.raw_arguments.strip():
            finished.arguments, finished.is_valid = None, False  # cut before its first argument
        events.append(finished)

    def _end_message(self, item: _Item, wire: Mapping[str, Any], events: list[Event]) -> None:
        for part in _list(wire.get("content")):
            match part:
                case {"type": "output_text"}:
                    self._end_text(item, part, events)
                case {"type": "refusal", "refusal": str(text)}:
                    if text and "refusal" not in item.came:
                        self._refuse(item, text, events)
                case {"type": str(kind)}:
                    events.append(ProviderEvent(kind, part))
                case _:
                    pass  # nothing that a part of content is known to be
        kept = {key: wire[key] for key in _MESSAGE_KEPT if wire.get(key) is not None}
        if kept and item.last == "text":
            events.append(TextDelta("", kept))

    def _end_text(self, item: _Item, part: Mapping[str, Any], events: list[Event]) -> None:
        text = _text(part.get("text"))
        if text and "text" not in item.came:
            item.last = "text"
            events.append(TextDelta(text))
        annotations = _list(part.get("annotations"))
        events += [_annotation(one) for one in annotations[item.annotations :]]
        item.annotations = max(0, item.annotations - len(annotations))
        if logprobs := part.get("logprobs"):
            events.append(ProviderEvent("logprobs", {"logprobs": logprobs}))

    def _refuse(self, item: _Item, text: str, events: list[Event]) -> None:
        item.last = "refusal"
        self.speaking = None
        self.has_refused = True
        events.append(RefusalDelta(text))


def _annotation(annotation: Any) -> ProviderEvent:
    return ProviderEvent("annotations", {"annotations": [annotation]})


def _thoughts(reasoning: Mapping[str, Any]) -> list[str]:
    """Give the summaries of reasoning and its own text, where it is not sealed."""
    parts = [*_list(reasoning.get("summary")), *_list(reasoning.get("content"))]
    texts = [_text(part.get("text")) for part in parts if isinstance(part, dict)]
    return [text for text in texts if text]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _json_text(arguments: object) -> str:
    """Give the JSON text of arguments; some servers send the object itself."""
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return msgspec.json.encode(arguments).decode()
