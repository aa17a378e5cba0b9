"""Ollama's own wire, by hand."""

from __future__ import annotations

import msgspec

from ..client import Answer
from .reading import ByHand

__all__ = ["client"]


class Message(msgspec.Struct):
    content: str = ""


class Line(msgspec.Struct):
    message: Message
    done: bool
    done_reason: str | None = None
    eval_count: int | None = None


decode = msgspec.json.Decoder(Line).decode


class _Reading:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self._rest = b""
        self._reason: str | None = None
        self._tokens: int | None = None

    def feed(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        parts = self.parts
        for line in lines:
            decoded = decode(line)
            if decoded.message.content:
                parts.append(decoded.message.content)
            if decoded.done:
                self._reason, self._tokens = decoded.done_reason, decoded.eval_count

    def answer(self) -> Answer:
        return Answer(len(self.parts), len("".join(self.parts)), self._tokens, self._reason)


def _read_whole(body: bytes) -> Answer:
    answer = decode(body)
    return Answer(1, len(answer.message.content), answer.eval_count, answer.done_reason)


def _body(model: str, is_stream: bool) -> object:
    messages = [{"role": "user", "content": "go"}]
    return {"model": model, "messages": messages, "stream": is_stream}


def client(address: str) -> ByHand:
    """Make one."""
    url = f"{address}/api/chat"
    return ByHand({}, lambda _model, _is_stream: url, _body, _Reading, _read_whole)
