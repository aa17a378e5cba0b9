"""Anthropic's Messages. Source: FORMATS 4 and 9."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from ...errors import (
    AuthenticationError,
    ContextTooLong,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    RateLimited,
    ServerError,
)
from ...events import FinishReason
from ...usage import Usage
from ..samples import ExpectedError
from ._answer import Ability, Answer, CallStyle
from ._dialect import Dialect
from ._frames import EVENT_STREAM, event, text
from ._refusal import refusal

__all__ = ["ANTHROPIC"]

_HEAD: Final = {"id": "msg-1", "type": "message", "role": "assistant", "model": "m-1"}
_REASONS: Final = {
    FinishReason.STOP: "end_turn",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.TOOL_CALLS: "tool_use",
    FinishReason.REFUSAL: "refusal",
    FinishReason.PAUSE: "pause_turn",
}
_KINDS: Final = {
    RateLimited: "rate_limit_error",
    Overloaded: "overloaded_error",
    ServerError: "api_error",
    InvalidRequest: "invalid_request_error",
}


def _frame(kind: str, **fields: Any) -> bytes:
    return event({"type": kind, **fields}, kind)


def _usage(usage: Usage) -> dict[str, Any]:
    """Count as this wire does: what was cached stands beside the input."""
    cached, written = usage.cached_input_tokens, usage.cache_write_tokens
    counts: dict[str, Any] = {
        "input_tokens": (usage.input_tokens or 0) - (cached or 0) - (written or 0),
        "output_tokens": usage.output_tokens,
    }
    if cached is not None:
        counts["cache_read_input_tokens"] = cached
    if written is not None:
        counts["cache_creation_input_tokens"] = written
    if usage.reasoning_tokens is not None:
        counts["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return counts


def _block(index: int, begun: dict[str, Any], deltas: list[dict[str, Any]]) -> Iterator[bytes]:
    yield _frame("content_block_start", index=index, content_block=begun)
    for delta in deltas:
        yield _frame("content_block_delta", index=index, delta=delta)
    yield _frame("content_block_stop", index=index)


def _blocks(answer: Answer) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Give each block as it begins, and what is added to it."""
    blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    if answer.reasoning:
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in answer.reasoning]
        if answer.seal is not None:
            deltas.append({"type": "signature_delta", "signature": answer.seal})
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, deltas))
    if answer.text:
        deltas = [{"type": "text_delta", "text": piece} for piece in answer.text]
        blocks.append(({"type": "text", "text": ""}, deltas))
    for call in answer.calls:
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in call.pieces]
        begun = {"type": "tool_use", "id": call.call_id, "name": call.name, "input": {}}
        blocks.append((begun, deltas))
    return blocks


def _stream(answer: Answer) -> list[bytes]:
    begun: dict[str, Any] = {**_HEAD, "content": [], "stop_reason": None}
    if answer.usage is not None:
        begun["usage"] = {**_usage(answer.usage), "output_tokens": 1}
    frames = [_frame("message_start", message=begun), _frame("ping")]
    for index, (block, deltas) in enumerate(_blocks(answer)):
        frames += _block(index, block, deltas)
    ended: dict[str, Any] = {"delta": {"stop_reason": _REASONS[answer.reason]}}
    if answer.usage is not None:
        ended["usage"] = _usage(answer.usage)
    return [*frames, _frame("message_delta", **ended), _frame("message_stop")]


def _whole(answer: Answer) -> bytes:
    content: list[dict[str, Any]] = []
    if answer.reasoning:
        thought = {"type": "thinking", "thinking": "".join(answer.reasoning)}
        content.append({**thought, "signature": answer.seal or ""})
    if answer.text:
        content.append({"type": "text", "text": "".join(answer.text)})
    for call in answer.calls:
        used = {"type": "tool_use", "id": call.call_id, "name": call.name}
        content.append({**used, "input": json.loads(call.raw or "{}")})
    body: dict[str, Any] = {
        **_HEAD,
        "content": content,
        "stop_reason": _REASONS[answer.reason],
    }
    if answer.usage is not None:
        body["usage"] = _usage(answer.usage)
    return text(body).encode()


def _said(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}


def _error(error: ExpectedError) -> bytes:
    return event(_said(_KINDS[error.kind], error.says), "error")


_TOO_LONG: Final = "prompt is too long: 210000 tokens > 200000 maximum"

ANTHROPIC: Final = Dialect(
    name="anthropic-messages",
    headers=EVENT_STREAM,
    end_mark=b'"stop_reason": "',
    write_stream=_stream,
    write_whole=_whole,
    write_error=_error,
    error_kinds=tuple(ExpectedError(kind, says="said the server") for kind in _KINDS),
    abilities=frozenset(Ability),
    styles=frozenset({CallStyle.IN_TURN}),
    reasons=_REASONS,
    refusals=(
        refusal(
            401,
            _said("authentication_error", "no such key"),
            ExpectedError(AuthenticationError, says="no such key"),
        ),
        refusal(
            404,
            _said("not_found_error", "model: no-such"),
            ExpectedError(ModelNotFound, says="model: no-such"),
        ),
        refusal(
            400,
            _said("invalid_request_error", _TOO_LONG),
            ExpectedError(ContextTooLong, says=_TOO_LONG),
        ),
        refusal(
            429,
            _said("rate_limit_error", "slow down"),
            ExpectedError(RateLimited, retry_after_s=7.0, says="slow down"),
            retry_after="7",
        ),
        refusal(
            529, _said("overloaded_error", "no room"), ExpectedError(Overloaded, says="no room")
        ),
    ),
)
