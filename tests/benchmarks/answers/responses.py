"""Responses: about 290 bytes an event."""

from __future__ import annotations

from typing import Final

from .shape import INPUT_TOKENS, JSON, SSE, Streamed, Wire, encoded, named, text, word

__all__ = ["WIRE"]

_ITEM_ID: Final = "msg_68c350a75ddc819ea5406470460be7850f2d670b80edc507"


def _response(status: str, tokens: int | None) -> JSON:
    output: list[JSON] = []
    usage: JSON | None = None
    if tokens is not None:
        output = [_item("completed", [_part(text(tokens))])]
        usage = {
            "input_tokens": INPUT_TOKENS,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": INPUT_TOKENS + tokens,
        }
    return {
        "id": "resp_68c35098e6fc819e80fb94b25b7d031b0f2d670b80edc507",
        "object": "response",
        "created_at": 1780000000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "bench-1",
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage,
    }


def _part(text: str) -> JSON:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _item(status: str, content: list[JSON]) -> JSON:
    item = {"id": _ITEM_ID, "type": "message", "status": status}
    return {**item, "content": content, "role": "assistant"}


def _streamed(tokens: int) -> Streamed:
    said = text(tokens)
    place = {"item_id": _ITEM_ID, "output_index": 0, "content_index": 0}
    started, part = _item("in_progress", []), _part(said)
    ended = _item("completed", [part])
    heads: list[JSON] = [
        {"type": "response.created", "response": _response("in_progress", None)},
        {"type": "response.in_progress", "response": _response("in_progress", None)},
        {"type": "response.output_item.added", "output_index": 0, "item": started},
        {"type": "response.content_part.added", **place, "part": _part("")},
    ]
    padding = {"logprobs": [], "obfuscation": "x" * 12}
    deltas: list[JSON] = [
        {"type": "response.output_text.delta", **place, "delta": word(number), **padding}
        for number in range(tokens)
    ]
    tails: list[JSON] = [
        {"type": "response.output_text.done", **place, "text": said, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": ended},
        {"type": "response.completed", "response": _response("completed", tokens)},
    ]
    numbered = [
        named({"type": event["type"], "sequence_number": number, **event})
        for number, event in enumerate([*heads, *deltas, *tails])
    ]
    return Streamed(numbered[:4], numbered[4:-4], numbered[-4:])


def _whole(tokens: int) -> bytes:
    return encoded(_response("completed", tokens))


WIRE: Final = Wire("Responses", b"/responses", SSE, _streamed, _whole)
