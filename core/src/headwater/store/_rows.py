"""How a turn becomes a row of the table."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from ..errors import ConfigurationError
from ..messages import Message, Role
from ..parts import Text, ToolResult
from ..prices import load_prices
from ..transcript import write_json
from ..turns import Turn

__all__ = ["TurnState", "has_prices", "now", "row_of", "storable", "title_of"]

TITLE_CHARS: Final = 80


class TurnState(StrEnum):
    """What became of a turn."""

    KEPT = "kept"
    UNDONE = "undone"
    CUT = "cut"


def row_of(turn: Turn, conversation_id: str, position: int, state: TurnState) -> dict[str, Any]:
    """Give the columns of a turn."""
    usage = turn.usage if turn.response is not None else None
    reason = None if turn.response is None else turn.response.finish_reason
    return {
        "conversation_id": conversation_id,
        "position": position,
        "state": state.value,
        "model": None if turn.model is None else str(turn.model),
        "started_at": _written(turn.started_at),
        "asked_text": storable("\n".join(filter(None, map(_said, turn.asked)))),
        "answer_text": storable("" if turn.response is None else turn.response.text),
        "finish_reason": None if reason is None else reason.value,
        "input_tokens": None if usage is None else usage.input_tokens,
        "output_tokens": None if usage is None else usage.output_tokens,
        "cached_input_tokens": None if usage is None else usage.cached_input_tokens,
        "cache_write_tokens": None if usage is None else usage.cache_write_tokens,
        "reasoning_tokens": None if usage is None else usage.reasoning_tokens,
        "usage_provenance": None if usage is None else usage.provenance.value,
        "cost_usd": _cost_of(turn),
        "first_content_s": turn.first_content_s,
        "total_s": turn.total_s,
        "turn": write_json(turn),
    }


def title_of(turn: Turn) -> str:
    """Say how a conversation began, in a line."""
    said = " ".join(" ".join(map(_said, turn.asked)).split())
    return storable(said if len(said) <= TITLE_CHARS else f"{said[: TITLE_CHARS - 1]}…")


def storable(text: str) -> str:
    """Replace half a surrogate pair, which the text of a database cannot hold."""
    return text.encode("utf-8", "replace").decode()


def now() -> str:
    """Write the present time as the tables have it."""
    return _written(datetime.now(UTC))


def _written(time: datetime) -> str:
    """Write a time in UTC and always as long, so that its text sorts as it does."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _said(message: Message) -> str:
    if message.role is Role.TOOL:
        return " ".join(part.text for part in message.parts if isinstance(part, ToolResult))
    return " ".join(part.text for part in message.parts if isinstance(part, Text))


def has_prices() -> bool:
    """Tell whether costs can be told; without the prices the store does as well."""
    try:
        load_prices()
    except ConfigurationError:
        return False
    return True


def _cost_of(turn: Turn) -> float | None:
    cost = turn.cost if has_prices() else None
    return None if cost is None else float(cost)
