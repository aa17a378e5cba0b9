"""Headwater with its default middleware and the real plugins, event by event."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Final

from headwater import ChatStream, Runner, TextDelta

from .client import Answer, Make

__all__ = ["CLIENTS", "provider"]

# module, class, and what of its address the provider wants behind the server's
_PROVIDERS: Final[Mapping[str, tuple[str, str, str]]] = {
    "chat": ("headwater_chat_completions", "ChatCompletions", "/v1"),
    "anthropic": ("headwater_anthropic", "Anthropic", ""),
    "responses": ("headwater_responses", "Responses", "/v1"),
    "gemini": ("headwater_google", "Google", ""),
    "ollama": ("headwater_ollama", "Ollama", ""),
}


def provider(wire: str, address: str) -> object:
    """Make the provider object of a wire, for the server."""
    module, name, path = _PROVIDERS[wire]
    made: Callable[..., object] = getattr(import_module(module), name)
    return made(base_url=address + path, api_key="bench")


class _Open:
    def __init__(self, stream: ChatStream) -> None:
        self.deltas = 0
        self._stream = stream

    async def first(self) -> None:
        async for event in self._stream:
            if type(event) is TextDelta:
                self.deltas += 1
                return

    async def rest(self) -> Answer:
        async for event in self._stream:
            if type(event) is TextDelta:
                self.deltas += 1
        return _answer(self.deltas, self._stream)


def _answer(deltas: int, stream: ChatStream) -> Answer:
    response = stream.response
    return Answer(deltas, len(response.text), response.usage.output_tokens, response.raw_reason)


class _Ours:
    def __init__(self, wire: str, address: str) -> None:
        self._runner = Runner(providers={"bench": provider(wire, address)})

    async def stream(self, model: str) -> Answer:
        deltas = 0
        async with self._runner.stream_chat(f"bench/{model}", "go") as events:
            async for event in events:
                if type(event) is TextDelta:
                    deltas += 1
        return _answer(deltas, events)

    @asynccontextmanager
    async def opened(self, model: str) -> AsyncGenerator[_Open, None]:
        async with self._runner.stream_chat(f"bench/{model}", "go") as events:
            opened = _Open(events)
            await opened.first()
            yield opened

    async def whole(self, model: str) -> Answer:
        response = await self._runner.chat(f"bench/{model}", "go")
        usage = response.usage
        return Answer(1, len(response.text), usage.output_tokens, response.raw_reason)

    async def aclose(self) -> None:
        await self._runner.aclose()


def _maker(wire: str) -> Make:
    return lambda address: _Ours(wire, address)


CLIENTS: Final[Mapping[str, Make]] = {wire: _maker(wire) for wire in _PROVIDERS}
