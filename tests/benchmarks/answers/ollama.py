"""Ollama: about 120 bytes a line."""

from __future__ import annotations

from typing import Final

from .shape import INPUT_TOKENS, Streamed, Wire, encoded, text, word

__all__ = ["WIRE"]


def _line(text: str, tokens: int | None) -> bytes:
    message = {"role": "assistant", "content": text}
    line = {"model": "bench-1", "created_at": "2026-05-24T20:26:46.294874Z", "message": message}
    if tokens is None:
        return encoded({**line, "done": False}) + b"\n"
    counts = {"prompt_eval_count": INPUT_TOKENS, "eval_count": tokens}
    times = {"total_duration": 1897385625, "load_duration": 1631208, "eval_duration": 1577990000}
    return encoded({**line, "done_reason": "stop", "done": True, **times, **counts}) + b"\n"


def _streamed(tokens: int) -> Streamed:
    deltas = [_line(word(number), None) for number in range(tokens)]
    return Streamed([], deltas, [_line("", tokens)])


def _whole(tokens: int) -> bytes:
    return _line(text(tokens), tokens)


WIRE: Final = Wire("Ollama", b"/api/chat", "application/x-ndjson", _streamed, _whole)
