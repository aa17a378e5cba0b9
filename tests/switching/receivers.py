"""The providers that a conversation can go on with, each with a model and a minimal answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import entry_points
from typing import Any

import attrs
import pytest

from headwater import Runner
from headwater_anthropic import Anthropic
from headwater_google import Google
from headwater_ollama import Ollama
from headwater_openai import OpenAI
from headwater_xai import XAI

from .canned import Canned

__all__ = ["RECEIVERS", "Receiver", "each_receiver"]

KEY = "a-key-for-tests"
CHAT: Mapping[str, object] = {
    "id": "r1",
    "model": "m",
    "choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 7},
}
RESPONSES: Mapping[str, object] = {
    "id": "r1",
    "object": "response",
    "model": "m",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}],
    "usage": {"input_tokens": 9, "output_tokens": 7},
}
MESSAGES: Mapping[str, object] = {
    "id": "r1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 9, "output_tokens": 7},
}
GEMINI: Mapping[str, object] = {
    "candidates": [
        {"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP"}
    ],
    "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 7},
}
OLLAMA: Mapping[str, object] = {
    "model": "m",
    "message": {"role": "assistant", "content": "Hello"},
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 9,
    "eval_count": 7,
}
ANSWERS: Mapping[str, Mapping[str, object]] = {
    "chat": CHAT,
    "responses": RESPONSES,
    "anthropic": MESSAGES,
    "gemini": GEMINI,
    "ollama": OLLAMA,
}


@attrs.frozen
class Receiver:
    """Hold a provider as one that is asked.

    Attributes:
        name: Its name.
        wire: Which wire it speaks: a key of the minimal answers.
        make: Makes the provider object.
        model: A model of it that thinks and takes tools, where it has such.
        origin: The wire whose reasoning and provider parts it may send back: its own.
        takes_tools: Whether it can be told of tools.
        counted: What its own endpoint for counting tokens answers; None: it has none.
    """

    name: str
    wire: str
    make: Callable[[], object] = attrs.field(repr=False)
    model: str
    origin: str
    takes_tools: bool = True
    counted: Mapping[str, object] | None = None

    def answers(self, body: object = None, status: int = 200, **headers: str) -> Canned:
        """Give a transport that answers as this provider does."""
        return Canned(ANSWERS[self.wire] if body is None else body, status, headers)

    def runner(self, transport: Canned) -> Runner:
        """Give a runner that has this provider alone on a transport, and tries once."""
        return Runner(providers={"p": self.make()}, transport=transport, middleware=[])

    @property
    def model_id(self) -> str:
        """Give the model id, for a runner that was made here."""
        return f"p/{self.model}"

    def __str__(self) -> str:
        return self.name


def _hosted(name: str, model: str, *, takes_tools: bool = True) -> Receiver:
    """Make the row of a service of the dialect; its provider object comes by the entry point."""
    (point,) = entry_points(group="headwater", name=name)

    def make() -> Any:
        return point.load()(api_key=KEY, base_url="https://server.test/v1")

    origin = "chat-completions" if name == "compatible" else f"{name}-chat"
    return Receiver(name, "chat", make, model, origin, takes_tools)


RECEIVERS: tuple[Receiver, ...] = (
    Receiver(
        "openai",
        "responses",
        partial(OpenAI, KEY),
        "gpt-5-mini",
        "openai-responses",
        counted={"object": "response.input_tokens", "input_tokens": 21},
    ),
    Receiver(
        "openai-chat",
        "chat",
        partial(OpenAI, KEY, api="chat"),
        "gpt-5-mini",
        "openai-chat",
        counted={"object": "response.input_tokens", "input_tokens": 21},
    ),
    Receiver(
        "anthropic",
        "anthropic",
        partial(Anthropic, KEY),
        "claude-sonnet-4-5",
        "anthropic-messages",
        counted={"input_tokens": 21},
    ),
    Receiver(
        "google",
        "gemini",
        partial(Google, KEY),
        "gemini-3.6-flash",
        "gemini",
        counted={"totalTokens": 21},
    ),
    Receiver("xai", "chat", partial(XAI, KEY), "grok-4.3", "xai-chat"),
    Receiver(
        "xai-responses",
        "responses",
        partial(XAI, KEY, api="responses"),
        "grok-4.3",
        "xai-responses",
    ),
    Receiver("ollama", "ollama", Ollama, "qwen3", "ollama"),
    _hosted("groq", "openai/gpt-oss-120b"),
    _hosted("mistral", "magistral-medium-latest"),
    _hosted("deepseek", "deepseek-v4-flash"),
    _hosted("openrouter", "z-ai/glm-4.7"),
    _hosted("together", "openai/gpt-oss-120b"),
    _hosted("perplexity", "sonar-reasoning", takes_tools=False),
    _hosted("cerebras", "gpt-oss-120b"),
    _hosted("azure", "a-deployment"),
    _hosted("compatible", "some-model"),
)
each_receiver = pytest.mark.parametrize("receiver", RECEIVERS, ids=str)
