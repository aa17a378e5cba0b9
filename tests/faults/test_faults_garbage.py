"""A call that is over is let go of at once, however it ended, with the garbage collector off.

A circle would keep the conversation in memory until the collector comes round.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from typing import Any, TypeVar

import pytest

from headwater import Call, HeadwaterError, Runner, TextDelta
from headwater.middleware import Budget, Deadline, Handler, Log, Middleware, Retry, Timeout
from headwater.testing.fault_server import LAST_CHUNK, FaultServer, Script

from .provider import Wire
from .wire import CHUNKED, begun, refusal, said, whole

T = TypeVar("T")


class Remembers:
    """Remember each call weakly."""

    def __init__(self) -> None:
        self.calls: list[weakref.ref[Call]] = []

    def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        self.calls.append(weakref.ref(call))
        return call_next(call)


class Lines:
    """Take log lines."""

    def info(self, event: str, **fields: Any) -> None:
        pass

    warning = info


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Keep the garbage collector off."""
    gc.disable()
    yield
    gc.enable()


async def no_sleep(_seconds: float) -> None:
    """Wait for nothing."""


async def asked(runner: Runner, how: str) -> None:
    """Make a call and end it in some way."""
    with suppress(HeadwaterError, TimeoutError):
        async with asyncio.timeout(0.05 if how == "cancelled" else 5):
            if how == "chat":
                await runner.chat("wire/m", "Hi", attempts=1)
                return
            stream = runner.stream_chat("wire/m", "Hi", first_content_s=0.06, content_gap_s=0.06)
            async for event in stream:
                if how == "left" and isinstance(event, TextDelta):
                    await stream.aclose()


@pytest.mark.parametrize(
    ("how", "script"),
    [
        ("whole", whole("a")),
        ("chat", whole("a")),
        ("chat", refusal(400)),
        ("refused", refusal(400)),
        ("retried", refusal(503)),
        ("cut", [CHUNKED + said("a") + LAST_CHUNK]),
        ("left", begun("a")),
        ("cancelled", begun("a")),
        ("gap", begun("a")),
        ("first content", begun("begin")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.usefixtures("no_collector")
async def test_a_call_that_is_over_is_let_go_of(
    server: FaultServer, how: str, script: Script
) -> None:
    """Whatever its end, nothing that leads to it stays."""
    remembers = Remembers()
    layers: list[Middleware] = [
        Log(Lines()),
        Budget(max_tokens=10**6),
        Deadline(),
        Retry(sleep=no_sleep),
        Timeout(),
        remembers,
    ]
    server.answer_with(*[script] * 3)
    async with Runner(providers={"wire": Wire(server.url)}, middleware=layers) as runner:
        await asked(runner, how)
        await asyncio.sleep(0)
        assert remembers.calls
        assert [call() for call in remembers.calls if call() is not None] == []


@pytest.mark.usefixtures("no_collector")
async def test_a_call_logged_by_the_standard_library_is_let_go_of(server: FaultServer) -> None:
    """The logger is made once, and holds no call."""
    logger = logging.getLogger("headwater")
    handler = logging.NullHandler()
    logger.addHandler(handler)
    remembers = Remembers()
    server.answer_with(whole("a"))
    try:
        async with Runner(providers={"wire": Wire(server.url)}) as runner:
            await runner.stream_chat("wire/m", "Hi", middleware=[Log(), remembers]).collect()
            assert [call() for call in remembers.calls] == [None]
    finally:
        logger.removeHandler(handler)
