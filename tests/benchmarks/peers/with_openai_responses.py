"""The openai SDK, on Responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from openai import AsyncOpenAI

from ..client import Answer, Make

__all__ = ["CLIENTS"]


class _Client:
    def __init__(self, address: str) -> None:
        self._client = AsyncOpenAI(base_url=f"{address}/v1", api_key="bench")

    async def stream(self, model: str) -> Answer:
        parts: list[str] = []
        last: Any = None
        async for event in await self._client.responses.create(
            model=model, input="go", stream=True
        ):
            if event.type == "response.output_text.delta":
                parts.append(event.delta)
            elif event.type == "response.completed":
                last = event.response
        return Answer(len(parts), len("".join(parts)), last.usage.output_tokens, last.status)

    async def whole(self, model: str) -> Answer:
        answer = await self._client.responses.create(model=model, input="go")
        return Answer(1, len(answer.output_text), answer.usage.output_tokens, answer.status)

    async def aclose(self) -> None:
        await self._client.close()


CLIENTS: Final[Mapping[str, Make]] = {"responses": _Client}
