"""Chat Completions: about 330 bytes an event."""

from __future__ import annotations

from typing import Final

from .shape import INPUT_TOKENS, JSON, SSE, Streamed, Wire, data, encoded, text, word

__all__ = ["WIRE"]


def _usage(tokens: int) -> JSON:
    total = INPUT_TOKENS + tokens
    return {"prompt_tokens": INPUT_TOKENS, "completion_tokens": tokens, "total_tokens": total}


_ALWAYS: Final[JSON] = {
    "id": "chatcmpl-B0000000000000000000000000000",
    "object": "chat.completion.chunk",
    "created": 1780000000,
    "model": "bench-1",
    "service_tier": "default",
    "system_fingerprint": "fp_0000000000",
}


def _chunk(delta: JSON, reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return data({**_ALWAYS, "choices": [choice], "usage": None, "obfuscation": "x" * 24})


def _streamed(tokens: int) -> Streamed:
    head = [_chunk({"role": "assistant", "content": "", "refusal": None})]
    deltas = [_chunk({"content": word(number)}) for number in range(tokens)]
    usage = data({**_ALWAYS, "choices": [], "usage": _usage(tokens)})
    return Streamed(head, deltas, [_chunk({}, "stop"), usage, b"data: [DONE]\n\n"])


def _whole(tokens: int) -> bytes:
    message: JSON = {"role": "assistant", "content": text(tokens), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    answer = {**_ALWAYS, "object": "chat.completion", "choices": [choice]}
    return encoded({**answer, "usage": _usage(tokens)})


WIRE: Final = Wire("Chat Completions", b"/chat/completions", SSE, _streamed, _whole)
