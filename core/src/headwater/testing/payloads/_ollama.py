"""Ollama's own chat, a JSON object a line. Source: FORMATS 7."""

from __future__ import annotations

from ...parts import JSONValue
from ._said import MODEL, Frame, Phase, Said, before_content, compact, content

MEDIA_TYPE = "application/x-ndjson"


def stream(said: Said) -> list[Frame]:
    """Give the frames of a streamed answer."""
    calls = [_line({"content": "", "tool_calls": _calls(said)})] if said.calls else []
    return [
        *before_content([_line({"content": ""})]),
        *content(_line({"content": "", "thinking": piece}) for piece in said.reasoning),
        *content(_line({"content": piece}) for piece in said.text),
        *content(calls),
        Frame(compact(_ended(said, {"content": ""})) + b"\n", Phase.END),
    ]


def whole(said: Said) -> bytes:
    """Give the body of an answer in one piece."""
    message: dict[str, JSONValue] = {"content": "".join(said.text)}
    if said.reasoning:
        message["thinking"] = "".join(said.reasoning)
    if said.calls:
        message["tool_calls"] = _calls(said)
    return compact(_ended(said, message))


def error_body(status: int, message: str) -> bytes:
    """Give the body of a refusal, which has words alone."""
    return compact({"error": message})


def error_frame(status: int, message: str) -> bytes:
    """Give the line that ends a stream with an error."""
    return error_body(status, message) + b"\n"


def _object(message: dict[str, JSONValue]) -> dict[str, JSONValue]:
    said: JSONValue = {"role": "assistant", **message}
    return {"model": MODEL, "created_at": "2026-01-01T00:00:00Z", "message": said}


def _line(message: dict[str, JSONValue]) -> bytes:
    return compact({**_object(message), "done": False}) + b"\n"


def _ended(said: Said, message: dict[str, JSONValue]) -> JSONValue:
    return {
        **_object(message),
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": said.input_tokens,
        "eval_count": said.output_tokens,
    }


def _calls(said: Said) -> JSONValue:
    return [{"function": {"name": call.name, "arguments": call.arguments}} for call in said.calls]
