"""The bytes that each wire sends for one answer, made once, as the vendors send them."""

from collections.abc import Mapping
from typing import Final

from . import anthropic, chat, gemini, ollama, responses
from .shape import Wire

__all__ = ["WIRES"]

WIRES: Final[Mapping[str, Wire]] = {
    "chat": chat.WIRE,
    "anthropic": anthropic.WIRE,
    "responses": responses.WIRE,
    "gemini": gemini.WIRE,
    "ollama": ollama.WIRE,
}
