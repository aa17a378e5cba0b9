"""Calling a hook: what an implementation is given, whether pluggy passes it on or not."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from headwater import ChatRequest, ChatResponse, Runner, assistant, hookimpl
from headwater.events import FinishReason
from headwater.wire.transport import Transport


def said(text: str) -> ChatResponse:
    """Make an answer."""
    return ChatResponse(assistant(text), finish_reason=FinishReason.STOP)


class Few:
    """Name one argument of two."""

    @hookimpl
    async def chat(self, request: ChatRequest) -> ChatResponse:
        return said(request.model.name)


class Other:
    """Name them in an order of its own, and let none be given by name."""

    @hookimpl
    async def chat(self, transport: Transport, request: ChatRequest, /) -> ChatResponse:
        return said(request.model.name)


class More:
    """Have an argument that the hook gives, with a default."""

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport | None = None) -> ChatResponse:
        return said(request.model.name)


class Wrapped(Few):
    """Wrap its own hook."""

    @hookimpl(wrapper=True, specname="chat")
    def shown(self, request: ChatRequest) -> Generator[None, Any, Any]:
        answer = yield

        async def loud() -> ChatResponse:
            return said((await answer).text.upper())

        return loud()


@pytest.mark.parametrize(
    ("provider", "text"),
    [(Few(), "m"), (Other(), "m"), (More(), "m"), (Wrapped(), "M")],
    ids=["few", "other", "more", "wrapped"],
)
async def test_an_implementation_is_called_as_pluggy_calls_it(provider: object, text: str) -> None:
    """It gets the arguments that it names, where it has them, and its wrappers stand round it."""
    async with Runner(providers={"mine": provider}) as runner:
        assert (await runner.chat("mine/m", "Hi")).text == text
