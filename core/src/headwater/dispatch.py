"""The innermost handler: from a call to the hook of the plugin that its model names."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import TypeVar

import attrs

from .call import Call
from .discovery import Provider, Registry
from .errors import HeadwaterError, PluginError, StreamInterrupted, UnsupportedFeature
from .estimate import count_input, estimated
from .events import EventStream
from .guard import as_ours, guarded
from .hookspecs import Health, ModelInfo
from .parts import Reasoning, Text
from .requests import ChatRequest
from .responses import ChatResponse, Folder, unfold
from .usage import Provenance, Usage
from .wire.attempt import AttemptTransport
from .wire.transport import Transport

__all__ = ["Dispatch"]

T = TypeVar("T")


class Dispatch:
    """Find the provider, make the transport of the attempt, call the hook, and guard the contract.

    Args:
        registry: Where providers are found.
        transport: Gives the runner's transport.
        max_event_bytes: Bytes of one frame.
    """

    def __init__(
        self, registry: Registry, transport: Callable[[], Transport], max_event_bytes: int
    ) -> None:
        self._registry = registry
        self._transport = transport
        self._max_event_bytes = max_event_bytes

    def stream_chat(self, call: Call) -> EventStream:
        """Handle a call for events."""
        provider, transport = self._begin(call)
        if provider.implements("stream_chat"):
            return guarded(provider.hooks.stream_chat, call, provider, transport)
        call.progress.is_whole = True

        async def whole(request: ChatRequest, transport: AttemptTransport) -> EventStream:
            for event in unfold(await self._chat(call, provider, transport)):
                yield event

        return guarded(whole, call, provider, transport)

    async def chat(self, call: Call) -> AsyncGenerator[ChatResponse, None]:
        """Handle a call for one whole answer."""
        provider, transport = self._begin(call)
        if provider.implements("chat"):
            answering = partial(self._chat, call, provider, transport)
            yield await _value(answering, call, provider, transport)
        else:
            yield await _folded(guarded(provider.hooks.stream_chat, call, provider, transport))

    async def count_usage(self, call: Call) -> AsyncGenerator[Usage, None]:
        """Handle a call for the count of a request's input."""
        provider, transport = self._begin(call)
        if provider.implements("count_usage"):
            hook = provider.hooks.count_usage
            counting = partial(hook, request=call.request, transport=transport)
            usage = await _value(counting, call, provider, transport)
            yield _expected(Usage, usage, provider)
        else:
            yield Usage(count_input(call.request), provenance=Provenance.ESTIMATED)

    async def list_models(self, call: Call) -> AsyncGenerator[Sequence[ModelInfo], None]:
        """Handle a call for a provider's models."""
        provider, transport = self._begin(call)
        if not provider.implements("list_models"):
            raise UnsupportedFeature(f"{provider.info.title} has no list of its models")
        yield await _models(call, provider, transport)

    async def check_health(self, call: Call) -> AsyncGenerator[Health, None]:
        """Handle a call for a provider's health; a failure is an answer here."""
        provider, transport = self._begin(call)
        try:
            if provider.implements("check_health"):
                checking = partial(provider.hooks.check_health, transport=transport)
                yield _expected(Health, await _value(checking, call, provider, transport), provider)
            elif provider.implements("list_models"):
                models = await _models(call, provider, transport)
                yield Health(True, f"{len(models)} models")
            else:
                yield Health(True, "nothing to check: the provider has no health or model list")
        except HeadwaterError as error:
            yield Health(False, str(error))

    def _begin(self, call: Call) -> tuple[Provider, AttemptTransport]:
        provider = self._registry.get(call.request.model.provider)
        call.progress.begin_attempt()
        return provider, AttemptTransport(call, self._transport, self._max_event_bytes)

    async def _chat(
        self, call: Call, provider: Provider, transport: AttemptTransport
    ) -> ChatResponse:
        answer = await provider.hooks.chat(request=call.request, transport=transport)
        response = _expected(ChatResponse, answer, provider)
        if response.finish_reason is None:
            raise StreamInterrupted("the answer came without the provider's end mark")
        if response.usage.is_known:
            return response
        written = [
            part.text for part in response.message.parts if isinstance(part, Text | Reasoning)
        ]
        return attrs.evolve(response, usage=estimated(call.request, written))


async def _models(
    call: Call, provider: Provider, transport: AttemptTransport
) -> Sequence[ModelInfo]:
    listing = partial(provider.hooks.list_models, transport=transport)
    models = await _value(listing, call, provider, transport)
    several = _expected(Sequence, models, provider)  # type: ignore[type-abstract]  # to compare with
    return [_expected(ModelInfo, model, provider) for model in several]


async def _folded(events: EventStream) -> ChatResponse:
    """Fold a stream into the answer; an error carries what had come."""
    folder = Folder()
    async with aclosing(events):
        try:
            async for event in events:
                folder.add(event)
        except HeadwaterError as error:
            error.partial = folder.response()
            raise
    return folder.response()


async def _value(
    hook: Callable[[], Awaitable[T]], call: Call, provider: Provider, transport: AttemptTransport
) -> T:
    """Await the one value of a hook; every error that leaves is ours, and nothing stays open."""
    try:
        value = await hook()
    except Exception as error:  # noqa: BLE001  # whatever a plugin raises becomes ours
        failure = as_ours(error, call, provider, transport)
    except BaseException:
        transport.cut()
        call.progress.forgive()
        raise
    else:
        await transport.aclose()
        return value
    finally:
        call.progress.end_attempt()
    transport.cut()
    await transport.aclose()
    try:
        raise failure
    finally:
        del failure  # whose traceback leads back here, in a circle


def _expected(kind: type[T], value: object, provider: Provider) -> T:
    if isinstance(value, kind):
        return value
    raise PluginError(
        f"the plugin {provider.name!r} of {provider.distribution}: expected a {kind.__name__}, "
        f"got {type(value).__name__}"
    )
