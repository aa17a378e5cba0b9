"""Responses, by hand."""

from __future__ import annotations

import msgspec

from ..client import Answer
from .reading import ByHand

__all__ = ["client"]


class Count(msgspec.Struct):
    output_tokens: int


class Part(msgspec.Struct):
    text: str = ""


class Item(msgspec.Struct):
    content: list[Part] = []


class Whole(msgspec.Struct):
    status: str
    output: list[Item]
    usage: Count | None = None


class Event(msgspec.Struct):
    type: str
    delta: str | None = None
    response: msgspec.Raw = msgspec.Raw()


decode = msgspec.json.Decoder(Event).decode
decode_whole = msgspec.json.Decoder(Whole).decode


class _Reading:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self._rest = b""
        self._reason: str | None = None
        self._usage: Count | None = None

    def feed(self, chunk: bytes) -> None:
        *events, self._rest = (self._rest + chunk).split(b"\n\n")
        parts = self.parts
        for event in events:
            decoded = decode(event[event.index(b"\ndata: ") + 7 :])
            if decoded.type == "response.output_text.delta":
                parts.append(decoded.delta or "")
            elif decoded.type == "response.completed":
                response = decode_whole(decoded.response)
                self._reason, self._usage = response.status, response.usage

    def answer(self) -> Answer:
        tokens = None if self._usage is None else self._usage.output_tokens
        return Answer(len(self.parts), len("".join(self.parts)), tokens, self._reason)


def _read_whole(body: bytes) -> Answer:
    answer = decode_whole(body)
    text = "".join(part.text for item in answer.output for part in item.content)
    tokens = None if answer.usage is None else answer.usage.output_tokens
    return Answer(1, len(text), tokens, answer.status)


def _body(model: str, is_stream: bool) -> object:
    content = [{"type": "input_text", "text": "go"}]
    return {
        "model": model,
        "stream": is_stream,
        "input": [{"type": "message", "role": "user", "content": content}],
        "store": False,
    }


def client(address: str) -> ByHand:
    """Make one."""
    url = f"{address}/v1/responses"
    headers = {"authorization": "Bearer bench"}
    return ByHand(headers, lambda _model, _is_stream: url, _body, _Reading, _read_whole)
