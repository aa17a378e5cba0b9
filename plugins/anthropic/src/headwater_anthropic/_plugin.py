"""The provider object: encode, send, decode."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final
from urllib.parse import quote

import attrs

from headwater import (
    ChatRequest,
    ChatResponse,
    EventStream,
    Health,
    Limits,
    ModelInfo,
    ProviderInfo,
    Secret,
    Usage,
    fold,
    hookimpl,
)
from headwater.secret import as_secret, find_key, require_key
from headwater.wire.answer import stream_events
from headwater.wire.transport import HTTPRequest, Transport
from headwater.wire.url import find_base_url, join_url

from ._decode import Decoder
from ._encode import encode_count, encode_request
from ._errors import read_error
from ._wire import Count, ModelPage

__all__ = ["Anthropic"]


API_VERSION: Final = "2023-06-01"
DEFAULT_BASE_URL: Final = "https://api.anthropic.com"
KEY_VARIABLE: Final = "ANTHROPIC_API_KEY"
TOKEN_VARIABLE: Final = "ANTHROPIC_AUTH_TOKEN"
PAGE_MODELS: Final = 1000
MAX_PAGES: Final = 100


def _as_names(value: str | Iterable[str]) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    return tuple(name.strip() for name in names)


@attrs.define(eq=False)
class Anthropic:
    """Speak the Messages API; nothing is read or opened before the first use.

    Args:
        api_key: The key; None: `ANTHROPIC_API_KEY`.
        base_url: The address, without `/v1`; None: `ANTHROPIC_BASE_URL`, else Anthropic's own.
        auth_token: A bearer token in place of a key; None: `ANTHROPIC_AUTH_TOKEN`, where there is
            no key.
        betas: Names of what is not yet part of the API, sent as `anthropic-beta`.
    """

    api_key: Secret | None = attrs.field(default=None, converter=as_secret)
    base_url: str | None = None
    auth_token: Secret | None = attrs.field(default=None, converter=as_secret, kw_only=True)
    betas: tuple[str, ...] = attrs.field(default=(), converter=_as_names, kw_only=True)

    info: ClassVar[ProviderInfo] = ProviderInfo(
        "Anthropic",
        description="Claude, over the Messages API",
        key_variables=(KEY_VARIABLE, TOKEN_VARIABLE),
        base_url_variable="ANTHROPIC_BASE_URL",
        homepage="https://platform.claude.com/settings/keys",
        # Newer models keep their thoughts to themselves, and may think for minutes.
        limits=Limits(first_content_s=300),
    )

    @hookimpl
    def stream_chat(self, request: ChatRequest, transport: Transport) -> EventStream:
        """Stream the answer to one request; see `headwater.hookspecs`."""
        encoded = encode_request(request, is_stream=True)
        sent = self._post("/v1/messages", encoded.body, "text/event-stream")
        decoder = Decoder(request.messages, encoded.dropped)
        return stream_events(transport.send(sent, errors=read_error), decoder)

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Give the whole answer to one request; see `headwater.hookspecs`."""
        encoded = encode_request(request, is_stream=False)
        sent = self._post("/v1/messages", encoded.body)
        async with transport.send(sent, errors=read_error) as response:
            body = await response.read()
        return fold(Decoder(request.messages, encoded.dropped).whole(body))

    @hookimpl
    async def count_usage(self, request: ChatRequest, transport: Transport) -> Usage:
        """Have the API count the input of a request, exactly; see `headwater.hookspecs`."""
        sent = self._post("/v1/messages/count_tokens", encode_count(request))
        async with transport.send(sent, errors=read_error) as response:
            count = await response.read_as(Count, "a count of tokens")
        return Usage(count.input_tokens)

    @hookimpl
    async def list_models(self, transport: Transport) -> Sequence[ModelInfo]:
        """List the models, page by page; see `headwater.hookspecs`."""
        models: list[ModelInfo] = []
        after: str | None = None
        for _ in range(MAX_PAGES):
            page = await self._page(transport, PAGE_MODELS, after)
            models += [
                ModelInfo(
                    facts.id,
                    description=facts.display_name or "",
                    max_input_tokens=facts.max_input_tokens,
                    max_output_tokens=facts.max_tokens,
                )
                for facts in page.data
            ]
            if not page.has_more or not page.last_id or page.last_id == after:
                break
            after = page.last_id
        return models

    @hookimpl
    async def check_health(self, transport: Transport) -> Health:
        """Tell whether the API answers and takes the key; see `headwater.hookspecs`."""
        await self._page(transport, 1, None)
        return Health(True, "answers, and takes the key")

    async def _page(self, transport: Transport, limit: int, after: str | None) -> ModelPage:
        query = f"limit={limit}" + (f"&after_id={quote(after, safe='')}" if after else "")
        url = self._url("/v1/models")
        sent = HTTPRequest("GET", f"{url}{'&' if '?' in url else '?'}{query}", self._headers())
        async with transport.send(sent, errors=read_error) as response:
            return await response.read_as(ModelPage, "a list of models")

    def _post(
        self, path: str, body: dict[str, object], accept: str = "application/json"
    ) -> HTTPRequest:
        headers = {"accept": accept, **self._headers()}
        return HTTPRequest.post_json(self._url(path), body, headers)

    def _url(self, path: str) -> str:
        variable = self.info.base_url_variable
        return join_url(find_base_url(self.base_url, variable, DEFAULT_BASE_URL), path)

    def _headers(self) -> dict[str, str | Secret]:
        headers: dict[str, str | Secret] = {"anthropic-version": API_VERSION}
        if self.betas:
            headers["anthropic-beta"] = ",".join(self.betas)
        # What the application passed counts before the environment, a key before a token.
        key = None if self.auth_token and not self.api_key else find_key(self.api_key, KEY_VARIABLE)
        if key is not None:
            headers["x-api-key"] = key
        else:
            token = find_key(self.auth_token, TOKEN_VARIABLE)
            headers["authorization"] = require_key(token, KEY_VARIABLE, TOKEN_VARIABLE).bearer()
        return headers
