"""Gemini, by hand."""

from __future__ import annotations

import msgspec

from ..client import Answer
from .reading import ByHand

__all__ = ["client"]


class Part(msgspec.Struct):
    text: str = ""


class Content(msgspec.Struct):
    parts: list[Part] = []


class Candidate(msgspec.Struct, rename="camel"):
    content: Content | None = None
    finish_reason: str | None = None


class Count(msgspec.Struct, rename="camel"):
    candidates_token_count: int = 0


class Chunk(msgspec.Struct, rename="camel"):
    candidates: list[Candidate] = []
    usage_metadata: Count | None = None


decode = msgspec.json.Decoder(Chunk).decode


class _Reading:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self._rest = b""
        self._reason: str | None = None
        self._usage: Count | None = None

    def feed(self, chunk: bytes) -> None:
        *events, self._rest = (self._rest + chunk).split(b"\r\n\r\n")
        for event in events:
            self.take(decode(event[6:]))

    def take(self, chunk: Chunk) -> None:
        for candidate in chunk.candidates:
            if candidate.content is not None:
                for part in candidate.content.parts:
                    if part.text:
                        self.parts.append(part.text)
            if candidate.finish_reason is not None:
                self._reason = candidate.finish_reason
        if chunk.usage_metadata is not None:
            self._usage = chunk.usage_metadata

    def answer(self) -> Answer:
        tokens = None if self._usage is None else self._usage.candidates_token_count
        return Answer(len(self.parts), len("".join(self.parts)), tokens, self._reason)


def _read_whole(body: bytes) -> Answer:
    reading = _Reading()
    reading.take(decode(body))
    return reading.answer()


def _body(_model: str, _is_stream: bool) -> object:
    return {"contents": [{"role": "user", "parts": [{"text": "go"}]}]}


def client(address: str) -> ByHand:
    """Make one."""

    def url(model: str, is_stream: bool) -> str:
        method = "streamGenerateContent?alt=sse" if is_stream else "generateContent"
        return f"{address}/v1beta/models/{model}:{method}"

    return ByHand({"x-goog-api-key": "bench"}, url, _body, _Reading, _read_whole)
