"""The provider object: xAI's settings over the two dialects that it speaks."""

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
    HeadwaterError,
    Health,
    Image,
    Limits,
    ModelInfo,
    ProviderInfo,
    QuotaExceeded,
    Secret,
    hookimpl,
)
from headwater.secret import as_secret
from headwater.wire.transport import Transport
from headwater_chat_completions import ChatCompletions
from headwater_responses import Responses

from ._families import check_request

__all__ = ["XAI"]

_INFO: Final = ProviderInfo(
    "xAI",
    description="Grok, by Chat Completions or Responses",
    key_variables=("XAI_API_KEY",),
    base_url_variable="XAI_BASE_URL",
    homepage="https://console.x.ai",
    limits=Limits(first_content_s=300.0),  # reasoning models think before they speak
)
_BASE_URL: Final = "https://api.x.ai/v1"

# A wrong key and too long an input are 400 with one code, told apart by their words (FORMATS 6).
_CONTEXT_PHRASES: Final = ("maximum prompt length",)
_KEY_PHRASES: Final = ("Incorrect API key",)
# An account without credit is 429 or 403, with the codes of a rate limit and of a permission:
# github.com/continuedev/continue/issues/10373, github.com/Anantys-oss/koan/issues/2412
_ERROR_PHRASES: Final[Mapping[str, type[HeadwaterError]]] = {
    "used all available credits": QuotaExceeded,
    "run out of credits": QuotaExceeded,
}

_CHAT_QUIRKS: Final = headwater_chat_completions.Quirks(
    origin="xai-chat",
    max_tokens_field="max_completion_tokens",
    reasoning_is_beside=True,
    media=frozenset({Image}),
    context_phrases=_CONTEXT_PHRASES,
    key_phrases=_KEY_PHRASES,
    error_phrases=_ERROR_PHRASES,
)
_RESPONSES_QUIRKS: Final = headwater_responses.Quirks(
    origin="xai-responses",  # OpenAI cannot open what xAI has sealed
    summary=None,  # it comes unasked
    min_output_tokens=None,
    count_path=None,
    context_phrases=_CONTEXT_PHRASES,
    key_phrases=_KEY_PHRASES,
    error_phrases=_ERROR_PHRASES,
)


def _known(_provider: object, _field: object, value: str) -> None:
    if value not in ("chat", "responses"):
        raise ConfigurationError(f'expected api to be "chat" or "responses", got {value!r}')


def _dialect(provider: XAI) -> ChatCompletions | Responses:
    if provider.api == "chat":
        return ChatCompletions(
            provider.base_url,
            provider.api_key,
            quirks=_CHAT_QUIRKS,
            info=_INFO,
            default_base_url=_BASE_URL,
            needs_key=True,
        )
    return Responses(
        provider.base_url,
        provider.api_key,
        quirks=_RESPONSES_QUIRKS,
        info=_INFO,
        default_base_url=_BASE_URL,
        needs_key=True,
    )


@attrs.frozen(eq=False)
class XAI:
    """Speak with xAI; nothing is read or opened before the first use.

    Args:
        api_key: The key; None: `XAI_API_KEY`.
        base_url: The address; None: `XAI_BASE_URL`, else `https://api.x.ai/v1`.
        api: Which of xAI's APIs to speak: "chat", for Chat Completions, or "responses".

    Raises:
        ConfigurationError: The key is malformed, or there is no such API.
    """

    api_key: Secret | None = attrs.field(default=None, converter=as_secret)
    base_url: str | None = None
    api: Literal["chat", "responses"] = attrs.field(default="chat", validator=_known)
    _dialect: ChatCompletions | Responses = attrs.field(
        init=False, repr=False, default=attrs.Factory(_dialect, takes_self=True)
    )

    info = _INFO

    @hookimpl
    def stream_chat(self, request: ChatRequest, transport: Transport) -> EventStream:
        """Stream the answer to one request; see `headwater.hookspecs`."""
        check_request(request)
        return self._dialect.stream_chat(request, transport)

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Give the whole answer to one request; see `headwater.hookspecs`."""
        check_request(request)
        return await self._dialect.chat(request, transport)

    @hookimpl
    async def list_models(self, transport: Transport) -> Sequence[ModelInfo]:
        """List the models; see `headwater.hookspecs`."""
        return await self._dialect.list_models(transport)

    @hookimpl
    async def check_health(self, transport: Transport) -> Health:
        """Tell whether the key is taken, at no cost; see `headwater.hookspecs`."""
        return await self._dialect.check_health(transport)
