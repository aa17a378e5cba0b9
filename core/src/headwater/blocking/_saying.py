"""What a piece of work has to say before its end, and its wait until that was heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Generic, TypeVar, final

import attrs

from ..call import Call
from ..middleware import Handler

__all__ = ["Paced", "Said", "Saying"]

S = TypeVar("S")
T = TypeVar("T")


@final
@attrs.frozen
class Said(Generic[S]):
    """Hold one thing that was said, and what the loop is to be told once it was heard."""

    value: S
    on_heard: Callable[[], object]


class Saying(Generic[S]):
    """Say things on the loop to a thread that waits.

    Args:
        send: Sends one over.
    """

    def __init__(self, send: Callable[[Said[S]], None]) -> None:
        self._send = send
        self._heard = asyncio.Event()
        self._heard.set()

    def say(self, value: S) -> None:
        """Say something."""
        self._heard.clear()
        self._send(Said(value, self._heard.set))

    async def heard(self) -> None:
        """Wait until the last thing that was said has been heard."""
        await self._heard.wait()


class Paced(Generic[S]):
    """Be the outermost layer of a call whose events are said: each waits until the last was heard.

    It waits outside `Call.wait`, so that this counts as the time of a busy consumer.

    Args:
        saying: Says them.
    """

    def __init__(self, saying: Saying[S]) -> None:
        self._saying = saying

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        """Pass everything on, no faster than it is heard."""
        async with aclosing(call_next(call)) as items:
            async for item in items:
                await self._saying.heard()
                yield item
