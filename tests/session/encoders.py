"""Every wire that we have, asked whether it takes a conversation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from headwater import Message, Runner, StreamInterrupted
from headwater.errors import HeadwaterError
from headwater.wire.transport import HTTPRequest, ReadError, Response
from headwater_anthropic import Anthropic
from headwater_chat_completions import ChatCompletions
from headwater_demo import Demo
from headwater_google import Google
from headwater_ollama import Ollama
from headwater_openai import OpenAI
from headwater_xai import XAI

__all__ = ["refusals"]

T = TypeVar("T")
KEY = "a-key-for-tests"
PROVIDERS: Mapping[str, object] = {
    "anthropic": Anthropic(KEY),
    "compatible": ChatCompletions(base_url="https://server.test/v1"),
    "demo": Demo(delay_s=0),
    "google": Google(KEY),
    "ollama": Ollama(),
    "openai": OpenAI(KEY),
    "openai-chat": OpenAI(KEY, api="chat"),
    "xai": XAI(KEY),
    "xai-responses": XAI(KEY, api="responses"),
}
MODELS = {
    "anthropic": "claude-sonnet-4-5",
    "demo": "echo",
    "google": "gemini-2.5-flash",
    "xai": "grok-4",
}


class _Taken:
    """A transport that notes that something was sent, and says nothing to it."""

    def __init__(self) -> None:
        self.sent = 0

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Take a request; see `Transport.send`."""
        self.sent += 1

        async def read_chunk() -> bytes:
            return b""

        yield Response(200, {}, read_chunk)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait; see `Transport.wait`."""
        return await awaitable


async def refusals(messages: Sequence[Message]) -> list[str]:
    """Name the providers that do not take a conversation, and why; none: each would send it."""
    refused = []
    for name in PROVIDERS:
        transport = _Taken()
        runner = Runner(providers=PROVIDERS, transport=transport, middleware=[])
        try:
            await runner.stream_chat(f"{name}/{MODELS.get(name, 'm')}", messages).collect()
        except StreamInterrupted:
            assert transport.sent == 1
        except HeadwaterError as error:
            refused.append(f"{name}: {error}")
    return refused
