"""Kept conversations as text: Markdown, JSON, JSON Lines."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headwater import Message, Role, Runner, Text, ToolCall, ToolResult
from headwater.parts import Media
from headwater.session import Session
from headwater.store import ConversationSummary, KeptConversation, Store
from headwater.transcript import write
from headwater.turns import Turn

__all__ = ["as_json", "as_json_lines", "as_markdown", "message_text", "summary_fields"]


def as_markdown(kept: KeptConversation) -> str:
    """Write a conversation as a document: a heading for each that speaks."""
    summary = kept.summary
    blocks = [f"# {summary.title or 'Conversation'}"]
    blocks.append(f"{summary.model}, {summary.created_at:%Y-%m-%d %H:%M} UTC")
    if summary.system:
        blocks += ["## System", summary.system]
    for turn in kept.turns:
        blocks += _turn_blocks(turn)
    return "\n\n".join(blocks) + "\n"


def _turn_blocks(turn: Turn) -> Iterator[str]:
    for message in turn.messages:
        yield f"## {_speaker(message, turn)}"
        yield message_text(message) or "(no text)"
    if turn.is_interrupted:
        yield "(interrupted)"


def _speaker(message: Message, turn: Turn) -> str:
    if message.role is Role.ASSISTANT:
        return str(turn.model or "Assistant")
    return {Role.USER: "You", Role.TOOL: "Tool"}.get(message.role, message.role.value.capitalize())


def message_text(message: Message) -> str:
    """Give what was said, and name what cannot be written as text."""
    return "\n\n".join(text for text in map(_part_text, message.parts) if text)


def _part_text(part: object) -> str:
    match part:
        case Text(text=text):
            return text
        case ToolCall():
            return f"`{part.name}({part.raw_arguments or json.dumps(part.arguments)})`"
        case ToolResult():
            return "\n".join(_part_text(inner) for inner in part.content)
        case Media():
            return f"[{part.kind}: {part.name or _address(part) or part.media_type}]"
        case _:
            return ""  # thoughts, and what only its provider can read


def _address(part: Media) -> str | None:
    """Tell where a file is, unless the address is the file."""
    return None if part.url is None or part.url.startswith("data:") else part.url


def as_json(kept: KeptConversation) -> dict[str, Any]:
    """Give all that is known of a conversation, as JSON can hold it."""
    return {**summary_fields(kept.summary), "turns": [write(turn) for turn in kept.turns]}


async def as_json_lines(store: Store, conversation_id: str) -> str:
    """Write a conversation as a session is saved, so that it can be loaded as one.

    Raises:
        InvalidRequest: There is none, or several begin like that.
    """
    session = await Session.resume(Runner(), store, conversation_id)  # a runner opens nothing
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "conversation.jsonl"
        session.save(path)
        return path.read_text(encoding="utf-8")


def summary_fields(summary: ConversationSummary) -> dict[str, Any]:
    """Give what a list tells of a conversation, as JSON can hold it."""
    return {
        "id": summary.id,
        "title": summary.title,
        "model": str(summary.model),
        "system": summary.system,
        "created_at": summary.created_at.isoformat(),
        "updated_at": summary.updated_at.isoformat(),
        "turn_count": summary.turn_count,
        "usage": write(summary.usage),
        "cost_usd": summary.cost_usd,
    }
