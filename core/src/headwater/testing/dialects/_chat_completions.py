"""Chat Completions, as OpenAI and many others write it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
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

__all__ = ["CHAT_COMPLETIONS", "REFUSALS"]

_HEAD: Final = {"id": "chat-1", "model": "m-1", "created": 1767225600}
_REASONS: Final = {
    FinishReason.STOP: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.TOOL_CALLS: "tool_calls",
    FinishReason.CONTENT_FILTER: "content_filter",
}


def _chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return event({**_HEAD, "object": "chat.completion.chunk", "choices": [choice]})


def _usage(usage: Usage) -> dict[str, Any]:
    counts: dict[str, Any] = {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
    }
    if usage.cached_input_tokens is not None:
        counts["prompt_tokens_details"] = {"cached_tokens": usage.cached_input_tokens}
    if usage.reasoning_tokens is not None:
        counts["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return counts


def _fragments(answer: Answer) -> Iterator[list[dict[str, Any]]]:
    """Give the fragments of the tool calls, frame by frame."""
    columns: list[list[dict[str, Any]]] = []
    for index, call in enumerate(answer.calls):
        place = 0 if answer.style is CallStyle.EQUAL_INDEXES else index
        first: dict[str, Any] = {"index": place, "type": "function"}
        if answer.style is not CallStyle.WITHOUT_IDS:
            first["id"] = call.call_id
        whole = answer.style is CallStyle.AT_ONCE
        function = {"name": call.name, "arguments": call.raw if whole else ""}
        rest = () if whole else call.pieces
        columns.append(
            [{**first, "function": function}]
            + [{"index": place, "function": {"arguments": piece}} for piece in rest]
        )
    if answer.style is CallStyle.AT_ONCE:
        yield [fragment for column in columns for fragment in column]
    elif answer.style is CallStyle.INTERLEAVED:
        for row in zip_longest(*columns):
            yield from ([fragment] for fragment in row if fragment is not None)
    else:
        yield from ([fragment] for column in columns for fragment in column)


def _stream(answer: Answer) -> list[bytes]:
    frames = [_chunk({"role": "assistant", "content": ""})]
    frames += [_chunk({"reasoning_content": piece}) for piece in answer.reasoning]
    frames += [_chunk({"content": piece}) for piece in answer.text]
    if answer.calls:
        frames += [_chunk({"tool_calls": fragments}) for fragments in _fragments(answer)]
    frames.append(_chunk({}, _REASONS[answer.reason]))
    if answer.usage is not None:
        frames.append(event({**_HEAD, "choices": [], "usage": _usage(answer.usage)}))
    return [*frames, event("[DONE]")]


def _whole(answer: Answer) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(answer.text) or None}
    if answer.reasoning:
        message["reasoning_content"] = "".join(answer.reasoning)
    if answer.calls:
        message["tool_calls"] = [
            {
                "type": "function",
                "function": {"name": call.name, "arguments": call.raw},
                **({} if answer.style is CallStyle.WITHOUT_IDS else {"id": call.call_id}),
            }
            for call in answer.calls
        ]
    choice = {"index": 0, "message": message, "finish_reason": _REASONS[answer.reason]}
    body: dict[str, Any] = {**_HEAD, "object": "chat.completion", "choices": [choice]}
    if answer.usage is not None:
        body["usage"] = _usage(answer.usage)
    return text(body).encode()


_ERRORS: Final = {
    RateLimited: ("rate_limit_exceeded", "tokens"),
    ServerError: ("server_error", "server_error"),
    InvalidRequest: ("invalid_value", "invalid_request_error"),
}


def _error(error: ExpectedError) -> bytes:
    code, kind = _ERRORS[error.kind]
    return event(said(error.says, kind, code))


def said(message: str, kind: str, code: str) -> dict[str, Any]:
    """Write the body of an error, as OpenAI does on both of its wires."""
    return {"error": {"message": message, "type": kind, "code": code, "param": None}}


_INVALID: Final = "invalid_request_error"
REFUSALS: Final = (
    refusal(
        401,
        said("no such key", _INVALID, "invalid_api_key"),
        ExpectedError(AuthenticationError, says="no such key"),
    ),
    refusal(
        404,
        said("no such model", _INVALID, "model_not_found"),
        ExpectedError(ModelNotFound, says="no such model"),
    ),
    refusal(
        400,
        said("too long by half", _INVALID, "context_length_exceeded"),
        ExpectedError(ContextTooLong, says="too long by half"),
    ),
    refusal(
        429,
        said("slow down", "tokens", "rate_limit_exceeded"),
        ExpectedError(RateLimited, retry_after_s=7.0, says="slow down"),
        retry_after="7",
    ),
    refusal(
        429,
        said("pay first", "insufficient_quota", "insufficient_quota"),
        ExpectedError(QuotaExceeded, says="pay first"),
    ),
    refusal(
        503,
        said("it broke", "server_error", "server_error"),
        ExpectedError(Overloaded, retry_after_s=1.5, says="it broke"),
        retry_after_ms="1500",
    ),
)

CHAT_COMPLETIONS: Final = Dialect(
    name="chat-completions",
    headers=EVENT_STREAM,
    end_mark=b'"finish_reason": "',
    write_stream=_stream,
    write_whole=_whole,
    write_error=_error,
    error_kinds=(
        ExpectedError(RateLimited, says="slow down"),
        ExpectedError(ServerError, says="it broke"),
        ExpectedError(InvalidRequest, says="not like that"),
    ),
    abilities=frozenset(
        {
            Ability.REASONING,
            Ability.CACHED_COUNT,
            Ability.REASONING_COUNT,
            Ability.BROKEN_ARGUMENTS,
            Ability.CALL_IDS,
            Ability.SEVERAL_CALLS,
            Ability.RAW_REASONS,
        }
    ),
    styles=frozenset(CallStyle),
    reasons=_REASONS,
    refusals=REFUSALS,
)
