"""The anthropic SDK, with its helper for streams, which folds the message as ours does."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from ..client import Answer, Make

__all__ = ["CLIENTS"]

_REQUEST: Final[Mapping[str, Any]] = {
    "max_tokens": 4096,
    "messages": [{"role": "user", "content": "go"}],
}


class _Client:
    def __init__(self, address: str) -> None:
        # To a type checker the name is that of a folder of tests.
        sdk: Any = import_module("anthropic")
        self._client = sdk.AsyncAnthropic(base_url=address, api_key="bench")

    async def stream(self, model: str) -> Answer:
        deltas = 0
        async with self._client.messages.stream(model=model, **_REQUEST) as stream:
            async for text in stream.text_stream:
                deltas += bool(text)
            return _answer(deltas, await stream.get_final_message())

    async def whole(self, model: str) -> Answer:
        return _answer(1, await self._client.messages.create(model=model, **_REQUEST))

    async def aclose(self) -> None:
        await self._client.close()


def _answer(deltas: int, message: Any) -> Answer:
    text = "".join(block.text for block in message.content)
    return Answer(deltas, len(text), message.usage.output_tokens, message.stop_reason)


CLIENTS: Final[Mapping[str, Make]] = {"anthropic": _Client}
