"""The provider object: OpenAI's settings over the dialect that it began."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import attrs

from headwater import (
    ChatRequest,
    ChatResponse,
    ConfigurationError,
    EventStream,
    Health,
    Limits,
    ModelInfo,
    ProviderInfo,
    Secret,
    hookimpl,
)
from headwater.wire.transport import Transport
from headwater_chat_completions import ChatCompletions, Quirks

__all__ = ["OpenAI"]

_INFO: Final = ProviderInfo(
    "OpenAI",
    description="GPT models, by Chat Completions",
    key_variables=("OPENAI_API_KEY",),
    base_url_variable="OPENAI_BASE_URL",
    homepage="https://platform.openai.com/api-keys",
    limits=Limits(first_content_s=300.0),  # reasoning models think before they speak
)

_QUIRKS: Final = Quirks(
    system_role="developer",
    max_tokens_field="max_completion_tokens",
    header_variables={
        "openai-organization": "OPENAI_ORG_ID",
        "openai-project": "OPENAI_PROJECT_ID",
    },
    context_phrases=(),  # it has a code for that
)


def _as_secret(value: str | Secret | None) -> Secret | None:
    return Secret.of(value)


def _supported(_provider: object, _field: object, value: str) -> None:
    if value != "chat":
        raise ConfigurationError(
            f'expected api="chat", the one that this version speaks, got {value!r}'
        )


def _dialect(provider: OpenAI) -> ChatCompletions:
    return ChatCompletions(
        provider.base_url,
        provider.api_key,
        quirks=_QUIRKS,
        info=_INFO,
        default_base_url="https://api.openai.com/v1",
        needs_key=True,
    )


@attrs.frozen(eq=False)
class OpenAI:
    """Speak with OpenAI; nothing is read or opened before the first use.

    Args:
        api_key: The key; None: `OPENAI_API_KEY`.
        base_url: The address; None: `OPENAI_BASE_URL`, else `https://api.openai.com/v1`.
        api: Which of OpenAI's APIs to speak: "chat", for Chat Completions.

    Raises:
        ConfigurationError: The key is malformed, or there is no such API.
    """

    api_key: Secret | None = attrs.field(default=None, converter=_as_secret)
    base_url: str | None = None
    api: Literal["chat"] = attrs.field(default="chat", validator=_supported)
    _dialect: ChatCompletions = attrs.field(
        init=False, repr=False, default=attrs.Factory(_dialect, takes_self=True)
    )

    info = _INFO

    @hookimpl
    def stream_chat(self, request: ChatRequest, transport: Transport) -> EventStream:
        """Stream the answer to one request; see `headwater.hookspecs`."""
        return self._dialect.stream_chat(request, transport)

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Give the whole answer to one request; see `headwater.hookspecs`."""
        return await self._dialect.chat(request, transport)

    @hookimpl
    async def list_models(self, transport: Transport) -> Sequence[ModelInfo]:
        """List the models; see `headwater.hookspecs`."""
        return await self._dialect.list_models(transport)

    @hookimpl
    async def check_health(self, transport: Transport) -> Health:
        """Tell whether the key is taken, at no cost; see `headwater.hookspecs`."""
        return await self._dialect.check_health(transport)
