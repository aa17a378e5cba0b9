"""Tool calls as wires give them: ids missing or repeated, arguments that may be broken."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ..events import ToolCallFinished
from ..messages import Message
from ..parts import JSONObject

__all__ = ["CallIds", "finished_call", "read_arguments"]


class CallIds:
    """Give each tool call of an answer an id that no other call of the conversation has.

    Args:
        messages: The conversation so far, whose ids are taken.
    """

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self._messages = messages
        self._taken: set[str] | None = None
        self._made = 0

    def unique(self, wire_id: str | None) -> str:
        """Give the wire's own id if it can be used, else one made up: nine letters and digits.

        Source:
            Mistral takes no other length (FORMATS section 8).
        """
        if self._taken is None:
            self._taken = {call.call_id for m in self._messages for call in m.tool_calls}
        call_id = wire_id or ""
        while not call_id or call_id in self._taken:
            self._made += 1
            call_id = f"call{self._made:05d}"
        self._taken.add(call_id)
        return call_id


def read_arguments(raw: str) -> JSONObject | None:
    """Read the JSON text of a call's arguments.

    Shapes:
        '{"city": "Oslo"}' -> {"city": "Oslo"}; "" -> {}; '{"city": ' and "[1]" -> None
    """
    if not raw.strip():
        return {}
    try:
        value = msgspec.json.decode(raw)
    except (ValueError, RecursionError):  # bad UTF-8 is a ValueError
        return None
    return value if isinstance(value, dict) else None


def finished_call(
    call_id: str, name: str, raw: str, replay: JSONObject | None = None
) -> ToolCallFinished:
    """End a tool call with its verdict: valid, or invalid with the text as it came."""
    arguments = read_arguments(raw) if name else None
    return ToolCallFinished(
        call_id,
        name,
        arguments=arguments,
        raw_arguments=raw,
        is_valid=arguments is not None,
        replay=replay,
    )
