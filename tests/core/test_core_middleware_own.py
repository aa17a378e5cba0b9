"""Layers of one's own that wait, that set limits of their own, and that ask again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import TypeVar

import attrs
import pytest

from headwater import (
    Call,
    ChatRequest,
    ChatResponse,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    IdleTimeout,
    PluginError,
    ProviderInfo,
    Runner,
    TextDelta,
    assistant,
    hookimpl,
)
from headwater.limits import NO_LIMITS, Limits
from headwater.middleware import Deadline, Handler, Middleware, Retry, Timeout
from headwater.requests import ModelId
from headwater.wire.transport import Transport

T = TypeVar("T")


@attrs.define
class Hangs:
    """Hang at the first request, and answer the others."""

    limits: Limits = NO_LIMITS
    asked: int = 0
    swallows: bool = False

    @property
    def info(self) -> ProviderInfo:
        return ProviderInfo("Hangs", limits=self.limits)

    async def _begin(self, transport: Transport) -> None:
        self.asked += 1
        await transport.wait(asyncio.sleep(0))  # a sign of life: from here on it is idle
        if self.asked == 1:
            try:
                await transport.wait(asyncio.sleep(5))
            except asyncio.CancelledError:
                if not self.swallows:
                    raise
                await transport.wait(asyncio.sleep(0))

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        await self._begin(transport)
        yield TextDelta("a")
        yield Finished(FinishReason.STOP)

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        await self._begin(transport)
        return ChatResponse(assistant("a"), finish_reason=FinishReason.STOP)


class AsksAgain:
    """Give the first item a while, by a timeout of its own, then ask once more."""

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        with suppress(TimeoutError):
            async with aclosing(call_next(call)) as items:
                async with asyncio.timeout(0.03):
                    first = await anext(items)
                yield first
                async for item in items:
                    yield item
                return
        async with aclosing(call_next(call)) as items:
            async for item in items:
                yield item


async def asked(runner: Runner, how: str) -> str:
    """Ask in one of the two ways, and give the text."""
    if how == "chat":
        return (await runner.chat("p/m", "Hi")).text
    return (await runner.stream_chat("p/m", "Hi").collect()).text


@pytest.mark.parametrize("how", ["stream_chat", "chat"])
async def test_a_layer_may_limit_one_wait_and_ask_again(how: str) -> None:
    """A plugin that let its cancellation pass has done nothing wrong."""
    provider = Hangs()
    layers: list[Middleware] = [Deadline(), AsksAgain(), Retry(), Timeout()]
    runner = Runner(providers={"p": provider}, middleware=layers)
    assert await asked(runner, how) == "a"
    assert provider.asked == 2


@pytest.mark.parametrize("how", ["stream_chat", "chat"])
async def test_a_plugin_that_goes_on_is_not_asked_again(how: str) -> None:
    """What swallows a cancellation is stopped, whoever cancelled."""
    provider = Hangs(swallows=True)
    runner = Runner(providers={"p": provider}, middleware=[AsksAgain()])
    with pytest.raises(PluginError, match="went on"):
        await asked(runner, how)
    assert provider.asked == 1


class WaitsAndAsksAgain:
    """Wait within the call after a failure, longer than any of its limits."""

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        while True:
            try:
                async with aclosing(call_next(call)) as items:
                    async for item in items:
                        yield item
                return
            except HeadwaterError:
                await call.wait(asyncio.sleep(0.1))


@pytest.mark.parametrize("how", ["stream_chat", "chat"])
async def test_a_layer_may_wait_after_an_attempt_that_passed_a_limit(how: str) -> None:
    """The limit was the attempt's, and its clock does not run while the layer waits."""
    provider = Hangs(Limits(first_content_s=0.03, idle_s=0.03))
    layers: list[Middleware] = [Deadline(), WaitsAndAsksAgain(), Timeout()]
    runner = Runner(providers={"p": provider}, middleware=layers)
    assert await asked(runner, how) == "a"
    assert provider.asked == 2


class WaitsFirst:
    """Wait within the call before the first attempt."""

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        await call.wait(asyncio.sleep(0.1))
        async with aclosing(call_next(call)) as items:
            async for item in items:
                yield item


@pytest.mark.parametrize("how", ["stream_chat", "chat"])
async def test_no_limit_on_attempts_runs_before_the_first(how: str) -> None:
    """What a layer waits for before it is no attempt's time, wherever the limits stand."""
    layers: list[Middleware] = [Timeout(first_content_s=0.03, idle_s=0.03), WaitsFirst()]
    runner = Runner(providers={"p": Hangs(asked=1)}, middleware=layers)
    assert await asked(runner, how) == "a"


class Elsewhere:
    """Send the call to another provider."""

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        other = call.with_request(attrs.evolve(call.request, model=ModelId("other", "m")))
        async with aclosing(call_next(other)) as items:
            async for item in items:
                yield item


async def test_the_limits_are_those_of_the_provider_that_is_asked() -> None:
    """What the other one declares counts, from the layer inwards."""
    providers = {"p": Hangs(), "other": Hangs(Limits(idle_s=0.03))}
    layers: list[Middleware] = [Elsewhere(), Timeout()]
    runner = Runner(providers=providers, middleware=layers)
    with pytest.raises(IdleTimeout, match=r"idle_s=0\.03") as caught:
        await runner.chat("p/m", "Hi")
    assert caught.value.provider == "other"
