"""OpenAI's Responses. Source: FORMATS 3 and 9."""

from __future__ import annotations

from collections.abc import Iterator

from ...parts import JSONValue
from . import _chat_completions
from ._said import MODEL, RESPONSE_ID, Frame, Phase, Said, SampleCall, compact, event

MEDIA_TYPE = "text/event-stream"

_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded", 503: "overloaded_error"}


def stream(said: Said) -> list[Frame]:
    """Give the frames of a streamed answer."""
    response: JSONValue = {**_head("in_progress"), "output": []}
    events: list[tuple[Phase, str, dict[str, JSONValue]]] = [
        (Phase.PREAMBLE, "response.created", {"response": response}),
        (Phase.PREAMBLE, "response.in_progress", {"response": response}),
        *_deltas(said),
        (Phase.END, "response.completed", {"response": _completed(said)}),
    ]
    return [
        Frame(event({"type": kind, "sequence_number": number, **fields}, kind), phase)
        for number, (phase, kind, fields) in enumerate(events)
    ]


def whole(said: Said) -> bytes:
    """Give the body of an answer in one piece."""
    return compact(_completed(said))


def error_body(status: int, message: str) -> bytes:
    """Give the body of a refusal."""
    return _chat_completions.error_body(status, message)


def error_frame(status: int, message: str) -> bytes:
    """Give the frame that ends a stream with an error."""
    code = _CODES.get(status, "server_error" if status >= 500 else "invalid_prompt")
    failed = {**_head("failed"), "output": [], "error": {"code": code, "message": message}}
    return event({"type": "response.failed", "response": failed}, "response.failed")


def _head(status: str) -> dict[str, JSONValue]:
    return {"id": RESPONSE_ID, "object": "response", "model": MODEL, "status": status}


def _completed(said: Said) -> JSONValue:
    usage: JSONValue = {
        "input_tokens": said.input_tokens,
        "output_tokens": said.output_tokens,
        "total_tokens": said.total_tokens,
    }
    return {**_head("completed"), "output": _items(said), "usage": usage}


def _items(said: Said) -> list[JSONValue]:
    items: list[JSONValue] = []
    if said.reasoning:
        items.append(_reasoning("".join(said.reasoning)))
    if said.text:
        items.append(_message("".join(said.text)))
    items += [_call(call, call.raw_arguments) for call in said.calls]
    return items


def _reasoning(text: str | None) -> JSONValue:
    summary: list[JSONValue] = [{"type": "summary_text", "text": text}] if text else []
    return {"id": "rs_1", "type": "reasoning", "summary": summary}


def _message(text: str | None) -> JSONValue:
    content: list[JSONValue] = [] if text is None else [_part(text)]
    return {"id": "msg_1", "type": "message", "role": "assistant", "content": content}


def _part(text: str) -> JSONValue:
    return {"type": "output_text", "text": text, "annotations": []}


def _call(call: SampleCall, arguments: str) -> JSONValue:
    return {
        "id": f"fc_{call.call_id}",
        "type": "function_call",
        "call_id": call.call_id,
        "name": call.name,
        "arguments": arguments,
    }


_Event = tuple[Phase, str, dict[str, JSONValue]]


def _deltas(said: Said) -> Iterator[_Event]:
    index = 0
    if said.reasoning:
        yield from _reasoned(said)
        index += 1
    if said.text:
        yield from _told(said, index)
        index += 1
    for number, call in enumerate(said.calls):
        yield from _called(call, index + number)


def _reasoned(said: Said) -> Iterator[_Event]:
    at: dict[str, JSONValue] = {"output_index": 0}
    part = {**at, "item_id": "rs_1", "summary_index": 0}
    yield Phase.PREAMBLE, "response.output_item.added", {**at, "item": _reasoning(None)}
    for piece in said.reasoning:
        yield Phase.CONTENT, "response.reasoning_summary_text.delta", {**part, "delta": piece}
    text = "".join(said.reasoning)
    yield Phase.CONTENT, "response.reasoning_summary_text.done", {**part, "text": text}
    yield Phase.CONTENT, "response.output_item.done", {**at, "item": _reasoning(text)}


def _told(said: Said, index: int) -> Iterator[_Event]:
    at: dict[str, JSONValue] = {"output_index": index}
    part = {**at, "item_id": "msg_1", "content_index": 0}
    begun = Phase.CONTENT if said.reasoning else Phase.PREAMBLE
    text = "".join(said.text)
    yield begun, "response.output_item.added", {**at, "item": _message(None)}
    yield begun, "response.content_part.added", {**part, "part": _part("")}
    for piece in said.text:
        yield Phase.CONTENT, "response.output_text.delta", {**part, "delta": piece}
    yield Phase.CONTENT, "response.output_text.done", {**part, "text": text}
    yield Phase.CONTENT, "response.content_part.done", {**part, "part": _part(text)}
    yield Phase.CONTENT, "response.output_item.done", {**at, "item": _message(text)}


def _called(call: SampleCall, index: int) -> Iterator[_Event]:
    at: dict[str, JSONValue] = {"output_index": index}
    part = {**at, "item_id": f"fc_{call.call_id}"}
    kind = "response.function_call_arguments"
    yield Phase.CONTENT, "response.output_item.added", {**at, "item": _call(call, "")}
    for piece in call.pieces:
        yield Phase.CONTENT, f"{kind}.delta", {**part, "delta": piece}
    yield Phase.CONTENT, f"{kind}.done", {**part, "arguments": call.raw_arguments}
    item = _call(call, call.raw_arguments)
    yield Phase.CONTENT, "response.output_item.done", {**at, "item": item}
