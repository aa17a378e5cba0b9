"""The clients that Headwater is measured against: the least that does the work, one for each wire.

aiohttp's `readany`, a split, typed msgspec of the fields that are read, the text folded.
"""

from collections.abc import Mapping
from typing import Final

from ..client import Make
from . import anthropic, chat, gemini, ollama, responses

__all__ = ["CLIENTS"]

CLIENTS: Final[Mapping[str, Make]] = {
    "chat": chat.client,
    "anthropic": anthropic.client,
    "responses": responses.client,
    "gemini": gemini.client,
    "ollama": ollama.client,
}
