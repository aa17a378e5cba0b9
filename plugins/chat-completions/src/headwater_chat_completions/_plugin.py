"""The provider object: encode, send, decode."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType

import attrs
import msgspec

from headwater import (
    ChatRequest,
    ChatResponse,
    EventStream,
    HeadwaterError,
    Health,
    InvalidRequest,
    ModelInfo,
    ProtocolError,
    ProviderInfo,
    Secret,
    UnsupportedFeature,
    fold,
    hookimpl,
)
from headwater.secret import as_secret, find_key, require_key
from headwater.wire.answer import stream_events
from headwater.wire.transport import HTTPRequest, Response, Transport
from headwater.wire.url import find_base_url

from ._address import chat_url, health_url, models_url
from ._decode import Decoder
from ._encode import Encoded, encode_request
from ._errors import read_error
from ._wire import ModelFacts, ModelList, ModelMeta
from .quirks import Quirks

__all__ = ["ChatCompletions"]


class _UsageRefused(InvalidRequest):
    """Say that the server refused a request, and named `stream_options` as it did."""


@attrs.define(eq=False)
class ChatCompletions:
    """Speak Chat Completions with a server; nothing is read or opened before the first use.

    Args:
        base_url: The server's address, as far as `/v1` as a rule; None: that of
            `info.base_url_variable`, else `default_base_url`.
        api_key: The key; None: the first of `info.key_variables` that is set.
        quirks: How the server deviates from the dialect.
        info: What to say of itself.
        default_base_url: The server's own address, None where it has none.
        needs_key: Whether the server answers nobody without a key.
    """

    base_url: str | None = None
    api_key: Secret | None = attrs.field(default=None, converter=as_secret)
    quirks: Quirks = attrs.field(factory=Quirks, kw_only=True)
    info: ProviderInfo = attrs.field(
        factory=lambda: ProviderInfo("OpenAI-compatible server"), kw_only=True
    )
    default_base_url: str | None = attrs.field(default=None, kw_only=True)
    needs_key: bool = attrs.field(default=False, kw_only=True)
    _refuses_usage: bool = attrs.field(default=False, init=False, repr=False)

    @hookimpl
    def stream_chat(self, request: ChatRequest, transport: Transport) -> EventStream:
        """Stream the answer to one request; see `headwater.hookspecs`."""
        asks_for_usage = self.quirks.asks_for_usage and not self._refuses_usage
        encoded = self._encode(request, asks_for_usage=asks_for_usage)
        decoder = Decoder(self.quirks, request.messages, encoded.dropped)
        sending = self._send(request, encoded, transport, may_refuse=asks_for_usage)
        if asks_for_usage:
            sending = _Asking(self, request, transport, sending)
        return stream_events(sending, decoder)

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Give the whole answer to one request; see `headwater.hookspecs`."""
        encoded = encode_request(request, self.quirks, is_stream=False)
        sent = self._post(request, encoded.body, "application/json")
        async with transport.send(sent, errors=self._read_error) as response:
            body = await response.read()
        return fold(Decoder(self.quirks, request.messages, encoded.dropped).whole(body))

    @hookimpl
    async def list_models(self, transport: Transport) -> Sequence[ModelInfo]:
        """List the models; see `headwater.hookspecs`."""
        if self.quirks.models_path is None:
            raise UnsupportedFeature(
                f"{self.info.title} has no list of its models; ask for one by its name"
            )
        url = models_url(self._base_url(), self.quirks, self.quirks.models_path)
        sent = HTTPRequest("GET", url, self._headers())
        async with transport.send(sent, errors=self._read_error) as response:
            body = await response.read()
        return [_model_info(facts) for facts in _models(body)]

    @hookimpl
    async def check_health(self, transport: Transport) -> Health:
        """Tell whether the server can be used; see `headwater.hookspecs`."""
        path = self.quirks.health_path
        if path is None and self.quirks.models_path is None:
            self._headers()  # no key is an answer; whether it is taken costs money to find out
            return Health(True, f"nothing to ask: {self.info.title} tells no health of its own")
        if path is None:
            return Health(True, f"{len(await self.list_models(transport))} models")
        url = health_url(self._base_url(), self.quirks, path)
        sent = HTTPRequest("GET", url, self._headers())
        async with transport.send(sent, errors=self._read_error):
            return Health(True, f"{self.info.title} is ready")

    def _encode(self, request: ChatRequest, *, asks_for_usage: bool) -> Encoded:
        return encode_request(request, self.quirks, is_stream=True, asks_for_usage=asks_for_usage)

    def _send(
        self, request: ChatRequest, encoded: Encoded, transport: Transport, *, may_refuse: bool
    ) -> AbstractAsyncContextManager[Response]:
        sent = self._post(request, encoded.body, "text/event-stream")
        errors = self._read_usage_error if may_refuse else self._read_error
        return transport.send(sent, errors=errors)

    def _read_usage_error(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> HeadwaterError:
        error = self._read_error(status, headers, body)
        if status in (400, 422) and b"stream_options" in body:
            return _UsageRefused(error.message)
        return error

    def _read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
        return read_error(self.quirks, status, headers, body)

    def _post(self, request: ChatRequest, body: dict[str, object], accept: str) -> HTTPRequest:
        url = chat_url(self._base_url(), self.quirks, request.model.name)
        headers = {"accept": accept, **self._headers()}
        return HTTPRequest.post_json(url, body, headers)

    def _base_url(self) -> str:
        return find_base_url(self.base_url, self.info.base_url_variable, self.default_base_url)

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


class _Asking:
    """Ask for a stream, and once more if the server does not know how to be asked for its usage.

    That is remembered once the same request without `stream_options` has been taken, so that an
    error which just repeats the whole request teaches nothing.
    """

    def __init__(
        self,
        plugin: ChatCompletions,
        request: ChatRequest,
        transport: Transport,
        sending: AbstractAsyncContextManager[Response],
    ) -> None:
        self._plugin = plugin
        self._request = request
        self._transport = transport
        self._sending = sending

    async def __aenter__(self) -> Response:
        try:
            return await self._sending.__aenter__()
        except _UsageRefused:
            pass
        plugin, request = self._plugin, self._request
        encoded = plugin._encode(request, asks_for_usage=False)
        self._sending = plugin._send(request, encoded, self._transport, may_refuse=False)
        response = await self._sending.__aenter__()
        plugin._refuses_usage = True
        return response

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        return await self._sending.__aexit__(kind, error, traceback)


def _models(body: bytes) -> list[ModelFacts]:
    """Read a list of models: an object that holds one, or the bare list (Together)."""
    try:
        read = msgspec.json.decode(body, type=ModelList | list[ModelFacts])
    except (ValueError, RecursionError) as error:
        raise ProtocolError.malformed("a list of models", body, error) from None
    return read.data if isinstance(read, ModelList) else read


def _model_info(facts: ModelFacts) -> ModelInfo:
    meta = facts.meta or ModelMeta()
    lengths = (
        facts.context_length,
        facts.context_window,
        facts.max_model_len,
        facts.max_context_length,
        meta.n_ctx,
        meta.n_ctx_train,
    )
    return ModelInfo(
        facts.id,
        description=facts.name or "",
        max_input_tokens=next((length for length in lengths if length is not None), None),
    )
