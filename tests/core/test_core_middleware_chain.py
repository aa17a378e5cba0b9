"""How layers make a handler."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

import attrs
import pytest

from headwater import (
    Call,
    ChatRequest,
    Event,
    Finished,
    FinishReason,
    ModelId,
    PluginError,
    Runner,
    TextDelta,
    Usage,
    hookimpl,
)
from headwater.middleware import Handler, compose
from headwater.wire.transport import Transport

T = TypeVar("T")


class Named:
    """Tell when it begins and ends."""

    def __init__(self, name: str, told: list[str]) -> None:
        self._name = name
        self._told = told

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        self._told.append(f"{self._name} begins")
        try:
            async with aclosing(call_next(call)) as items:
                async for item in items:
                    yield item
        finally:
            self._told.append(f"{self._name} ends")


class Echo:
    """Answer with the model's name."""

    def __init__(self, name: str = "") -> None:
        self._name = name

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        yield TextDelta(f"{self._name}{request.model.name}")
        yield Finished(FinishReason.STOP, None, Usage(1, 1))


async def test_the_first_layer_is_outermost() -> None:
    """It begins first and ends last."""
    told: list[str] = []
    layers = (Named("outer", told), Named("inner", told))
    await Runner(providers={"p": Echo()}, middleware=layers).chat("p/m", "Hi")
    assert told == ["outer begins", "inner begins", "inner ends", "outer ends"]


class Renames:
    """Send every call to another model of another provider."""

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        request = attrs.evolve(call.request, model=ModelId("other", "n"))
        async with aclosing(call_next(call.with_request(request))) as items:
            async for item in items:
                yield item


async def test_a_layer_may_change_the_model() -> None:
    """The provider is looked up where the layers end."""
    runner = Runner(providers={"p": Echo(), "other": Echo("other ")}, middleware=[Renames()])
    assert (await runner.chat("p/m", "Hi")).text == "other n"


class Swallows:
    """Let nothing through."""

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        async with aclosing(call_next(call)) as items:
            async for _ in items:
                pass
        return
        yield


async def test_a_layer_that_gives_nothing_is_named() -> None:
    """A call for one value gets one, or an error."""
    runner = Runner(providers={"p": Echo()}, middleware=[Swallows()])
    with pytest.raises(PluginError, match="the middleware gave 0 values for chat, expected one"):
        await runner.chat("p/m", "Hi")


def test_no_layers_are_the_handler() -> None:
    """Nothing is put round it."""

    async def handler(call: Call) -> AsyncGenerator[int, None]:
        yield 1

    assert compose([], handler) is handler
