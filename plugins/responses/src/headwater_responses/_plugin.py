"""The provider object: encode, send, decode."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from headwater import (
    ChatRequest,
    ChatResponse,
    EventStream,
    HeadwaterError,
    Health,
    ModelInfo,
    ProviderInfo,
    Secret,
    UnsupportedFeature,
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
from ._wire import Counted, ModelList
from .quirks import Quirks

__all__ = ["Responses"]


_JSON: Final = "application/json"


@attrs.define(eq=False)
class Responses:
    """Speak Responses with a server; nothing is read or opened before the first use.

    Args:
        base_url: The server's address, as far as `/v1` as a rule; None: that of
            `info.base_url_variable`, else `default_base_url`.
        api_key: The key; None: the first of `info.key_variables` that is set.
        quirks: How the server deviates.
        info: What to say of itself.
        default_base_url: The server's own address, None where it has none.
        needs_key: Whether the server answers nobody without a key.
    """

    base_url: str | None = None
    api_key: Secret | None = attrs.field(default=None, converter=as_secret)
    quirks: Quirks = attrs.field(factory=Quirks, kw_only=True)
    info: ProviderInfo = attrs.field(
        factory=lambda: ProviderInfo("Server that speaks Responses"), kw_only=True
    )
    default_base_url: str | None = attrs.field(default=None, kw_only=True)
    needs_key: bool = attrs.field(default=False, kw_only=True)

    @hookimpl
    def stream_chat(self, request: ChatRequest, transport: Transport) -> EventStream:
        """Stream the answer to one request; see `headwater.hookspecs`."""
        encoded = encode_request(request, self.quirks, is_stream=True)
        decoder = Decoder(self.quirks, request.messages, encoded.dropped)
        sent = self._post(self.quirks.responses_path, encoded.body, "text/event-stream")
        return stream_events(transport.send(sent, errors=self._read_error), decoder)

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Give the whole answer to one request; see `headwater.hookspecs`."""
        encoded = encode_request(request, self.quirks, is_stream=False)
        sent = self._post(self.quirks.responses_path, encoded.body, _JSON)
        async with transport.send(sent, errors=self._read_error) as response:
            body = await response.read()
        return fold(Decoder(self.quirks, request.messages, encoded.dropped).whole(body))

    @hookimpl
    async def count_usage(self, request: ChatRequest, transport: Transport) -> Usage:
        """Count the input tokens of a request; see `headwater.hookspecs`."""
        if self.quirks.count_path is None:
            raise UnsupportedFeature(f"{self.info.title} does not count tokens")
        sent = self._post(self.quirks.count_path, encode_count(request, self.quirks), _JSON)
        async with transport.send(sent, errors=self._read_error) as response:
            count = await response.read_as(Counted, "a count of input tokens")
        return Usage(count.input_tokens)

    @hookimpl
    async def list_models(self, transport: Transport) -> Sequence[ModelInfo]:
        """List the models; see `headwater.hookspecs`."""
        if self.quirks.models_path is None:
            raise UnsupportedFeature(f"{self.info.title} has no list of its models")
        sent = HTTPRequest("GET", self._url(self.quirks.models_path), self._headers())
        async with transport.send(sent, errors=self._read_error) as response:
            models = await response.read_as(ModelList, "a list of models")
        return [ModelInfo(facts.id, max_input_tokens=facts.context_length) for facts in models.data]

    @hookimpl
    async def check_health(self, transport: Transport) -> Health:
        """Tell whether the key is taken, at no cost; see `headwater.hookspecs`."""
        return Health(True, f"{len(await self.list_models(transport))} models")

    def _read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
        return read_error(self.quirks, status, headers, body)

    def _post(self, path: str, body: dict[str, object], accept: str) -> HTTPRequest:
        headers = {"accept": accept, **self._headers()}
        return HTTPRequest.post_json(self._url(path), body, headers)

    def _url(self, path: str) -> str:
        variable = self.info.base_url_variable
        return join_url(find_base_url(self.base_url, variable, self.default_base_url), path)

    def _headers(self) -> dict[str, str | Secret]:
        find = require_key if self.needs_key else find_key
        key = find(self.api_key, *self.info.key_variables)
        headers: dict[str, str | Secret] = {}
        if key is not None:
            header = self.quirks.key_header
            headers[header] = key.bearer() if header == "authorization" else key
        for header, variable in self.quirks.header_variables.items():
            if value := os.environ.get(variable, "").strip():
                headers[header] = value
        return headers
