"""llm, the library under the command of that name, with its asynchronous model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from llm.default_plugins.openai_models import AsyncChat

from ..client import Answer, Make

__all__ = ["CLIENTS"]


class _Client:
    def __init__(self, address: str) -> None:
        self._base_url = f"{address}/v1"
        self._models: dict[str, Any] = {}

    async def stream(self, model: str) -> Answer:
        response = self._model(model).prompt("go", stream=True)
        deltas = 0
        async for text in response:
            deltas += bool(text)
        return await _answer(deltas, response)

    async def whole(self, model: str) -> Answer:
        response = self._model(model).prompt("go", stream=False)
        await response.text()
        return await _answer(1, response)

    async def aclose(self) -> None:
        """Close nothing: it makes a client for each call."""

    def _model(self, name: str) -> Any:
        if name not in self._models:
            self._models[name] = AsyncChat(name, key="bench", api_base=self._base_url)
        return self._models[name]


async def _answer(deltas: int, response: Any) -> Answer:
    usage = await response.usage()
    text = await response.text()
    told = await response.json()
    reason = told.get("finish_reason") or told["choices"][0]["finish_reason"]
    return Answer(deltas, len(text), usage.output, reason)


CLIENTS: Final[Mapping[str, Make]] = {"chat": _Client}
