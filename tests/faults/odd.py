"""Providers that do what they are told, right or wrong."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import attrs

from headwater import (
    ChatRequest,
    Event,
    hookimpl,
)
from headwater.wire.transport import Transport


@attrs.define
class Says:
    """Yield what it is given, whatever that is."""

    events: list[object]

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Yield it."""
        for event in self.events:
            yield event  # type: ignore[misc]  # the point of it


class Odd:
    """A provider whose hook is a function given to it."""

    def __init__(self, hook: Callable[[Transport], object]) -> None:
        self._hook = hook

    @hookimpl
    def stream_chat(self, request: ChatRequest, transport: Transport) -> object:
        """Do what was given."""
        return self._hook(transport)
