"""Ollama's own chat, a JSON object a line. Source: FORMATS 7."""

from __future__ import annotations

import json
from typing import Any, Final

from ...errors import ModelNotFound, Overloaded, ProviderError, UnsupportedFeature
from ...events import FinishReason
from ..samples import ExpectedError
from ._answer import Ability, Answer, CallStyle
from ._dialect import Dialect
from ._frames import NDJSON, line, text
from ._refusal import refusal

__all__ = ["OLLAMA"]

_REASONS: Final = {
    FinishReason.STOP: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.TOOL_CALLS: "stop",  # the wire has no word of its own for it
}


def _object(message: dict[str, Any], **fields: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "", **message}
    return {"model": "m-1", "created_at": "2026-01-01T00:00:00Z", "message": said, **fields}


def _calls(answer: Answer) -> list[dict[str, Any]]:
    calls = []
    for call in answer.calls:
        function = {"name": call.name, "arguments": json.loads(call.raw or "{}")}
        has_id = answer.style is not CallStyle.WITHOUT_IDS
        calls.append({**({"id": call.call_id} if has_id else {}), "function": function})
    return calls


def _end(answer: Answer) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    if answer.usage is not None:
        counts["prompt_eval_count"] = answer.usage.input_tokens
        counts["eval_count"] = answer.usage.output_tokens
    return {"done": True, "done_reason": _REASONS[answer.reason], **counts}


def _stream(answer: Answer) -> list[bytes]:
    messages: list[dict[str, Any]] = [{"thinking": piece} for piece in answer.reasoning]
    messages += [{"content": piece} for piece in answer.text]
    calls = _calls(answer)
    if answer.style is CallStyle.AT_ONCE and calls:
        messages.append({"tool_calls": calls})
    else:
        messages += [{"tool_calls": [call]} for call in calls]
    lines = [line(_object(message, done=False)) for message in messages]
    return [*lines, line(_object({}, **_end(answer)))]


def _whole(answer: Answer) -> bytes:
    message: dict[str, Any] = {"content": "".join(answer.text)}
    if answer.reasoning:
        message["thinking"] = "".join(answer.reasoning)
    if answer.calls:
        message["tool_calls"] = _calls(answer)
    return text(_object(message, **_end(answer))).encode()


def _error(error: ExpectedError) -> bytes:
    return line({"error": error.says})


_BUSY: Final = "server busy, please try again.  maximum pending requests exceeded"
_NO_TOOLS: Final = '"m-1" does not support tools'

OLLAMA: Final = Dialect(
    name="ollama",
    headers=NDJSON,
    end_mark=b'"done": true',
    write_stream=_stream,
    write_whole=_whole,
    write_error=_error,
    error_kinds=(
        ExpectedError(Overloaded, says=_BUSY),
        ExpectedError(ProviderError, says="an error was encountered while running the model"),
    ),
    abilities=frozenset(
        {Ability.REASONING, Ability.CALL_IDS, Ability.SEVERAL_CALLS, Ability.RAW_REASONS}
    ),
    styles=frozenset({CallStyle.IN_TURN, CallStyle.AT_ONCE, CallStyle.WITHOUT_IDS}),
    reasons=_REASONS,
    refusals=(
        refusal(
            404,
            {"error": "model 'no-such' not found"},
            ExpectedError(ModelNotFound, says="model 'no-such' not found"),
        ),
        refusal(400, {"error": _NO_TOOLS}, ExpectedError(UnsupportedFeature, says=_NO_TOOLS)),
        refusal(503, {"error": _BUSY}, ExpectedError(Overloaded, says=_BUSY)),
    ),
)
