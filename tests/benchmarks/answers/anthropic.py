"""Anthropic's Messages: about 125 bytes an event."""

from __future__ import annotations

from typing import Final

from .shape import INPUT_TOKENS, JSON, SSE, Streamed, Wire, encoded, named, text, word

__all__ = ["WIRE"]


def _message(content: list[JSON], reason: str | None, tokens: int) -> JSON:
    usage = {
        "input_tokens": INPUT_TOKENS,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": tokens,
        "service_tier": "standard",
    }
    return {
        "model": "bench-1",
        "id": "msg_011CeCHJK3UqFvUmYcPH4n8h",
        "type": "message",
        "role": "assistant",
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": usage,
    }


def _delta(number: int) -> bytes:
    delta = {"type": "text_delta", "text": word(number)}
    return named({"type": "content_block_delta", "index": 0, "delta": delta})


def _streamed(tokens: int) -> Streamed:
    block = {"type": "text", "text": ""}
    head = [
        named({"type": "message_start", "message": _message([], None, 1)}),
        named({"type": "content_block_start", "index": 0, "content_block": block}),
        named({"type": "ping"}),
    ]
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    usage = {"output_tokens": tokens}
    tail = [
        named({"type": "content_block_stop", "index": 0}),
        named({"type": "message_delta", "delta": ended, "usage": usage}),
        named({"type": "message_stop"}),
    ]
    return Streamed(head, [_delta(number) for number in range(tokens)], tail)


def _whole(tokens: int) -> bytes:
    content: list[JSON] = [{"type": "text", "text": text(tokens)}]
    return encoded(_message(content, "end_turn", tokens))


WIRE: Final = Wire("Anthropic", b"/v1/messages", SSE, _streamed, _whole)
