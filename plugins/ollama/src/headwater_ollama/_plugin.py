"""The provider object: encode, send, decode."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final, TypeVar

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
    fold,
    hookimpl,
)
from headwater.secret import as_secret, find_key
from headwater.wire.answer import stream_events
from headwater.wire.transport import Framing, HTTPRequest, Transport
from headwater.wire.url import join_url

from ._decode import Decoder
from ._encode import encode_request
from ._errors import read_error
from ._host import VARIABLE, find_address
from ._wire import Model, ModelList, Version

__all__ = ["Ollama"]

T = TypeVar("T")

_KEY_VARIABLE: Final = "OLLAMA_API_KEY"
_GB: Final = 10**9


@attrs.define(eq=False)
class Ollama:
    """Speak with an Ollama server; nothing is read or opened before the first use.

    Args:
        base_url: The server's address in any form that OLLAMA_HOST takes; None: OLLAMA_HOST, else
            port 11434 of this machine.
        api_key: The key, which ollama.com alone needs; None: OLLAMA_API_KEY, else none.
    """

    base_url: str | None = None
    api_key: Secret | None = attrs.field(default=None, converter=as_secret)

    info: ClassVar[ProviderInfo] = ProviderInfo(
        "Ollama",
        description="models on a machine of your own, or on ollama.com",
        key_variables=(_KEY_VARIABLE,),
        base_url_variable=VARIABLE,
        homepage="https://ollama.com",
        limits=Limits(first_content_s=300),  # the first use of a model loads it
    )

    @hookimpl
    def stream_chat(self, request: ChatRequest, transport: Transport) -> EventStream:
        """Stream the answer to one request; see `headwater.hookspecs`."""
        encoded = encode_request(request, is_stream=True)
        decoder = Decoder(request.messages, encoded.dropped)
        errors = partial(read_error, request.model.name)
        sent = self._post(encoded.body, "application/x-ndjson")
        return stream_events(transport.send(sent, errors=errors), decoder, Framing.NDJSON)

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Give the whole answer to one request; see `headwater.hookspecs`."""
        encoded = encode_request(request, is_stream=False)
        errors = partial(read_error, request.model.name)
        sent = self._post(encoded.body, "application/json")
        async with transport.send(sent, errors=errors) as response:
            body = await response.read()
        return fold(Decoder(request.messages, encoded.dropped).whole(body))

    @hookimpl
    async def list_models(self, transport: Transport) -> Sequence[ModelInfo]:
        """List the models that the server has; see `headwater.hookspecs`."""
        listed = await self._get("/api/tags", ModelList, "a list of models", transport)
        return [
            ModelInfo(model.name, description=_description(model)) for model in listed.models or ()
        ]

    @hookimpl
    async def check_health(self, transport: Transport) -> Health:
        """Tell whether the server answers; see `headwater.hookspecs`."""
        answer = await self._get("/api/version", Version, "a version", transport)
        return Health(True, f"Ollama {answer.version}")

    async def _get(self, path: str, kind: type[T], what: str, transport: Transport) -> T:
        sent = HTTPRequest("GET", self._url(path), self._headers("application/json"))
        async with transport.send(sent, errors=partial(read_error, None)) as response:
            return await response.read_as(kind, what)

    def _post(self, body: dict[str, object], accept: str) -> HTTPRequest:
        return HTTPRequest.post_json(self._url("/api/chat"), body, self._headers(accept))

    def _url(self, path: str) -> str:
        return join_url(find_address(self.base_url), path)

    def _headers(self, accept: str) -> dict[str, str | Secret]:
        key = find_key(self.api_key, _KEY_VARIABLE)
        headers: dict[str, str | Secret] = {"accept": accept}
        if key is not None:
            headers["authorization"] = key.bearer()
        return headers


def _description(model: Model) -> str:
    """Say in a line what a model is, as far as the server does."""
    facts = [f"{model.size / _GB:.1f} GB"] if model.size else []
    if model.details is not None:
        details = model.details
        told = (details.family, details.parameter_size, details.quantization_level)
        facts = [*(fact for fact in told if fact), *facts]
    return ", ".join(facts)
