"""langchain-openai; its chunks are added up, as its documentation shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from langchain_openai import ChatOpenAI

from ..client import Answer, Make

__all__ = ["CLIENTS"]


class _Client:
    def __init__(self, address: str) -> None:
        self._base_url = f"{address}/v1"
        self._models: dict[str, Any] = {}

    async def stream(self, model: str) -> Answer:
        parts: list[str] = []
        usage: Any = None
        reason: str | None = None
        async for chunk in self._model(model).astream("go"):
            if chunk.content:
                parts.append(chunk.content)
            usage = chunk.usage_metadata or usage
            reason = chunk.response_metadata.get("finish_reason") or reason
        return Answer(len(parts), len("".join(parts)), usage["output_tokens"], reason)

    async def whole(self, model: str) -> Answer:
        answer = await self._model(model).ainvoke("go")
        reason = answer.response_metadata["finish_reason"]
        return Answer(1, len(answer.content), answer.usage_metadata["output_tokens"], reason)

    async def aclose(self) -> None:
        """Close nothing: its connections are not its user's."""

    def _model(self, name: str) -> Any:
        if name not in self._models:
            self._models[name] = ChatOpenAI(
                model=name, base_url=self._base_url, api_key="bench", stream_usage=True
            )
        return self._models[name]


CLIENTS: Final[Mapping[str, Make]] = {"chat": _Client}
