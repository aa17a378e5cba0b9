"""pydantic-ai, by its direct interface to models, without an agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic_ai import ModelRequest, PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from ..client import Answer, Make

__all__ = ["CLIENTS"]


class _Client:
    def __init__(self, address: str) -> None:
        self._provider = OpenAIProvider(base_url=f"{address}/v1", api_key="bench")
        self._messages = [ModelRequest.user_text_prompt("go")]

    async def stream(self, model: str) -> Answer:
        deltas = 0
        asked = OpenAIChatModel(model, provider=self._provider)
        async with model_request_stream(asked, self._messages) as events:
            async for event in events:
                match event:
                    case PartStartEvent(part=TextPart(content=text)):
                        deltas += bool(text)
                    case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                        deltas += bool(text)
                    case _:
                        pass
            return _answer(deltas, events.get())

    async def whole(self, model: str) -> Answer:
        asked = OpenAIChatModel(model, provider=self._provider)
        return _answer(1, await model_request(asked, self._messages))

    async def aclose(self) -> None:
        await self._provider.client.close()


def _answer(deltas: int, response: Any) -> Answer:
    text = "".join(part.content for part in response.parts)
    return Answer(deltas, len(text), response.usage.output_tokens, response.finish_reason)


CLIENTS: Final[Mapping[str, Make]] = {"chat": _Client}
