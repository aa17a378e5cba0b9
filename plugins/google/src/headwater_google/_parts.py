"""The parts of an answer to events; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from headwater import (
    Event,
    JSONValue,
    Message,
    ProtocolError,
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStarted,
)
from headwater.wire.calls import CallIds, finished_call

from ._partial_args import PartialArgs
from ._wire import Content, FunctionCall, Part

__all__ = ["Frame", "Parts"]

_BESIDE: Final = frozenset({"thought", "thoughtSignature"})


class Frame:
    """Hold one frame, to be decoded once more, and once only, for all that is in it."""

    def __init__(self, data: str | bytes) -> None:
        self._data = data
        self._candidates: list[dict[str, Any]] | None = None

    def candidate(self, place: int) -> dict[str, Any]:
        """Give a candidate as it came."""
        if self._candidates is None:
            self._candidates = self._object()["candidates"]
        return self._candidates[place]

    def part(self, place: int, number: int) -> dict[str, Any]:
        """Give a part of a candidate as it came."""
        part: dict[str, Any] = self.candidate(place)["content"]["parts"][number]
        return part

    def field(self, name: str) -> Any:
        """Give a field of the frame as it came."""
        return self._object()[name]

    def _object(self) -> dict[str, Any]:
        try:
            value: dict[str, Any] = msgspec.json.decode(self._data)
        except (ValueError, RecursionError) as error:  # bad UTF-8 is a ValueError
            raise ProtocolError.malformed("a Gemini answer", self._data, error) from None
        return value


class _OpenCall:
    """A call that has begun."""

    def __init__(self, call_id: str, name: str, call: FunctionCall) -> None:
        self.call_id = call_id
        self.name = name
        self.args = PartialArgs(call.args)
        self.replay: dict[str, JSONValue] = {"id": call.id} if call.id else {}


class Parts:
    """Turn parts into events: one object for each answer.

    A part that has a signature stays a part of its own, so that it can be sent back as it came:
    where text without one goes before it, an empty delta with an empty `replay` ends that.

    Args:
        messages: The conversation, whose tool calls' ids are taken.

    Attributes:
        has_called: Whether the model has asked for a tool.
        is_in_text: Whether text was said last, without a signature: more of it changes nothing.

    Source:
        FORMATS 5.2.
    """

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self.has_called = False
        self._ids = CallIds(messages)
        self._call: _OpenCall | None = None
        self._open: type[TextDelta] | type[ReasoningDelta] | None = None  # unsigned so far

    @property
    def is_in_text(self) -> bool:
        return self._open is TextDelta

    def take(self, content: Content, place: int, frame: Frame, events: list[Event]) -> None:
        """Take the parts of one frame, a few checks for each token."""
        for number, part in enumerate(content.parts or ()):
            if part.text is not None:
                self._take_text(part, part.text, events)
            elif part.function_call is not None:
                self._open = None
                self._take_call(part.function_call, part.thought_signature, events)
            else:
                self._take_other(part, frame.part(place, number), events)

    def _take_text(self, part: Part, text: str, events: list[Event]) -> None:
        kind = ReasoningDelta if part.thought else TextDelta
        signature = part.thought_signature
        if not text and not signature:
            return
        if self._call is not None:
            self.close(events)
        if not signature:
            self._open = kind
            events.append(kind(text))
            return
        if self._open is kind:
            events.append(kind("", {}))
        self._open = None
        events.append(kind(text, {"thoughtSignature": signature}))

    def _take_other(self, part: Part, raw: dict[str, Any], events: list[Event]) -> None:
        """Take a part that is neither text nor a call: a server-side tool, a file, a signature."""
        kind = next((name for name in raw if name not in _BESIDE), None)
        if kind is None:
            self._take_text(part, "", events)
            return
        self.close(events)
        self._open = None
        events.append(ProviderEvent(kind, raw, is_part=True))

    def _take_call(self, call: FunctionCall, signature: str | None, events: list[Event]) -> None:
        """Take a call, or a piece of one.

        A named one begins a call and ends the one before; an empty one ends it, too, unless it
        says that there is more.
        """
        has_arguments = call.args is not None or bool(call.partial_args)
        if call.name or (self._call is None and has_arguments):
            self.close(events)
            self._begin(call, events)
        open_call = self._call
        if open_call is None:
            return
        if signature:
            open_call.replay["thoughtSignature"] = signature
        if call.args is not None:
            open_call.args.whole = call.args
        if call.partial_args:
            # Its last piece may say so, or not: more pieces are taken all the same.
            open_call.args.add(call.partial_args)
        elif not call.will_continue:
            self.close(events)

    def _begin(self, call: FunctionCall, events: list[Event]) -> None:
        self.has_called = True
        name = call.name or ""
        self._call = _OpenCall(self._ids.unique(call.id), name, call)
        events.append(ToolCallStarted(self._call.call_id, name))

    def close(self, events: list[Event]) -> None:
        """End the call that is open, if one is, with its verdict."""
        call, self._call = self._call, None
        if call is not None:
            text = call.args.text()
            events.append(ToolCallDelta(call.call_id, text))
            events.append(finished_call(call.call_id, call.name, text, call.replay or None))
