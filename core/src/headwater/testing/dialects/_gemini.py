"""Google's generateContent. Source: FORMATS 5 and 9."""

from __future__ import annotations

import json
from typing import Any, Final

from ...errors import (
    AuthenticationError,
    ContextTooLong,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    QuotaExceeded,
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

__all__ = ["GEMINI"]

_HEAD: Final = {"modelVersion": "m-1", "responseId": "r-1"}
_REASONS: Final = {
    FinishReason.STOP: "STOP",
    FinishReason.LENGTH: "MAX_TOKENS",
    FinishReason.TOOL_CALLS: "STOP",  # the wire has no word of its own for it
    FinishReason.CONTENT_FILTER: "SAFETY",
}
_ERRORS: Final = {
    RateLimited: (429, "RESOURCE_EXHAUSTED"),
    Overloaded: (503, "UNAVAILABLE"),
    ServerError: (500, "INTERNAL"),
    InvalidRequest: (400, "INVALID_ARGUMENT"),
}


def _usage(usage: Usage) -> dict[str, Any]:
    """Count as this wire does: the thoughts stand beside the output."""
    thoughts = usage.reasoning_tokens
    counts: dict[str, Any] = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": (usage.output_tokens or 0) - (thoughts or 0),
        "totalTokenCount": usage.total_tokens,
    }
    if usage.cached_input_tokens is not None:
        counts["cachedContentTokenCount"] = usage.cached_input_tokens
    if thoughts is not None:
        counts["thoughtsTokenCount"] = thoughts
    return counts


def _calls(answer: Answer) -> list[dict[str, Any]]:
    parts = []
    for call in answer.calls:
        made: dict[str, Any] = {"name": call.name, "args": json.loads(call.raw or "{}")}
        if answer.style is not CallStyle.WITHOUT_IDS:
            made["id"] = call.call_id
        parts.append({"functionCall": made})
    return parts


def _parts(answer: Answer) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"text": p, "thought": True} for p in answer.reasoning if p]
    said: list[dict[str, Any]] = [{"text": piece} for piece in answer.text if piece]
    if answer.seal is not None and said:
        said[0]["thoughtSignature"] = answer.seal
    elif answer.seal is not None:
        parts.append({"text": "", "thoughtSignature": answer.seal})
    return parts + said


def _body(parts: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
    return {"candidates": [{**candidate, **fields}], **_HEAD}


def _frame(value: dict[str, Any]) -> bytes:
    return event(value).replace(b"\n", b"\r\n")


def _stream(answer: Answer) -> list[bytes]:
    calls = _calls(answer)
    groups = [[part] for part in _parts(answer)]
    groups += [calls] if answer.style is CallStyle.AT_ONCE and calls else [[c] for c in calls]
    values = [_body(group) for group in groups]
    values.append(_body([], finishReason=_REASONS[answer.reason]))
    if answer.usage is not None:
        for value in values:
            value["usageMetadata"] = {"promptTokenCount": answer.usage.input_tokens}
        values[-1]["usageMetadata"] = _usage(answer.usage)
    return [_frame(value) for value in values]


def _whole(answer: Answer) -> bytes:
    parts = [*_parts(answer), *_calls(answer)]
    body = _body(parts, finishReason=_REASONS[answer.reason])
    if answer.usage is not None:
        body["usageMetadata"] = _usage(answer.usage)
    return text(body).encode()


def _said(code: int, status: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    said = {"code": code, "message": message, "status": status}
    return {"error": {**said, "details": list(details)} if details else said}


def _error(error: ExpectedError) -> bytes:
    return _frame(_said(*_ERRORS[error.kind], error.says))


_TOO_LONG: Final = "The input token count (2000000) exceeds the maximum number of tokens"
_RPC: Final = "type.googleapis.com/google.rpc."

GEMINI: Final = Dialect(
    name="gemini",
    headers=EVENT_STREAM,
    end_mark=b'"finishReason": "',
    write_stream=_stream,
    write_whole=_whole,
    write_error=_error,
    error_kinds=tuple(ExpectedError(kind, says="said the server") for kind in _ERRORS),
    abilities=frozenset(Ability) - {Ability.BROKEN_ARGUMENTS, Ability.CACHE_WRITES},
    styles=frozenset({CallStyle.IN_TURN, CallStyle.AT_ONCE, CallStyle.WITHOUT_IDS}),
    reasons=_REASONS,
    refusals=(
        refusal(
            400,
            _said(
                400,
                "INVALID_ARGUMENT",
                "API key not valid.",
                {"@type": f"{_RPC}ErrorInfo", "reason": "API_KEY_INVALID"},
            ),
            ExpectedError(AuthenticationError, says="API key not valid."),
        ),
        refusal(
            404,
            _said(404, "NOT_FOUND", "models/no-such is not found"),
            ExpectedError(ModelNotFound, says="models/no-such"),
        ),
        refusal(
            400,
            _said(400, "INVALID_ARGUMENT", _TOO_LONG),
            ExpectedError(ContextTooLong, says=_TOO_LONG),
        ),
        refusal(
            429,
            _said(
                429,
                "RESOURCE_EXHAUSTED",
                "slow down",
                {"@type": f"{_RPC}RetryInfo", "retryDelay": "34.5s"},
            ),
            ExpectedError(RateLimited, retry_after_s=34.5, says="slow down"),
        ),
        refusal(
            429,
            _said(
                429,
                "RESOURCE_EXHAUSTED",
                "come back tomorrow",
                {"@type": f"{_RPC}QuotaFailure", "violations": [{"quotaId": "RequestsPerDay"}]},
            ),
            ExpectedError(QuotaExceeded, says="come back tomorrow"),
        ),
        refusal(
            503, _said(503, "UNAVAILABLE", "no room"), ExpectedError(Overloaded, says="no room")
        ),
    ),
)
