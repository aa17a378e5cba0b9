"""The openai SDK, on Chat Completions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from openai import AsyncOpenAI

from ..client import Answer, Make

__all__ = ["CLIENTS"]

_MESSAGES: Final = [{"role": "user", "content": "go"}]


class _Client:
    def __init__(self, address: str) -> None:
        self._client = AsyncOpenAI(base_url=f"{address}/v1", api_key="bench")

    async def stream(self, model: str) -> Answer:
        parts: list[str] = []
        usage: Any = None
        reason: str | None = None
        chunks = await self._client.chat.completions.create(
            model=model,
            messages=_MESSAGES,
            stream=True,
            stream_options={"include_usage": True},
        )
        async for chunk in chunks:
            for choice in chunk.choices:
                if choice.delta.content:
                    parts.append(choice.delta.content)
                reason = choice.finish_reason or reason
            usage = chunk.usage or usage
        return Answer(len(parts), len("".join(parts)), usage.completion_tokens, reason)

    async def whole(self, model: str) -> Answer:
        answer = await self._client.chat.completions.create(model=model, messages=_MESSAGES)
        choice = answer.choices[0]
        text = choice.message.content or ""
        return Answer(1, len(text), answer.usage.completion_tokens, choice.finish_reason)

    async def aclose(self) -> None:
        await self._client.close()


CLIENTS: Final[Mapping[str, Make]] = {"chat": _Client}
