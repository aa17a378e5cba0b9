"""The provider object: OpenAI's settings over the two dialects that it began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import attrs

import headwater_chat_completions
import headwater_responses
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
    Usage,
    hookimpl,
)
from headwater.secret import as_secret
from headwater.wire.transport import Transport
from headwater_chat_completions import ChatCompletions
from headwater_responses import Responses

__all__ = ["OpenAI"]

_INFO: Final = ProviderInfo(
    "OpenAI",
    description="GPT models, by Responses or Chat Completions",
    key_variables=("OPENAI_API_KEY",),
    base_url_variable="OPENAI_BASE_URL",
    homepage="https://platform.openai.com/api-keys",
    limits=Limits(first_content_s=300.0),  # reasoning models think before they speak
)
_BASE_URL: Final = "https://api.openai.com/v1"
_SYSTEM_ROLE: Final = "developer"
_HEADERS: Final[Mapping[str, str]] = {
    "openai-organization": "OPENAI_ORG_ID",
    "openai-project": "OPENAI_PROJECT_ID",
}

_CHAT_QUIRKS: Final = headwater_chat_completions.Quirks(
    origin="openai-chat",
    system_role=_SYSTEM_ROLE,
    max_tokens_field="max_completion_tokens",
    header_variables=_HEADERS,
    context_phrases=(),  # it has a code for that
)
_RESPONSES_QUIRKS: Final = headwater_responses.Quirks(
    origin="openai-responses",  # what another server has sealed, it cannot open
    system_role=_SYSTEM_ROLE,
    header_variables=_HEADERS,
    # Asked for sealed reasoning, these answer 400 "Encrypted content is not supported with this
    # model"; "gpt-4" stands for gpt-4o and gpt-4.1 too.
    plain_families=(
        "chatgpt-",
        "ft:gpt-3.5",
        "ft:gpt-4",
        "gpt-3.5",
        "gpt-4",
        "gpt-5-chat",
        "gpt-audio",
    ),
    audio_families=("gpt-4o-audio", "gpt-4o-mini-audio", "gpt-audio"),
)


def _known(_provider: object, _field: object, value: str) -> None:
    if value not in ("responses", "chat"):
        raise ConfigurationError(f'expected api="responses" or api="chat", got {value!r}')


def _responses(provider: OpenAI) -> Responses:
    return Responses(
        provider.base_url,
        provider.api_key,
        quirks=_RESPONSES_QUIRKS,
        info=_INFO,
        default_base_url=_BASE_URL,
        needs_key=True,
    )


def _dialect(provider: OpenAI) -> ChatCompletions | Responses:
    if provider.api == "responses":
        return provider._responses
    return ChatCompletions(
        provider.base_url,
        provider.api_key,
        quirks=_CHAT_QUIRKS,
        info=_INFO,
        default_base_url=_BASE_URL,
        needs_key=True,
    )


@attrs.frozen(eq=False)
class OpenAI:
    """Speak with OpenAI; nothing is read or opened before the first use.

    Args:
        api_key: The key; None: `OPENAI_API_KEY`.
        base_url: The address; None: `OPENAI_BASE_URL`, else `https://api.openai.com/v1`.
        api: Which of OpenAI's APIs to speak: "responses", or "chat" for Chat Completions.

    Raises:
        ConfigurationError: The key is malformed, or there is no such API.
    """

    api_key: Secret | None = attrs.field(default=None, converter=as_secret)
    base_url: str | None = None
    api: Literal["responses", "chat"] = attrs.field(default="responses", validator=_known)
    _responses: Responses = attrs.field(
        init=False, repr=False, default=attrs.Factory(_responses, takes_self=True)
    )
    _dialect: ChatCompletions | Responses = attrs.field(
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
    async def count_usage(self, request: ChatRequest, transport: Transport) -> Usage:
        """Count the input tokens of a request; see `headwater.hookspecs`.

        Responses alone can, so that it counts for both.
        """
        return await self._responses.count_usage(request, transport)

    @hookimpl
    async def list_models(self, transport: Transport) -> Sequence[ModelInfo]:
        """List the models; see `headwater.hookspecs`."""
        return await self._dialect.list_models(transport)

    @hookimpl
    async def check_health(self, transport: Transport) -> Health:
        """Tell whether the key is taken, at no cost; see `headwater.hookspecs`."""
        return await self._dialect.check_health(transport)
