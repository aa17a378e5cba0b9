"""What the providers say, as plain bytes: sample answers and errors on each wire.

    from headwater.testing import End, FaultServer, payloads, respond

    frames = payloads.stream(payloads.Wire.ANTHROPIC)
    FaultServer(respond(*frames[:3], End()))  # as Anthropic would, and cut after the third event

They are written from the descriptions of the wires, and no provider's code is needed to make them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from . import _anthropic, _chat_completions, _gemini, _ollama, _responses
from ._said import MODEL, RESPONSE_ID, Frame, Phase, Said, SampleCall

__all__ = [
    "Frame",
    "MODEL",
    "Phase",
    "RESPONSE_ID",
    "Said",
    "SampleCall",
    "Wire",
    "error_body",
    "error_frame",
    "media_type",
    "phased",
    "stream",
    "whole",
]


class Wire(StrEnum):
    """Name a wire: how requests and answers are written, by one provider or by many."""

    CHAT_COMPLETIONS = "chat_completions"
    ANTHROPIC = "anthropic"
    RESPONSES = "responses"
    GEMINI = "gemini"
    OLLAMA = "ollama"


class _Writer(Protocol):
    """What the module of a wire has."""

    MEDIA_TYPE: str

    def stream(self, said: Said) -> list[Frame]: ...
    def whole(self, said: Said) -> bytes: ...
    def error_body(self, status: int, message: str) -> bytes: ...
    def error_frame(self, status: int, message: str) -> bytes: ...


_WRITERS: dict[Wire, _Writer] = {
    Wire.CHAT_COMPLETIONS: _chat_completions,
    Wire.ANTHROPIC: _anthropic,
    Wire.RESPONSES: _responses,
    Wire.GEMINI: _gemini,
    Wire.OLLAMA: _ollama,
}


def stream(wire: Wire, said: Said | None = None) -> list[bytes]:
    """Give the frames of a streamed answer, the end mark last.

    Args:
        wire: How it is written.
        said: What it says; None for a short text.
    """
    return [frame.data for frame in phased(wire, said)]


def phased(wire: Wire, said: Said | None = None) -> list[Frame]:
    """Give the frames of a streamed answer, each with where in the answer it stands."""
    return _WRITERS[wire].stream(said or Said())


def whole(wire: Wire, said: Said | None = None) -> bytes:
    """Give the body of an answer that is not streamed."""
    return _WRITERS[wire].whole(said or Said())


def error_body(wire: Wire, status: int, message: str = "no, sorry") -> bytes:
    """Give the body of a refusal with a status of 400 and more."""
    return _WRITERS[wire].error_body(status, message)


def error_frame(wire: Wire, status: int, message: str = "no, sorry") -> bytes:
    """Give a frame that ends a stream of status 200 with an error.

    Args:
        wire: How it is written.
        status: The status that would say the same.
        message: The provider's words. Ollama has nothing else in its errors.
    """
    return _WRITERS[wire].error_frame(status, message)


def media_type(wire: Wire) -> str:
    """Give the content type of a stream."""
    return _WRITERS[wire].MEDIA_TYPE
