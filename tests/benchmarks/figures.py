"""What is measured in the process of a client, and how it is checked that the work was done."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Final, cast

import attrs

from .client import Answer, Client, Opened, StreamingClient

__all__ = ["FIGURES", "MEASURES", "Figure", "check"]

LIVE_TOKENS_PER_S: Final = 8_000  # of all streams together


@attrs.frozen
class Figure:
    """Hold one thing that is compared.

    Attributes:
        title: Its name in tables.
        measure: Which of `MEASURES`.
        arguments: What it is given.
        turns: How often the clients take turns within a round.
        limit: The ratio that it may cost beside the client written by hand; None for an absolute.
        is_alone: Whether it needs a process that has done nothing else.
    """

    title: str
    measure: str
    arguments: tuple[int, ...]
    turns: int = 3
    limit: float | None = None
    is_alone: bool = False


FIGURES: Final[Mapping[str, Figure]] = {
    "token": Figure("everything at once, a token", "token", (10_000, 3), limit=1.5),
    "live": Figure("200 live streams, a token", "live", (200, 30), turns=2, limit=1.2),
    "call": Figure("one streaming call of 10 tokens", "call", (10, 80), limit=1.4),
    "first": Figure("first token, on a warm connection", "first", (80,), limit=1.4),
    "whole": Figure("one call without streaming", "whole", (200, 80), limit=1.4),
    "memory": Figure("memory of an idle open stream", "memory", (400,), turns=1, is_alone=True),
}


def check(answer: Answer, tokens: int, deltas: int | None = None) -> None:
    """See that the whole answer was received, and understood.

    A delta without text may come on top, with what is to be sent back in the next turn.
    """
    wanted = (tokens * len(" word0"), tokens)
    got = (answer.text_length, answer.output_tokens)
    least = tokens if deltas is None else deltas
    if got != wanted or answer.deltas < least or not answer.reason:
        raise AssertionError(f"expected {least} deltas, {wanted} and a reason, got {answer}")


async def call(client: Client, tokens: int, times: int) -> float:
    """Measure an answer of so many tokens, everything at once, in seconds."""
    check(await client.stream(f"stream-{tokens}"), tokens)
    began = time.process_time()
    for _ in range(times):
        check(await client.stream(f"stream-{tokens}"), tokens)
    return (time.process_time() - began) / times


async def token(client: Client, tokens: int, times: int) -> float:
    """Measure a token of such an answer."""
    return await call(client, tokens, times) / tokens


async def whole(client: Client, tokens: int, times: int) -> float:
    """Measure an answer that is not streamed, in seconds."""
    check(await client.whole(f"whole-{tokens}"), tokens, 1)
    began = time.process_time()
    for _ in range(times):
        check(await client.whole(f"whole-{tokens}"), tokens, 1)
    return (time.process_time() - began) / times


async def first(client: Client, times: int) -> float:
    """Measure until the first token, the second coming a millisecond later, in seconds."""
    spent = 0.0
    for _ in range(times):
        began = time.process_time()
        async with _opened(client, "live-2-1000") as opened:
            spent += time.process_time() - began
            check(await opened.rest(), 2)
    return spent / times


async def live(client: Client, streams: int, tokens: int) -> float:
    """Measure a token of many streams, each at its own time, in seconds.

    The pace is such that all streams together have the same rate. Counted is from when all are open
    to when the first ends.
    """
    model = f"live-{tokens}-{streams * 1_000_000 // LIVE_TOKENS_PER_S}"
    async with AsyncExitStack() as stack:
        entered = [stack.enter_async_context(_opened(client, model)) for _ in range(streams)]
        opened = [await one for one in asyncio.as_completed(entered)]
        came, began = sum(one.deltas for one in opened), time.process_time()
        reading = [asyncio.create_task(one.rest()) for one in opened]
        await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
        spent = time.process_time() - began
        came = sum(one.deltas for one in opened) - came
        for answer in await asyncio.gather(*reading):
            check(answer, tokens)
    return spent / came


async def memory(client: Client, streams: int) -> float:
    """Measure the resident memory that an open, silent stream and its reader add, in KiB."""
    readers: list[asyncio.Task[None]] = []

    async def read(is_open: asyncio.Event) -> None:
        async with _opened(client, "idle-1") as opened:
            is_open.set()
            await opened.rest()

    async def add(more: int) -> None:
        for _ in range(more):
            is_open = asyncio.Event()
            readers.append(asyncio.create_task(read(is_open)))
            await is_open.wait()
        await asyncio.sleep(0)
        gc.collect()

    await add(streams // 4)
    before = _resident_kib()
    await add(streams)
    added = _resident_kib() - before
    for reader in readers:
        reader.cancel()
    await asyncio.wait(readers)
    return added / streams


MEASURES: Final[Mapping[str, Callable[..., Awaitable[float]]]] = {
    "call": call,
    "first": first,
    "live": live,
    "memory": memory,
    "token": token,
    "whole": whole,
}


def _opened(client: Client, model: str) -> AbstractAsyncContextManager[Opened]:
    return cast("StreamingClient", client).opened(model)


def _resident_kib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024
