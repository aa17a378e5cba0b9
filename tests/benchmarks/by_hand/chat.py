"""Chat Completions, by hand."""

from __future__ import annotations

import msgspec

from ..client import Answer
from .reading import ByHand

__all__ = ["client"]


class Delta(msgspec.Struct):
    content: str | None = None


class Choice(msgspec.Struct):
    delta: Delta
    finish_reason: str | None = None


class Count(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int


class Chunk(msgspec.Struct):
    choices: list[Choice]
    usage: Count | None = None


class Message(msgspec.Struct):
    content: str


class WholeChoice(msgspec.Struct):
    message: Message
    finish_reason: str


class Whole(msgspec.Struct):
    choices: list[WholeChoice]
    usage: Count


decode = msgspec.json.Decoder(Chunk).decode
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
            data = event[6:]
            if data == b"[DONE]":
                continue
            decoded = decode(data)
            for choice in decoded.choices:
                if choice.delta.content:
                    parts.append(choice.delta.content)
                if choice.finish_reason is not None:
                    self._reason = choice.finish_reason
            if decoded.usage is not None:
                self._usage = decoded.usage

    def answer(self) -> Answer:
        tokens = None if self._usage is None else self._usage.completion_tokens
        return Answer(len(self.parts), len("".join(self.parts)), tokens, self._reason)


def _read_whole(body: bytes) -> Answer:
    answer = decode_whole(body)
    choice = answer.choices[0]
    tokens = answer.usage.completion_tokens
    return Answer(1, len(choice.message.content), tokens, choice.finish_reason)


def _body(model: str, is_stream: bool) -> object:
    body: dict[str, object] = {"model": model, "stream": is_stream}
    body["messages"] = [{"role": "user", "content": "go"}]
    if is_stream:
        body["stream_options"] = {"include_usage": True}
    return body


def client(address: str) -> ByHand:
    """Make one."""
    url = f"{address}/v1/chat/completions"
    headers = {"authorization": "Bearer bench"}
    return ByHand(headers, lambda _model, _is_stream: url, _body, _Reading, _read_whole)
