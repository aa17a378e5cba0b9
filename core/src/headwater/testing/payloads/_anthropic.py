"""Anthropic's Messages. Source: FORMATS 4 and 9."""

from __future__ import annotations

from collections.abc import Iterator

from ...parts import JSONValue
from ._said import MODEL, RESPONSE_ID, Frame, Phase, Said, before_content, compact, content, event

MEDIA_TYPE = "text/event-stream"

_SIGNATURE = "c2FtcGxlLXNpZ25hdHVyZQ=="
_WORDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    503: "overloaded_error",
    529: "overloaded_error",
}


def stream(said: Said) -> list[Frame]:
    """Give the frames of a streamed answer."""
    blocks = list(_blocks(said))
    quiet = (
        0 if said.calls and not (said.text or said.reasoning) else 1
    )  # a tool's start is content
    message: dict[str, JSONValue] = {
        **_head(),
        "content": [],
        "stop_reason": None,
        "usage": _usage(said, 1),
    }
    return [
        *before_content([_event("message_start", {"message": message}), _event("ping", {})]),
        *before_content(blocks[:quiet]),
        *content(blocks[quiet:]),
        Frame(
            _event(
                "message_delta", {"delta": {"stop_reason": _reason(said)}, "usage": _usage(said)}
            ),
            Phase.CLOSING,
        ),
        Frame(_event("message_stop", {}), Phase.END),
    ]


def whole(said: Said) -> bytes:
    """Give the body of an answer in one piece."""
    blocks: list[JSONValue] = []
    if said.reasoning:
        thinking = "".join(said.reasoning)
        blocks.append({"type": "thinking", "thinking": thinking, "signature": _SIGNATURE})
    if said.text:
        blocks.append({"type": "text", "text": "".join(said.text)})
    for call in said.calls:
        used: dict[str, JSONValue] = {"type": "tool_use", "id": call.call_id, "name": call.name}
        blocks.append({**used, "input": call.arguments})
    counted = {"stop_reason": _reason(said), "usage": _usage(said)}
    return compact({**_head(), "content": blocks, **counted})


def error_body(status: int, message: str) -> bytes:
    """Give the body of a refusal."""
    return compact(_error(status, message))


def error_frame(status: int, message: str) -> bytes:
    """Give the frame that ends a stream with an error."""
    return event(_error(status, message), "error")


def _error(status: int, message: str) -> JSONValue:
    kind = _WORDS.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": message}}


def _head() -> dict[str, JSONValue]:
    return {"id": RESPONSE_ID, "type": "message", "role": "assistant", "model": MODEL}


def _reason(said: Said) -> str:
    return "tool_use" if said.calls else "end_turn"


def _usage(said: Said, output_tokens: int | None = None) -> JSONValue:
    output = said.output_tokens if output_tokens is None else output_tokens
    return {"input_tokens": said.input_tokens, "output_tokens": output}


def _event(kind: str, fields: dict[str, JSONValue]) -> bytes:
    return event({"type": kind, **fields}, kind)


def _blocks(said: Said) -> Iterator[bytes]:
    index = 0
    if said.reasoning:
        deltas: list[JSONValue] = [
            {"type": "thinking_delta", "thinking": piece} for piece in said.reasoning
        ]
        deltas.append({"type": "signature_delta", "signature": _SIGNATURE})
        yield from _block(index, {"type": "thinking", "thinking": "", "signature": ""}, deltas)
        index += 1
    if said.text:
        deltas = [{"type": "text_delta", "text": piece} for piece in said.text]
        yield from _block(index, {"type": "text", "text": ""}, deltas)
        index += 1
    for number, call in enumerate(said.calls):
        begin: JSONValue = {"type": "tool_use", "id": call.call_id, "name": call.name, "input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in call.pieces]
        yield from _block(index + number, begin, deltas)


def _block(index: int, begin: JSONValue, deltas: list[JSONValue]) -> Iterator[bytes]:
    yield _event("content_block_start", {"index": index, "content_block": begin})
    for delta in deltas:
        yield _event("content_block_delta", {"index": index, "delta": delta})
    yield _event("content_block_stop", {"index": index})
