"""OpenAI's Responses. Source: FORMATS 3 and 9."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

from ...errors import InvalidRequest, RateLimited, ServerError
from ...events import FinishReason
from ...usage import Usage
from ..samples import ExpectedError
from ._answer import Ability, Answer, CallStyle, WrittenCall
from ._chat_completions import REFUSALS
from ._dialect import Dialect
from ._frames import EVENT_STREAM, event, text

__all__ = ["RESPONSES"]

_HEAD: Final = {"id": "resp-1", "object": "response", "model": "m-1"}
_REASONS: Final = {
    FinishReason.STOP: "completed",
    FinishReason.TOOL_CALLS: "completed",
    FinishReason.LENGTH: "max_output_tokens",
    FinishReason.CONTENT_FILTER: "content_filter",
}
_CODES: Final = {
    RateLimited: "rate_limit_exceeded",
    ServerError: "server_error",
    InvalidRequest: "invalid_prompt",
}


def _frame(kind: str, **fields: Any) -> bytes:
    return event({"type": kind, "sequence_number": 0, **fields}, kind)


def _usage(usage: Usage | None) -> dict[str, Any] | None:
    if usage is None:
        return None
    counts: dict[str, Any] = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
    }
    if usage.cached_input_tokens is not None:
        counts["input_tokens_details"] = {"cached_tokens": usage.cached_input_tokens}
    if usage.reasoning_tokens is not None:
        counts["output_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return counts


def _thought(answer: Answer) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": "".join(answer.reasoning)}]
    item = {"type": "reasoning", "id": "rs-1", "summary": summary}
    return item if answer.seal is None else {**item, "encrypted_content": answer.seal}


def _message(words: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": words, "annotations": []}
    return {"type": "message", "id": "msg-1", "role": "assistant", "content": [part]}


def _call(call: WrittenCall, raw: str) -> dict[str, Any]:
    made = {"type": "function_call", "id": f"fc-{call.call_id}", "call_id": call.call_id}
    return {**made, "name": call.name, "arguments": raw}


def _items(answer: Answer) -> list[dict[str, Any]]:
    items = [_thought(answer)] if answer.reasoning else []
    items += [_message("".join(answer.text))] if answer.text else []
    return items + [_call(call, call.raw) for call in answer.calls]


def _thinking(answer: Answer) -> Iterator[bytes]:
    at = {"output_index": 0, "item_id": "rs-1", "summary_index": 0}
    begun = {"type": "reasoning", "id": "rs-1", "summary": []}
    yield _frame("response.output_item.added", output_index=0, item=begun)
    for piece in answer.reasoning:
        yield _frame("response.reasoning_summary_text.delta", **at, delta=piece)
    yield _frame("response.reasoning_summary_text.done", **at, text="".join(answer.reasoning))
    yield _frame("response.output_item.done", output_index=0, item=_thought(answer))


def _telling(answer: Answer, index: int) -> Iterator[bytes]:
    at = {"output_index": index, "item_id": "msg-1", "content_index": 0}
    begun = {"type": "message", "id": "msg-1", "role": "assistant", "content": []}
    words = "".join(answer.text)
    yield _frame("response.output_item.added", output_index=index, item=begun)
    yield _frame("response.content_part.added", **at, part={"type": "output_text", "text": ""})
    for piece in answer.text:
        yield _frame("response.output_text.delta", **at, delta=piece)
    yield _frame("response.output_text.done", **at, text=words)
    yield _frame("response.output_item.done", output_index=index, item=_message(words))


def _calling(call: WrittenCall, index: int) -> Iterator[bytes]:
    at = {"output_index": index, "item_id": f"fc-{call.call_id}"}
    kind = "response.function_call_arguments"
    yield _frame("response.output_item.added", output_index=index, item=_call(call, ""))
    for piece in call.pieces:
        yield _frame(f"{kind}.delta", **at, delta=piece)


def _called(call: WrittenCall, index: int) -> Iterator[bytes]:
    at = {"output_index": index, "item_id": f"fc-{call.call_id}"}
    kind = "response.function_call_arguments"
    yield _frame(f"{kind}.done", **at, arguments=call.raw)
    yield _frame("response.output_item.done", output_index=index, item=_call(call, call.raw))


def _stream(answer: Answer) -> list[bytes]:
    begun = {**_HEAD, "status": "in_progress", "output": []}
    frames = [_frame("response.created", response=begun)]
    frames += _thinking(answer) if answer.reasoning else []
    index = 1 if answer.reasoning else 0
    frames += _telling(answer, index) if answer.text else []
    index += 1 if answer.text else 0
    frames += _calls(answer, index)
    ended = _ended(answer)
    return [*frames, _frame(f"response.{ended['status']}", response=ended)]


def _calls(answer: Answer, index: int) -> Iterator[bytes]:
    """Give the tool calls, whose items come from an index on."""
    placed = list(enumerate(answer.calls, index))
    if answer.style is CallStyle.INTERLEAVED:
        columns = [_calling(call, place) for place, call in placed]
        yield from (piece for row in zip_longest(*columns) for piece in row if piece is not None)
        for place, call in placed:
            yield from _called(call, place)
        return
    for place, call in placed:
        yield from _calling(call, place)
        yield from _called(call, place)


def _ended(answer: Answer) -> dict[str, Any]:
    is_cut = answer.reason in (FinishReason.LENGTH, FinishReason.CONTENT_FILTER)
    why = {"incomplete_details": {"reason": _REASONS[answer.reason]}} if is_cut else {}
    status = "incomplete" if is_cut else "completed"
    said = {"status": status, **why, "output": _items(answer)}
    return {**_HEAD, **said, "usage": _usage(answer.usage)}


def _whole(answer: Answer) -> bytes:
    return text(_ended(answer)).encode()


def _error(error: ExpectedError) -> bytes:
    said = {"code": _CODES[error.kind], "message": error.says}
    failed = {**_HEAD, "status": "failed", "output": [], "error": said}
    return _frame("response.failed", response=failed)


RESPONSES: Final = Dialect(
    name="responses",
    headers=EVENT_STREAM,
    end_mark=b'"usage": ',
    write_stream=_stream,
    write_whole=_whole,
    write_error=_error,
    error_kinds=tuple(ExpectedError(kind, says="said the server") for kind in _CODES),
    abilities=frozenset(Ability) - {Ability.CACHE_WRITES, Ability.RAW_REASONS},
    styles=frozenset({CallStyle.IN_TURN, CallStyle.INTERLEAVED}),
    reasons=_REASONS,
    refusals=REFUSALS,
)
