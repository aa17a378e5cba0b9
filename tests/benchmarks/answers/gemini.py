"""Gemini: about 330 bytes an event, and lines that end with CR LF."""

from __future__ import annotations

from typing import Final

from .shape import INPUT_TOKENS, JSON, SSE, Streamed, Wire, encoded, text, word

__all__ = ["WIRE"]


def _answer(text: str, tokens: int, reason: str | None) -> JSON:
    candidate: dict[str, object] = {"content": {"parts": [{"text": text}], "role": "model"}}
    if reason is not None:
        candidate["finishReason"] = reason
    details = [{"modality": "TEXT", "tokenCount": INPUT_TOKENS}]
    usage = {
        "promptTokenCount": INPUT_TOKENS,
        "candidatesTokenCount": tokens,
        "totalTokenCount": INPUT_TOKENS + tokens,
        "promptTokensDetails": details,
    }
    return {
        "candidates": [{**candidate, "index": 0}],
        "usageMetadata": usage,
        "modelVersion": "bench-1",
        "responseId": "OIpyaoucCKXRjMcPqOqY-AU",
    }


def _event(text: str, tokens: int, reason: str | None = None) -> bytes:
    return b"data: %s\r\n\r\n" % encoded(_answer(text, tokens, reason))


def _streamed(tokens: int) -> Streamed:
    deltas = [_event(word(number), number + 1) for number in range(tokens)]
    return Streamed([], deltas, [_event("", tokens, "STOP")])


def _whole(tokens: int) -> bytes:
    return encoded(_answer(text(tokens), tokens, "STOP"))


WIRE: Final = Wire("Gemini", b"/v1beta/models/", SSE, _streamed, _whole)
