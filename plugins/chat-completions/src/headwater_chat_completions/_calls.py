"""Tool calls out of the fragments that they come in; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import msgspec

from headwater import (
    Event,
    Message,
    ProviderEvent,
    ToolCallDelta,
    ToolCallStarted,
)
from headwater.wire.calls import CallIds, finished_call, read_arguments

from ._wire import Fragment

__all__ = ["CallAssembler"]


@attrs.define(eq=False)
class _Call:
    """A call that is being written; `call_id` is "" until it has been announced."""

    wire_id: str
    call_id: str = ""
    name: str = ""
    pieces: list[str] = attrs.field(factory=list)


class CallAssembler:
    """Assemble the tool calls of one answer, whatever order and form their fragments come in.

    A fragment belongs to the call of its `index`; where servers leave that out or use one index for
    all, a new id, or another name after complete arguments, begins another call. Name and id are
    set once, never joined. An id that is missing, or that another call of the conversation has,
    is replaced by one of our own. Nothing is guessed of the arguments: each call ends with a
    verdict.

    Args:
        messages: The conversation so far, whose ids must not be used again.

    Source:
        FORMATS 2.3, the six rules of assembly.
    """

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self._ids = CallIds(messages)
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}  # the latest call of each index
        self._by_id: dict[tuple[int | None, str], _Call] = {}

    @property
    def has_calls(self) -> bool:
        """Tell whether there is any call."""
        return bool(self._calls)

    def add(self, fragments: Sequence[Fragment], *, is_whole: bool = False) -> list[Event]:
        """Take the fragments of one delta, or the calls of a whole message.

        Args:
            fragments: The pieces.
            is_whole: Whether each is a call in one piece.

        Returns:
            `ToolCallStarted` as soon as a call's name is known, and `ToolCallDelta`.
        """
        events: list[Event] = []
        for place, fragment in enumerate(fragments):
            if fragment.custom is not None:
                events.append(_custom(fragment))
            elif is_whole:
                self._extend(self._begin(None, fragment.id or ""), fragment, events)
            else:
                self._extend(self._call_of(fragment, is_first=place == 0), fragment, events)
        return events

    def finish(self) -> list[Event]:
        """End all calls, in the order in which they began, each with its verdict."""
        events: list[Event] = []
        for call in self._calls:
            if not call.call_id:
                self._announce(call, events)
            events.append(finished_call(call.call_id, call.name, "".join(call.pieces)))
        return events

    def _call_of(self, fragment: Fragment, *, is_first: bool) -> _Call:
        """Find the call that a fragment belongs to, or begin it."""
        index, wire_id = fragment.index, fragment.id or ""
        known = self._by_id.get((index, wire_id)) if wire_id else None
        if known is not None:
            return self._begin(index, wire_id) if _is_complete(known, fragment) else known
        if index is not None:
            latest = self._by_index.get(index)
        else:
            latest = self._calls[-1] if self._calls else None
        if latest is None or _is_another(latest, fragment, is_first=is_first):
            return self._begin(index, wire_id)
        if wire_id:
            latest.wire_id = wire_id
            self._by_id[index, wire_id] = latest
        return latest

    def _begin(self, index: int | None, wire_id: str) -> _Call:
        call = _Call(wire_id)
        self._calls.append(call)
        if index is not None:
            self._by_index[index] = call
        if wire_id:
            self._by_id[index, wire_id] = call
        return call

    def _extend(self, call: _Call, fragment: Fragment, events: list[Event]) -> None:
        function = fragment.function
        if function is None:
            return
        text = _text(function.arguments)
        if text:
            call.pieces.append(text)
        if call.call_id:
            if text:
                events.append(ToolCallDelta(call.call_id, text))
        elif function.name:
            call.name = function.name
            self._announce(call, events)

    def _announce(self, call: _Call, events: list[Event]) -> None:
        call.call_id = self._ids.unique(call.wire_id)
        events.append(ToolCallStarted(call.call_id, call.name))
        if call.pieces:
            events.append(ToolCallDelta(call.call_id, "".join(call.pieces)))


def _is_another(latest: _Call, fragment: Fragment, *, is_first: bool) -> bool:
    """Tell whether a fragment begins another call than the latest one in its place."""
    if fragment.id:
        return bool(latest.wire_id) or fragment.index is None
    name = fragment.function.name if fragment.function is not None else None
    if name and fragment.index is None and (not is_first or name != latest.name):
        return True
    return _is_complete(latest, fragment)


def _is_complete(call: _Call, fragment: Fragment) -> bool:
    """Tell whether a call has all its arguments, and a fragment brings a name and new ones.

    Some servers give several calls one index, or one id.
    """
    function = fragment.function
    if function is None or not function.name or not call.pieces:
        return False
    begins_anew = _text(function.arguments).lstrip().startswith("{")
    return begins_anew and read_arguments("".join(call.pieces)) is not None


def _custom(fragment: Fragment) -> ProviderEvent:
    return ProviderEvent(
        "custom_tool_call",
        {"index": fragment.index, "id": fragment.id, "custom": fragment.custom},
    )


def _text(arguments: Any) -> str:
    """Give the JSON text of arguments; some servers send the object itself."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else msgspec.json.encode(arguments).decode()
