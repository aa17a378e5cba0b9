"""The provider object: encode, send, decode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, TypeVar

import attrs

from headwater import (
    ChatRequest,
    ChatResponse,
    EventStream,
    Health,
    ModelInfo,
    ProviderInfo,
    Secret,
    Usage,
    fold,
    hookimpl,
)
from headwater.secret import as_secret, require_key
from headwater.wire.answer import stream_events
from headwater.wire.transport import HTTPRequest, Transport
from headwater.wire.url import find_base_url

from ._address import DEFAULT_BASE_URL, is_vertex, list_url, model_url
from ._decode import Decoder
from ._encode import encode_count, encode_request
from ._errors import read_error
from ._wire import Counted, ModelFacts, ModelPage

__all__ = ["Google"]

T = TypeVar("T")

PAGE_SIZE: Final = 1000  # the most that the Gemini API gives
MAX_PAGES: Final = 100  # a server that never comes to an end is no list


@attrs.define(eq=False)
class Google:
    """Speak `generateContent` with the Gemini API or Vertex AI; nothing is read before first use.

    Args:
        api_key: The key; None: GOOGLE_API_KEY, else GEMINI_API_KEY.
        base_url: The server's address, with or without its version; for Vertex AI as far as
            `/projects/P/locations/L`, or `/publishers/google` behind it. None: that of
            GOOGLE_GEMINI_BASE_URL, else the Gemini API.
        access_token: An OAuth token, which Vertex AI takes in place of a key. It lasts an hour:
            assign the next one to this field.
    """

    api_key: Secret | None = attrs.field(default=None, converter=as_secret)
    base_url: str | None = None
    access_token: Secret | None = attrs.field(default=None, converter=as_secret, kw_only=True)

    info: ClassVar[ProviderInfo] = ProviderInfo(
        "Google Gemini",
        description="Gemini models, by the Gemini API or Vertex AI",
        key_variables=("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        base_url_variable="GOOGLE_GEMINI_BASE_URL",
        homepage="https://aistudio.google.com/apikey",
    )

    @hookimpl
    def stream_chat(self, request: ChatRequest, transport: Transport) -> EventStream:
        """Stream the answer to one request; see `headwater.hookspecs`."""
        encoded = encode_request(request)
        # Without alt=sse the answer is one JSON array that comes in pieces.
        url = model_url(self._base(), request.model.name, "streamGenerateContent", alt="sse")
        sent = self._post(url, encoded.body, "text/event-stream")
        decoder = Decoder(request.messages, encoded.dropped)
        return stream_events(transport.send(sent, errors=read_error), decoder)

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Give the whole answer to one request; see `headwater.hookspecs`."""
        encoded = encode_request(request)
        url = model_url(self._base(), request.model.name, "generateContent")
        sent = self._post(url, encoded.body, "application/json")
        async with transport.send(sent, errors=read_error) as response:
            body = await response.read()
        return fold(Decoder(request.messages, encoded.dropped).whole(body))

    @hookimpl
    async def count_usage(self, request: ChatRequest, transport: Transport) -> Usage:
        """Count the input tokens, system prompt and tools included; see `headwater.hookspecs`."""
        base = self._base()
        url = model_url(base, request.model.name, "countTokens")
        body = encode_count(request, is_vertex=is_vertex(base))
        sent = self._post(url, body, "application/json")
        counted = await _read(Counted, "a count of tokens", sent, transport)
        return Usage(counted.total_tokens, cached_input_tokens=counted.cached_content_token_count)

    @hookimpl
    async def list_models(self, transport: Transport) -> Sequence[ModelInfo]:
        """List the models; see `headwater.hookspecs`."""
        models: list[ModelInfo] = []
        token = ""
        for _ in range(MAX_PAGES):
            page = await self._page(transport, PAGE_SIZE, token)
            models += [_model_info(facts) for facts in [*page.models, *page.publisher_models]]
            token = page.next_page_token or ""
            if not token:
                break
        return models

    @hookimpl
    async def check_health(self, transport: Transport) -> Health:
        """Tell whether the key is taken, by asking for one model; see `headwater.hookspecs`."""
        await self._page(transport, 1, "")
        return Health(True, f"{self.info.title} takes the key")

    async def _page(self, transport: Transport, size: int, token: str) -> ModelPage:
        query = {"pageSize": str(size), **({"pageToken": token} if token else {})}
        sent = HTTPRequest("GET", list_url(self._base(), **query), self._headers())
        return await _read(ModelPage, "a list of models", sent, transport)

    def _base(self) -> str:
        return find_base_url(self.base_url, self.info.base_url_variable, DEFAULT_BASE_URL)

    def _post(self, url: str, body: dict[str, object], accept: str) -> HTTPRequest:
        headers = {"accept": accept, **self._headers()}
        return HTTPRequest.post_json(url, body, headers)

    def _headers(self) -> dict[str, str | Secret]:
        if self.access_token is not None:
            return {"authorization": self.access_token.bearer()}
        return {"x-goog-api-key": require_key(self.api_key, *self.info.key_variables)}


async def _read(kind: type[T], expected: str, sent: HTTPRequest, transport: Transport) -> T:
    """Send a request and read its answer as a kind of struct."""
    async with transport.send(sent, errors=read_error) as response:
        return await response.read_as(kind, expected)


def _model_info(facts: ModelFacts) -> ModelInfo:
    """Describe a model by the name that a model id takes.

    Shapes:
        "models/gemini-3.6-flash", "publishers/google/models/gemini-3.6-flash" -> "gemini-3.6-flash"
        "tunedModels/mine" -> itself
    """
    name = facts.name.removeprefix("publishers/google/").removeprefix("models/")
    return ModelInfo(
        name,
        description=facts.display_name or "",
        max_input_tokens=facts.input_token_limit,
        max_output_tokens=facts.output_token_limit,
    )
