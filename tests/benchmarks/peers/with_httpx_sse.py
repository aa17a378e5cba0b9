"""httpx with httpx-sse, and the standard library's json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import httpx
from httpx_sse import aconnect_sse

from ..client import Answer, Make

__all__ = ["CLIENTS"]

_MESSAGES: Final = [{"role": "user", "content": "go"}]


class _Client:
    def __init__(self, address: str) -> None:
        self._url = f"{address}/v1/chat/completions"
        self._http = httpx.AsyncClient(headers={"authorization": "Bearer bench"})

    async def stream(self, model: str) -> Answer:
        body = {
            "model": model,
            "messages": _MESSAGES,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        parts: list[str] = []
        usage: Any = None
        reason: str | None = None
        async with aconnect_sse(self._http, "POST", self._url, json=body) as source:
            async for event in source.aiter_sse():
                if event.data == "[DONE]":
                    continue  # to leave here would cost the connection
                chunk = json.loads(event.data)
                for choice in chunk["choices"]:
                    if text := choice["delta"].get("content"):
                        parts.append(text)
                    reason = choice["finish_reason"] or reason
                usage = chunk.get("usage") or usage
        return Answer(len(parts), len("".join(parts)), usage["completion_tokens"], reason)

    async def whole(self, model: str) -> Answer:
        body = {"model": model, "messages": _MESSAGES}
        answer = (await self._http.post(self._url, json=body)).json()
        choice = answer["choices"][0]
        text = choice["message"]["content"]
        tokens = answer["usage"]["completion_tokens"]
        return Answer(1, len(text), tokens, choice["finish_reason"])

    async def aclose(self) -> None:
        await self._http.aclose()


CLIENTS: Final[Mapping[str, Make]] = {"chat": _Client}
