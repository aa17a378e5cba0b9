"""The recorded answers of all providers, each folded by its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import attrs

from headwater import ChatResponse, Runner
from headwater_anthropic import Anthropic
from headwater_google import Google
from headwater_ollama import Ollama
from headwater_openai import OpenAI
from headwater_responses import Responses
from headwater_xai import XAI

from .canned import Canned

__all__ = ["VARIABLE", "Answer", "is_recorded", "recorded_names"]

VARIABLE = "HEADWATER_RECORDINGS"
APIS = (
    "anthropic-messages",
    "gemini-generate",
    "gemini-stream",
    "ollama-chat",
    "openai-chat",
    "openai-responses",
)
KEY = "a-key-for-tests"
URL = "https://server.test/v1"


@attrs.frozen
class Answer:
    """Hold an answer that some provider once gave.

    Attributes:
        name: "provider/case".
        api: Which wire it came by.
        response: What its own provider object makes of it.
    """

    name: str
    api: str
    response: ChatResponse = attrs.field(repr=False)

    @classmethod
    async def read(cls, name: str) -> Answer:
        """Read a recording, through a runner of its own provider."""
        folder = Path(os.environ[VARIABLE]) / name
        meta = json.loads((folder / "meta.json").read_bytes())
        headers = {key.lower(): value for key, value in (meta["headers"] or {}).items()}
        transport = Canned((folder / "response.body").read_bytes(), meta["status"], headers)
        provider = _provider(meta["provider"], meta["api"])
        async with Runner(providers={"p": provider}, transport=transport, middleware=[]) as runner:
            if not meta["stream"]:
                return cls(name, meta["api"], await runner.chat("p/m", "Hi"))
            async with runner.stream_chat("p/m", "Hi") as stream:
                return cls(name, meta["api"], await stream.collect())


def _chat_provider(name: str) -> object:
    rows = {point.name: point for point in entry_points(group="headwater")}
    own: Mapping[str, Callable[[], object]] = {
        "openai": lambda: OpenAI(KEY, api="chat"),
        "xai": lambda: XAI(KEY, api="chat"),
    }
    if name in own:
        return own[name]()
    row = rows.get(name)
    is_of_dialect = row is not None and row.value.startswith("headwater_chat_completions")
    made: object = rows[name if is_of_dialect else "compatible"].load()(KEY, URL)
    return made


def _responses_provider(name: str) -> object:
    if name == "openai":
        return OpenAI(KEY)
    return XAI(KEY, api="responses") if name == "xai" else Responses(URL, KEY)


def _provider(name: str, api: str) -> object:
    """Make the provider object that an answer is for."""
    match api:
        case "openai-chat":
            return _chat_provider(name)
        case "openai-responses":
            return _responses_provider(name)
        case "anthropic-messages":
            return Anthropic(KEY)
        case "ollama-chat":
            return Ollama()
        case _:
            return Google(KEY)


def is_recorded() -> bool:
    """Tell whether there are recordings on this machine."""
    return bool(os.environ.get(VARIABLE))


@cache
def recorded_names() -> tuple[str, ...]:
    """Name the answers that came whole: no refusal, and none that ended in an error."""
    metas = sorted(Path(os.environ[VARIABLE]).glob("*/*/meta.json"))
    return tuple(f"{m.parent.parent.name}/{m.parent.name}" for m in metas if _is_whole(m.parent))


def _is_whole(folder: Path) -> bool:
    meta = json.loads((folder / "meta.json").read_bytes())
    if meta["api"] not in APIS or meta["status"] >= 400:
        return False
    if json.loads((folder / "expected.json").read_bytes())["error"]:
        return False
    # made without alt=sse, which no client should ask for
    is_array = (folder / "response.body").read_bytes().lstrip()[:1] == b"["
    return not (meta["api"] == "gemini-stream" and is_array)
