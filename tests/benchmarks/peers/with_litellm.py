"""litellm, as a library."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from ..client import Answer, Make

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else its import fetches a list of prices
import litellm  # it reads that as it is imported

__all__ = ["CLIENTS"]

_MESSAGES: Final = [{"role": "user", "content": "go"}]


class _Client:
    def __init__(self, address: str) -> None:
        self._where = {"api_base": f"{address}/v1", "api_key": "bench"}

    async def stream(self, model: str) -> Answer:
        parts: list[str] = []
        usage: Any = None
        reason: str | None = None
        chunks = await litellm.acompletion(
            model=f"openai/{model}",
            messages=_MESSAGES,
            stream=True,
            stream_options={"include_usage": True},
            **self._where,
        )
        async for chunk in chunks:
            for choice in chunk.choices:
                if choice.delta.content:
                    parts.append(choice.delta.content)
                reason = choice.finish_reason or reason
            usage = getattr(chunk, "usage", None) or usage
        return Answer(len(parts), len("".join(parts)), usage.completion_tokens, reason)

    async def whole(self, model: str) -> Answer:
        answer = await litellm.acompletion(
            model=f"openai/{model}", messages=_MESSAGES, **self._where
        )
        choice = answer.choices[0]
        text = choice.message.content or ""
        return Answer(1, len(text), answer.usage.completion_tokens, choice.finish_reason)

    async def aclose(self) -> None:
        """Close nothing: its connections are not its user's."""


CLIENTS: Final[Mapping[str, Make]] = {"chat": _Client}
