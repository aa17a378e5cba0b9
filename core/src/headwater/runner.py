"""The public entry: name a model, get its answer."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, Unpack

from .call import Call, Operation
from .discovery import KeySource, PluginStatus, Registry
from .dispatch import Dispatch
from .errors import ConfigurationError, HeadwaterError, PluginError
from .hookspecs import Health, ModelInfo
from .messages import Message
from .middleware import Deadline, Handler, Log, Middleware, Retry, Timeout, compose
from .options import ChatOptions, check_names, read_limits, read_request
from .requests import ChatRequest, ModelId
from .responses import ChatResponse
from .stream import ChatStream, complete
from .usage import Usage
from .wire.sse import DEFAULT_MAX_EVENT_BYTES
from .wire.transport import Transport

if TYPE_CHECKING:
    from .wire.http import HTTPTransport
    from .wire.record import Record

__all__ = ["Runner"]

T = TypeVar("T")


class Runner:
    """Run calls: find the provider, retry, time out, log.

    One runner serves any number of calls at once, with one pool of connections. Making it opens
    nothing. Leave its context, or call `aclose`, to close what is open.

    Args:
        providers: Provider objects by name, beside the installed ones; a name given here hides an
            installed one.
        middleware: The layers round each call, outermost first; None: `[Log(), Deadline(),
            Retry(), Timeout()]`.
        transport: What carries the requests; None: `HTTPTransport()`. With HEADWATER_RECORD=DIR in
            the environment a `Record` goes round an `HTTPTransport`.
        max_event_bytes: Bytes of one frame of a stream.
        keys: Is asked, by a provider's name, for a key that the environment does not have, when the
            provider is first used: a look into a vault or a file. None: it has none either.
        is_strict: Whether to import every plugin now, and to raise if one is broken.

    Raises:
        PluginError: A plugin is broken, and `is_strict` says that none may be.
    """

    def __init__(
        self,
        *,
        providers: Mapping[str, object] | None = None,
        middleware: Sequence[Middleware] | None = None,
        transport: Transport | None = None,
        max_event_bytes: int = DEFAULT_MAX_EVENT_BYTES,
        keys: KeySource | None = None,
        is_strict: bool = False,
    ) -> None:
        self._registry = Registry(providers, keys)
        self._layers: tuple[Middleware, ...] = (
            (Log(), Deadline(), Retry(), Timeout()) if middleware is None else tuple(middleware)
        )
        self._transport = transport
        self._owned: HTTPTransport | Record | None = None
        if folder := os.environ.get("HEADWATER_RECORD"):
            self._record(folder)
        self._is_closed = False
        self._streams: weakref.WeakSet[ChatStream] = weakref.WeakSet()
        self._dispatch = Dispatch(self._registry, self._carrier, max_event_bytes)
        self._stream_chat = compose(self._layers, self._dispatch.stream_chat)
        self._chat = compose(self._layers, self._dispatch.chat)
        self._count_usage = compose(self._layers, self._dispatch.count_usage)
        if is_strict:
            for status in self._registry.statuses():
                if status.error is not None:
                    raise status.error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the streams that are open, and all connections; any number of times.

        Raises:
            PluginError: The plugin of one did not let go; the others are closed all the same.
        """
        self._is_closed = True
        closings = [stream.aclose() for stream in list(self._streams)]
        try:
            endings = await asyncio.gather(*closings, return_exceptions=True)
        finally:
            if self._owned is not None:
                await self._owned.aclose()
        for problem in endings:
            if problem is not None:
                raise problem

    def stream_chat(
        self,
        model: str | ModelId,
        messages: str | Message | Sequence[Message],
        **options: Unpack[ChatOptions],
    ) -> ChatStream:
        """Stream an answer.

        Args:
            model: "provider/model".
            messages: A prompt, or the conversation so far.
            **options: See `ChatOptions`.

        Returns:
            The handle to iterate. Nothing is sent before the first event is asked for; what is
            wrong with the provider is raised then.

        Raises:
            InvalidRequest: An argument is wrong in itself.
            TypeError: An option does not exist.
        """
        call = self._call(Operation.STREAM_CHAT, model, messages, options)
        handler = self._handler(options, self._stream_chat, self._dispatch.stream_chat)
        stream = ChatStream(call, handler)
        self._streams.add(stream)
        return stream

    async def chat(
        self,
        model: str | ModelId,
        messages: str | Message | Sequence[Message],
        **options: Unpack[ChatOptions],
    ) -> ChatResponse:
        """Give a whole answer.

        Args:
            model: "provider/model".
            messages: A prompt, or the conversation so far.
            **options: See `ChatOptions`.

        Raises:
            HeadwaterError: The call failed; see `headwater.errors`.
            TypeError: An option does not exist.
        """
        call = self._call(Operation.CHAT, model, messages, options)
        return await _only(self._handler(options, self._chat, self._dispatch.chat), call)

    async def count_usage(
        self,
        model: str | ModelId,
        messages: str | Message | Sequence[Message],
        **options: Unpack[ChatOptions],
    ) -> Usage:
        """Count the input tokens that a request would cost; estimated where the provider cannot.

        Args:
            model: "provider/model".
            messages: A prompt, or the conversation so far.
            **options: See `ChatOptions`.

        Raises:
            HeadwaterError: As for `chat`.
            TypeError: An option does not exist.
        """
        call = self._call(Operation.COUNT_USAGE, model, messages, options)
        return await _only(
            self._handler(options, self._count_usage, self._dispatch.count_usage), call
        )

    async def list_models(self, provider: str) -> Sequence[ModelInfo]:
        """List the models that a provider offers to the key in use.

        Raises:
            UnsupportedFeature: The provider has no list.
            HeadwaterError: As for `chat`.
        """
        call = self._provider_call(Operation.LIST_MODELS, provider)
        return await _only(compose(self._layers, self._dispatch.list_models), call)

    async def check_health(self, provider: str) -> Health:
        """Tell whether a provider answers and takes the key; a failure is an answer here.

        Raises:
            PluginError: There is no such provider, or its plugin is broken.
        """
        call = self._provider_call(Operation.CHECK_HEALTH, provider)
        return await _only(compose(self._layers, self._dispatch.check_health), call)

    @property
    def middleware(self) -> tuple[Middleware, ...]:
        """Tell the layers round each call, outermost first."""
        return self._layers

    def plugins(self) -> list[PluginStatus]:
        """Load every plugin, each on its own, and say how it stands."""
        return self._registry.statuses()

    def add_provider(self, name: str, provider: object) -> None:
        """Add a provider object by name; calls that are under way keep the one they have."""
        self._registry.add(name, provider)

    def _call(
        self,
        operation: Operation,
        model: str | ModelId,
        messages: str | Message | Sequence[Message],
        options: ChatOptions,
    ) -> Call:
        check_names(options)
        return self._started(
            Call(
                request=read_request(model, messages, options),
                operation=operation,
                limits=read_limits(options),
                is_raw=options.get("raw", False),
                declared=self._registry.limits_of,
                budgets=self._registry.retry_budget_of,
            )
        )

    def _provider_call(self, operation: Operation, provider: str) -> Call:
        request = ChatRequest(model=ModelId(provider, ""), messages=())
        return self._started(
            Call(
                request=request,
                operation=operation,
                declared=self._registry.limits_of,
                budgets=self._registry.retry_budget_of,
            )
        )

    def _started(self, call: Call) -> Call:
        self._check_open()
        return call

    def _check_open(self) -> None:
        if self._is_closed:
            raise ConfigurationError("this Runner is closed: make another one")

    def _handler(
        self, options: ChatOptions, usual: Handler[T], innermost: Handler[T]
    ) -> Handler[T]:
        layers = options.get("middleware")
        return usual if layers is None else compose(layers, innermost)

    def _record(self, folder: str) -> None:
        """Record what goes over the network, and nothing that is played or made up."""
        from .wire.http import HTTPTransport  # this, and the next: seldom wanted
        from .wire.record import Record

        if self._transport is None or isinstance(self._transport, HTTPTransport):
            self._transport = self._owned = Record(folder, self._transport)

    def _carrier(self) -> Transport:
        self._check_open()
        if self._transport is None:
            from .wire.http import HTTPTransport  # only when something is sent: aiohttp is heavy

            self._transport = self._owned = HTTPTransport()
        return self._transport


async def _only(handler: Handler[T], call: Call) -> T:
    """Give the one value of a stream, read to its end so that each layer sees it succeed."""
    try:
        found = [value async for value in handler(call)]  # which leaves nothing open
    except HeadwaterError as error:
        complete(error, call)
        raise
    finally:
        call.end()
    if len(found) != 1:
        raise PluginError(
            f"the middleware gave {len(found)} values for {call.operation}, expected one"
        )
    return found[0]
