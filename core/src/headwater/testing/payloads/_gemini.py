"""Google's generateContent. Source: FORMATS 5 and 9."""

from __future__ import annotations

from ...parts import JSONValue
from ._said import MODEL, RESPONSE_ID, Frame, Phase, Said, SampleCall, compact, event

MEDIA_TYPE = "text/event-stream"

_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def stream(said: Said) -> list[Frame]:
    """Give the frames of a streamed answer."""
    parts = _parts(said.reasoning, said.text, said.calls)
    frames = [Frame(_event(_answer(said, [], is_last=False)), Phase.PREAMBLE)]
    frames += [Frame(_event(_answer(said, [part], is_last=False)), Phase.CONTENT) for part in parts]
    return [*frames, Frame(_event(_answer(said, [], is_last=True)), Phase.END)]


def whole(said: Said) -> bytes:
    """Give the body of an answer in one piece."""
    reasoning = ("".join(said.reasoning),) if said.reasoning else ()
    text = ("".join(said.text),) if said.text else ()
    return compact(_answer(said, _parts(reasoning, text, said.calls), is_last=True))


def error_body(status: int, message: str) -> bytes:
    """Give the body of a refusal."""
    return compact(_error(status, message))


def error_frame(status: int, message: str) -> bytes:
    """Give the frame that ends a stream with an error."""
    return _event(_error(status, message))


def _event(value: JSONValue) -> bytes:
    return event(value, end="\r\n")


def _error(status: int, message: str) -> JSONValue:
    word = _WORDS.get(status, "INTERNAL" if status >= 500 else "FAILED_PRECONDITION")
    return {"error": {"code": status, "message": message, "status": word}}


def _answer(said: Said, parts: list[JSONValue], *, is_last: bool) -> JSONValue:
    candidate: dict[str, JSONValue] = {"content": {"role": "model", "parts": parts}, "index": 0}
    usage: dict[str, JSONValue] = {"promptTokenCount": said.input_tokens}
    if is_last:
        candidate["finishReason"] = "STOP"
        usage["candidatesTokenCount"] = said.output_tokens
        usage["totalTokenCount"] = said.total_tokens
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": MODEL,
        "responseId": RESPONSE_ID,
    }


def _parts(
    reasoning: tuple[str, ...], text: tuple[str, ...], calls: tuple[SampleCall, ...]
) -> list[JSONValue]:
    parts: list[JSONValue] = [{"text": piece, "thought": True} for piece in reasoning]
    parts += [{"text": piece} for piece in text]
    parts += [{"functionCall": {"name": call.name, "args": call.arguments}} for call in calls]
    return parts
