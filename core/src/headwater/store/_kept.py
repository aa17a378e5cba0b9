"""What the store gives out: conversations, as a list tells of them and whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from sqlite3 import Row

import attrs

from ..messages import Message
from ..requests import ModelId
from ..transcript import read, read_json
from ..turns import Spending, Turn
from ..usage import Provenance, Usage
from ._keeping import Keeping
from ._rows import TurnState

__all__ = ["ConversationSummary", "KeptConversation", "conversation_of", "summary_of"]


@attrs.frozen(kw_only=True)
class ConversationSummary:
    """Describe a kept conversation.

    Attributes:
        id: Its name; any beginning of it that no other has will do.
        title: How it began.
        model: The model that was asked last.
        system: The system prompt.
        created_at: When its first turn was kept.
        updated_at: When it was last changed.
        turn_count: How many turns its history has.
        usage: The tokens of all its calls, those undone and cut included.
        cost_usd: What they cost; None where one of them has no known price.
    """

    id: str
    title: str
    model: ModelId
    system: str | None
    created_at: datetime
    updated_at: datetime
    turn_count: int
    usage: Usage
    cost_usd: float | None


@attrs.frozen(kw_only=True)
class KeptConversation:
    """Hold a kept conversation.

    Attributes:
        summary: What it is.
        turns: Its history.
        rows: The number of each of these turns in the table.
        spendings: What each of its calls used, those undone and cut included.
    """

    summary: ConversationSummary
    turns: tuple[Turn, ...]
    rows: tuple[int, ...]
    spendings: tuple[Spending, ...]

    def keeping(self) -> Keeping:
        """Tell how far a session that goes on with it is kept."""
        return Keeping(self.summary.id, list(self.rows))

    @property
    def messages(self) -> tuple[Message, ...]:
        """List the history, without the system prompt."""
        return tuple(message for turn in self.turns for message in turn.messages)


def summary_of(row: Row) -> ConversationSummary:
    """Read a row of the list of conversations."""
    known = row["input_tokens"] is not None or row["output_tokens"] is not None
    return ConversationSummary(
        id=row["id"],
        title=row["title"],
        model=ModelId.parse(row["model"]),
        system=row["system"],
        created_at=datetime.fromisoformat(row["created_at"]),
        updated_at=datetime.fromisoformat(row["updated_at"]),
        turn_count=row["turn_count"],
        usage=Usage(
            row["input_tokens"],
            row["output_tokens"],
            cached_input_tokens=row["cached_input_tokens"],
            cache_write_tokens=row["cache_write_tokens"],
            reasoning_tokens=row["reasoning_tokens"],
            provenance=Provenance(row["provenance"]) if known else Provenance.REPORTED,
        ),
        cost_usd=row["cost_usd"],
    )


def conversation_of(summary: Row, rows: Iterable[Row], path: Path) -> KeptConversation:
    """Read the rows of a conversation.

    Raises:
        StorageError: A turn does not have the shape.
    """
    turns: list[Turn] = []
    numbers: list[int] = []
    spendings: list[Spending] = []
    for row in rows:
        where = f"{path}, turn {row['id']}"
        turn = read(Turn, read_json(row["turn"], where), where)
        if turn.model is not None:
            spendings.append(Spending(turn.model, turn.usage, turn.started_at))
        if row["state"] == TurnState.KEPT:
            turns.append(turn)
            numbers.append(row["id"])
    return KeptConversation(
        summary=summary_of(summary),
        turns=tuple(turns),
        rows=tuple(numbers),
        spendings=tuple(spendings),
    )
