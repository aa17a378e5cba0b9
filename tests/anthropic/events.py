"""Events as the API streams them, written short, and what is made of them."""

from __future__ import annotations

import json
from typing import Any

from headwater import ChatResponse, Event, fold
from headwater_anthropic._decode import Decoder

__all__ = [
    "CALL",
    "MESSAGE",
    "START",
    "STOP",
    "TEXT",
    "answer",
    "argued",
    "block",
    "decode",
    "ended",
    "said",
]

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5",
    "content": [],
    "usage": {"input_tokens": 9, "cache_read_input_tokens": 5, "output_tokens": 1},
}
START = {"type": "message_start", "message": MESSAGE}
STOP = {"type": "message_stop"}


def block(index: int, content: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the events of a block."""
    return [
        {"type": "content_block_start", "index": index, "content_block": content},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def said(text: str) -> dict[str, Any]:
    """Give a delta of text."""
    return {"type": "text_delta", "text": text}


def argued(text: str) -> dict[str, Any]:
    """Give a delta of arguments."""
    return {"type": "input_json_delta", "partial_json": text}


def ended(reason: str | None = "end_turn", **more: Any) -> dict[str, Any]:
    """Give the event that says why the model stopped."""
    return {
        "type": "message_delta",
        "delta": {"stop_reason": reason, "stop_sequence": None, **more},
        "usage": {"output_tokens": 7},
    }


def decode(*events: object) -> list[Event]:
    """Decode the events of a stream, as far as they go."""
    decoder = Decoder()
    made = [event for sent in events for event in decoder.feed(json.dumps(sent))]
    return made + decoder.close()


def answer(*blocks: list[dict[str, Any]], reason: str | None = "end_turn") -> ChatResponse:
    """Fold the answer that consists of some blocks."""
    return fold(decode(START, *(e for events in blocks for e in events), ended(reason), STOP))


TEXT = {"type": "text", "text": ""}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}
