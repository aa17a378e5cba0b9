"""OpenAI's Chat Completions. Source: FORMATS 2 and 9."""

from __future__ import annotations

from collections.abc import Iterator

from ...parts import JSONValue
from ._said import MODEL, RESPONSE_ID, Frame, Phase, Said, before_content, compact, content, event

MEDIA_TYPE = "text/event-stream"
DONE = b"data: [DONE]\n\n"

_WORDS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    503: ("server_error", "service_unavailable"),
}


def stream(said: Said) -> list[Frame]:
    """Give the frames of a streamed answer."""
    reason = "tool_calls" if said.calls else "stop"
    usage = {**_head("chat.completion.chunk"), "choices": [], "usage": _usage(said)}
    return [
        *before_content([_chunk({"role": "assistant", "content": ""})]),
        *content(_chunk({"reasoning_content": piece}) for piece in said.reasoning),
        *content(_chunk({"content": piece}) for piece in said.text),
        *content(_calls(said)),
        Frame(_chunk({}, reason), Phase.CLOSING),
        Frame(event(usage), Phase.CLOSING),
        Frame(DONE, Phase.END),
    ]


def whole(said: Said) -> bytes:
    """Give the body of an answer in one piece."""
    message: dict[str, JSONValue] = {"role": "assistant", "content": "".join(said.text)}
    if said.reasoning:
        message["reasoning_content"] = "".join(said.reasoning)
    if said.calls:
        message["tool_calls"] = [
            {
                "id": call.call_id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.raw_arguments},
            }
            for call in said.calls
        ]
    reason = "tool_calls" if said.calls else "stop"
    choice: JSONValue = {"index": 0, "message": message, "finish_reason": reason}
    return compact({**_head("chat.completion"), "choices": [choice], "usage": _usage(said)})


def error_body(status: int, message: str) -> bytes:
    """Give the body of a refusal."""
    return compact(_error(status, message))


def error_frame(status: int, message: str) -> bytes:
    """Give the frame that ends a stream with an error."""
    return event(_error(status, message))


def _error(status: int, message: str) -> JSONValue:
    kind, code = _WORDS.get(
        status, ("server_error" if status >= 500 else "invalid_request_error",) * 2
    )
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _head(kind: str) -> dict[str, JSONValue]:
    return {"id": RESPONSE_ID, "object": kind, "created": 1767225600, "model": MODEL}


def _chunk(delta: JSONValue, reason: str | None = None) -> bytes:
    choice: JSONValue = {"index": 0, "delta": delta, "finish_reason": reason}
    return event({**_head("chat.completion.chunk"), "choices": [choice]})


def _calls(said: Said) -> Iterator[bytes]:
    for index, call in enumerate(said.calls):
        first: JSONValue = {
            "index": index,
            "id": call.call_id,
            "type": "function",
            "function": {"name": call.name, "arguments": ""},
        }
        yield _chunk({"tool_calls": [first]})
        for piece in call.pieces:
            more: JSONValue = {"index": index, "function": {"arguments": piece}}
            yield _chunk({"tool_calls": [more]})


def _usage(said: Said) -> JSONValue:
    return {
        "prompt_tokens": said.input_tokens,
        "completion_tokens": said.output_tokens,
        "total_tokens": said.total_tokens,
    }
