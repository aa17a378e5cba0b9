"""Anthropic's Messages, by hand."""

from __future__ import annotations

import msgspec

from ..client import Answer
from .reading import ByHand

__all__ = ["client"]


class Delta(msgspec.Struct):
    text: str | None = None
    stop_reason: str | None = None


class Count(msgspec.Struct):
    output_tokens: int


class Event(msgspec.Struct):
    type: str
    delta: Delta | None = None
    usage: Count | None = None


class Block(msgspec.Struct):
    type: str
    text: str = ""


class Whole(msgspec.Struct):
    content: list[Block]
    stop_reason: str
    usage: Count


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
            delta = decoded.delta
            if delta is not None:
                if delta.text:
                    parts.append(delta.text)
                elif delta.stop_reason is not None:
                    self._reason = delta.stop_reason
            if decoded.usage is not None:
                self._usage = decoded.usage

    def answer(self) -> Answer:
        tokens = None if self._usage is None else self._usage.output_tokens
        return Answer(len(self.parts), len("".join(self.parts)), tokens, self._reason)


def _read_whole(body: bytes) -> Answer:
    answer = decode_whole(body)
    text = "".join(block.text for block in answer.content)
    return Answer(1, len(text), answer.usage.output_tokens, answer.stop_reason)


def _body(model: str, is_stream: bool) -> object:
    messages = [{"role": "user", "content": "go"}]
    return {"model": model, "stream": is_stream, "max_tokens": 4096, "messages": messages}


def client(address: str) -> ByHand:
    """Make one."""
    url = f"{address}/v1/messages"
    headers = {"x-api-key": "bench", "anthropic-version": "2023-06-01"}
    return ByHand(headers, lambda _model, _is_stream: url, _body, _Reading, _read_whole)
