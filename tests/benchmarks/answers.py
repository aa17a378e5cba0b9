"""The bytes that each wire sends for one answer, made once, as the vendors send them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

import attrs

__all__ = ["INPUT_TOKENS", "WIRES", "Streamed", "Wire"]

INPUT_TOKENS: Final = 10
_ITEM_ID: Final = "msg_68c350a75ddc819ea5406470460be7850f2d670b80edc507"

JSON = Mapping[str, object]


@attrs.frozen
class Streamed:
    """Hold a streamed answer, event by event.

    Attributes:
        head: What precedes the text.
        deltas: One event for each token.
        tail: What ends the answer.
    """

    head: list[bytes]
    deltas: list[bytes]
    tail: list[bytes]

    def events(self) -> list[bytes]:
        """Give all of it."""
        return [*self.head, *self.deltas, *self.tail]


@attrs.frozen
class Wire:
    """Hold how one wire looks from outside.

    Attributes:
        title: Its name in tables.
        path: What a request's path contains.
        content_type: What a stream is said to be.
        streamed: Makes an answer of so many tokens.
        whole: Makes it in one piece.
    """

    title: str
    path: bytes
    content_type: str
    streamed: Callable[[int], Streamed]
    whole: Callable[[int], bytes]


def _word(number: int) -> str:
    return f" word{number % 10}"


def _text(tokens: int) -> str:
    return "".join(_word(number) for number in range(tokens))


def _encoded(value: JSON) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _data(value: JSON) -> bytes:
    return b"data: %s\n\n" % _encoded(value)


def _named(value: JSON) -> bytes:
    return b"event: %s\n%s" % (str(value["type"]).encode(), _data(value))


# Chat Completions: about 330 bytes an event.


def _chat_usage(tokens: int) -> JSON:
    total = INPUT_TOKENS + tokens
    return {"prompt_tokens": INPUT_TOKENS, "completion_tokens": tokens, "total_tokens": total}


_CHAT: Final[JSON] = {
    "id": "chatcmpl-B0000000000000000000000000000",
    "object": "chat.completion.chunk",
    "created": 1780000000,
    "model": "bench-1",
    "service_tier": "default",
    "system_fingerprint": "fp_0000000000",
}


def _chat_chunk(delta: JSON, reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return _data({**_CHAT, "choices": [choice], "usage": None, "obfuscation": "x" * 24})


def _chat_streamed(tokens: int) -> Streamed:
    head = [_chat_chunk({"role": "assistant", "content": "", "refusal": None})]
    deltas = [_chat_chunk({"content": _word(number)}) for number in range(tokens)]
    usage = _data({**_CHAT, "choices": [], "usage": _chat_usage(tokens)})
    return Streamed(head, deltas, [_chat_chunk({}, "stop"), usage, b"data: [DONE]\n\n"])


def _chat_whole(tokens: int) -> bytes:
    message: JSON = {"role": "assistant", "content": _text(tokens), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    answer = {**_CHAT, "object": "chat.completion", "choices": [choice]}
    return _encoded({**answer, "usage": _chat_usage(tokens)})


# Anthropic's Messages: about 125 bytes an event.


def _anthropic_message(content: list[JSON], reason: str | None, tokens: int) -> JSON:
    usage = {
        "input_tokens": INPUT_TOKENS,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": tokens,
        "service_tier": "standard",
    }
    return {
        "model": "bench-1",
        "id": "msg_011CeCHJK3UqFvUmYcPH4n8h",
        "type": "message",
        "role": "assistant",
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": usage,
    }


def _anthropic_delta(number: int) -> bytes:
    delta = {"type": "text_delta", "text": _word(number)}
    return _named({"type": "content_block_delta", "index": 0, "delta": delta})


def _anthropic_streamed(tokens: int) -> Streamed:
    block = {"type": "text", "text": ""}
    head = [
        _named({"type": "message_start", "message": _anthropic_message([], None, 1)}),
        _named({"type": "content_block_start", "index": 0, "content_block": block}),
        _named({"type": "ping"}),
    ]
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    usage = {"output_tokens": tokens}
    tail = [
        _named({"type": "content_block_stop", "index": 0}),
        _named({"type": "message_delta", "delta": ended, "usage": usage}),
        _named({"type": "message_stop"}),
    ]
    return Streamed(head, [_anthropic_delta(number) for number in range(tokens)], tail)


def _anthropic_whole(tokens: int) -> bytes:
    content: list[JSON] = [{"type": "text", "text": _text(tokens)}]
    return _encoded(_anthropic_message(content, "end_turn", tokens))


# Responses: about 290 bytes an event.


def _response(status: str, tokens: int | None) -> JSON:
    output: list[JSON] = []
    usage: JSON | None = None
    if tokens is not None:
        output = [_response_item("completed", [_response_part(_text(tokens))])]
        usage = {
            "input_tokens": INPUT_TOKENS,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": INPUT_TOKENS + tokens,
        }
    return {
        "id": "resp_68c35098e6fc819e80fb94b25b7d031b0f2d670b80edc507",
        "object": "response",
        "created_at": 1780000000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "bench-1",
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage,
    }


def _response_part(text: str) -> JSON:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _response_item(status: str, content: list[JSON]) -> JSON:
    item = {"id": _ITEM_ID, "type": "message", "status": status}
    return {**item, "content": content, "role": "assistant"}


def _responses_streamed(tokens: int) -> Streamed:
    text = _text(tokens)
    place = {"item_id": _ITEM_ID, "output_index": 0, "content_index": 0}
    started, part = _response_item("in_progress", []), _response_part(text)
    ended = _response_item("completed", [part])
    heads: list[JSON] = [
        {"type": "response.created", "response": _response("in_progress", None)},
        {"type": "response.in_progress", "response": _response("in_progress", None)},
        {"type": "response.output_item.added", "output_index": 0, "item": started},
        {"type": "response.content_part.added", **place, "part": _response_part("")},
    ]
    padding = {"logprobs": [], "obfuscation": "x" * 12}
    deltas: list[JSON] = [
        {"type": "response.output_text.delta", **place, "delta": _word(number), **padding}
        for number in range(tokens)
    ]
    tails: list[JSON] = [
        {"type": "response.output_text.done", **place, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": ended},
        {"type": "response.completed", "response": _response("completed", tokens)},
    ]
    numbered = [
        _named({"type": event["type"], "sequence_number": number, **event})
        for number, event in enumerate([*heads, *deltas, *tails])
    ]
    return Streamed(numbered[:4], numbered[4:-4], numbered[-4:])


def _responses_whole(tokens: int) -> bytes:
    return _encoded(_response("completed", tokens))


# Gemini: about 330 bytes an event, and lines that end with CR LF.


def _gemini_answer(text: str, tokens: int, reason: str | None) -> JSON:
    candidate: dict[str, object] = {"content": {"parts": [{"text": text}], "role": "model"}}
    if reason is not None:
        candidate["finishReason"] = reason
    details = [{"modality": "TEXT", "tokenCount": INPUT_TOKENS}]
    usage = {
        "promptTokenCount": INPUT_TOKENS,
        "candidatesTokenCount": tokens,
        "totalTokenCount": INPUT_TOKENS + tokens,
        "promptTokensDetails": details,
    }
    return {
        "candidates": [{**candidate, "index": 0}],
        "usageMetadata": usage,
        "modelVersion": "bench-1",
        "responseId": "OIpyaoucCKXRjMcPqOqY-AU",
    }


def _gemini_event(text: str, tokens: int, reason: str | None = None) -> bytes:
    return b"data: %s\r\n\r\n" % _encoded(_gemini_answer(text, tokens, reason))


def _gemini_streamed(tokens: int) -> Streamed:
    deltas = [_gemini_event(_word(number), number + 1) for number in range(tokens)]
    return Streamed([], deltas, [_gemini_event("", tokens, "STOP")])


def _gemini_whole(tokens: int) -> bytes:
    return _encoded(_gemini_answer(_text(tokens), tokens, "STOP"))


# Ollama: about 120 bytes a line.


def _ollama_line(text: str, tokens: int | None) -> bytes:
    message = {"role": "assistant", "content": text}
    line = {"model": "bench-1", "created_at": "2026-05-24T20:26:46.294874Z", "message": message}
    if tokens is None:
        return _encoded({**line, "done": False}) + b"\n"
    counts = {"prompt_eval_count": INPUT_TOKENS, "eval_count": tokens}
    times = {"total_duration": 1897385625, "load_duration": 1631208, "eval_duration": 1577990000}
    return _encoded({**line, "done_reason": "stop", "done": True, **times, **counts}) + b"\n"


def _ollama_streamed(tokens: int) -> Streamed:
    deltas = [_ollama_line(_word(number), None) for number in range(tokens)]
    return Streamed([], deltas, [_ollama_line("", tokens)])


def _ollama_whole(tokens: int) -> bytes:
    return _ollama_line(_text(tokens), tokens)


_SSE: Final = "text/event-stream"

WIRES: Final[Mapping[str, Wire]] = {
    "chat": Wire("Chat Completions", b"/chat/completions", _SSE, _chat_streamed, _chat_whole),
    "anthropic": Wire("Anthropic", b"/v1/messages", _SSE, _anthropic_streamed, _anthropic_whole),
    "responses": Wire("Responses", b"/responses", _SSE, _responses_streamed, _responses_whole),
    "gemini": Wire("Gemini", b"/v1beta/models/", _SSE, _gemini_streamed, _gemini_whole),
    "ollama": Wire("Ollama", b"/api/chat", "application/x-ndjson", _ollama_streamed, _ollama_whole),
}
