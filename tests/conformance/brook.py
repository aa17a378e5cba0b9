"""A made-up wire, described for the kit: the server's side of `honest.py`."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import Any

from headwater import (
    AuthenticationError,
    ContextTooLong,
    FinishReason,
    InvalidRequest,
    Overloaded,
    QuotaExceeded,
    RateLimited,
    Usage,
)
from headwater.testing.dialects import Ability, Answer, CallStyle, Dialect
from headwater.testing.samples import Expected, ExpectedError, Sample

__all__ = ["BROOK"]

REASONS = {
    FinishReason.STOP: "done",
    FinishReason.LENGTH: "full",
    FinishReason.TOOL_CALLS: "asks",
}


def frame(kind: str, /, **fields: Any) -> bytes:
    """Write an event."""
    return f"event: {kind}\ndata: {json.dumps(fields)}\n\n".encode()


def counts(usage: Usage) -> dict[str, Any]:
    """Count as this wire does: what was read anew, and what was said without the thoughts."""
    cached, thought = usage.cached_input_tokens, usage.reasoning_tokens
    assert usage.input_tokens is not None
    assert usage.output_tokens is not None
    return {
        "read": usage.input_tokens - (cached or 0),
        "cached": cached,
        "said": usage.output_tokens - (thought or 0),
        "thought": thought,
    }


def calls(answer: Answer) -> list[bytes]:
    """Write the tool calls."""
    columns = []
    for number, call in enumerate(answer.calls):
        has_id = answer.style is not CallStyle.WITHOUT_IDS
        named = {"id": call.call_id} if has_id else {}
        begun = frame("call", n=number, name=call.name, **named)
        columns.append([begun, *(frame("args", n=number, text=p) for p in call.pieces)])
    if answer.style is CallStyle.INTERLEAVED:
        return [piece for row in zip_longest(*columns) for piece in row if piece is not None]
    return [piece for column in columns for piece in column]


def write_stream(answer: Answer) -> list[bytes]:
    """Write a streamed answer."""
    frames = [frame("begin", id="a-1", model="small-1"), frame("note", mood="calm")]
    frames += [frame("think", text=piece) for piece in answer.reasoning]
    frames += [frame("seal", seal=answer.seal)] if answer.seal is not None else []
    frames += [frame("say", text=piece) for piece in answer.text]
    frames += [*calls(answer), frame("end", why=REASONS[answer.reason])]
    frames += [frame("count", **counts(answer.usage))] if answer.usage is not None else []
    return [*frames, frame("over")]


def write_whole(answer: Answer) -> bytes:
    """Write an answer in one piece."""
    body: dict[str, Any] = {
        "id": "a-1",
        "model": "small-1",
        "thought": "".join(answer.reasoning),
        "seal": answer.seal,
        "text": "".join(answer.text),
        "calls": [
            {
                "id": None if answer.style is CallStyle.WITHOUT_IDS else call.call_id,
                "name": call.name,
                "args": call.raw,
            }
            for call in answer.calls
        ],
        "why": REASONS[answer.reason],
        "count": None if answer.usage is None else counts(answer.usage),
    }
    return json.dumps(body).encode()


CODES = {Overloaded: "busy", RateLimited: "slow", InvalidRequest: "wrong"}


def write_error(error: ExpectedError) -> bytes:
    """Write the frame of an error."""
    return frame("error", code=CODES[error.kind], text=error.says)


def refusal(status: int, code: str, error: ExpectedError, **headers: str) -> Sample:
    """Write a refusal."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Sample(
        name=f"{status} {code}",
        body=json.dumps({"error": {"code": code, "message": error.says}}).encode(),
        status=status,
        headers={"content-type": "application/json", **named},
        is_stream=False,
        expected=Expected(error=error),
    )


BROOK = Dialect(
    name="brook",
    headers={"content-type": "text/event-stream"},
    end_mark=b"event: end",
    write_stream=write_stream,
    write_whole=write_whole,
    write_error=write_error,
    error_kinds=(
        ExpectedError(Overloaded, says="too many at the bank"),
        ExpectedError(RateLimited, says="slower, please"),
        ExpectedError(InvalidRequest, says="not like that"),
    ),
    abilities=frozenset(Ability) - {Ability.CACHE_WRITES},
    styles=frozenset({CallStyle.IN_TURN, CallStyle.INTERLEAVED, CallStyle.WITHOUT_IDS}),
    reasons=REASONS,
    refusals=(
        refusal(401, "key", ExpectedError(AuthenticationError, says="who are you")),
        refusal(400, "long", ExpectedError(ContextTooLong, says="too long by half")),
        refusal(429, "slow", ExpectedError(RateLimited, retry_after_s=7.0), retry_after="7"),
        refusal(429, "paid", ExpectedError(QuotaExceeded, is_retryable=False)),
    ),
)
