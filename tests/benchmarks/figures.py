"""What is measured in the process of a client, and how it is checked that the work was done."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, cast

import attrs

from .client import Answer, Client, StreamingClient

__all__ = ["FIGURES", "Figure", "check", "live_model"]

STREAM_TOKENS: Final = 10_000
CALL_TOKENS: Final = 10
WHOLE_TOKENS: Final = 200
LIVE_STREAMS: Final = 200
LIVE_TOKENS: Final = 40
LIVE_TOKENS_PER_S: Final = 8_000  # of all streams together
IDLE_STREAMS: Final = 400

Measure = Callable[[Client, int], Awaitable[float]]


@attrs.frozen
class Figure:
    """Hold one thing that is measured.

    Attributes:
        title: Its name in tables.
        unit: Of what `measure` gives.
        measure: Gives the cost of one item (a token, a call, a stream), having done so much work.
        times: How much work a turn of a round has.
        turns: How many turns a round has.
        limit: The ratio that it may cost beside the client written by hand.
        needs_stop: Whether the client must be able to stop at the first token.
        is_alone: Whether it needs a process that has done nothing else.
    """

    title: str
    unit: str
    measure: Measure
    times: int
    turns: int = 3
    limit: float | None = None
    needs_stop: bool = False
    is_alone: bool = False


def check(answer: Answer, tokens: int, deltas: int | None = None) -> None:
    """See that the whole answer was received, and understood.

    A delta without text may come on top, with what is to be sent back in the next turn.
    """
    wanted = (tokens * len(" word0"), tokens)
    got = (answer.text_length, answer.output_tokens)
    least = tokens if deltas is None else deltas
    if got != wanted or answer.deltas < least or not answer.reason:
        raise AssertionError(f"expected {least} deltas, {wanted} and a reason, got {answer}")


async def _token(client: Client, times: int) -> float:
    return await _streams(client, STREAM_TOKENS, times) / STREAM_TOKENS


async def _call(client: Client, times: int) -> float:
    return await _streams(client, CALL_TOKENS, times)


async def _streams(client: Client, tokens: int, times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        check(await client.stream(f"stream-{tokens}"), tokens)
    return (time.process_time() - began) / times


async def _whole(client: Client, times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        check(await client.whole(f"whole-{WHOLE_TOKENS}"), WHOLE_TOKENS, 1)
    return (time.process_time() - began) / times


async def _first(client: Client, times: int) -> float:
    """Measure until the first token, the second coming a millisecond later."""
    spent = 0.0
    for _ in range(times):
        began = time.process_time()
        async with cast("StreamingClient", client).opened("live-2-1000") as opened:
            spent += time.process_time() - began
            check(await opened.rest(), 2)
    return spent / times


def live_model(streams: int, tokens: int) -> str:
    """Name an answer so paced that all streams together have the same rate."""
    return f"live-{tokens}-{streams * 1_000_000 // LIVE_TOKENS_PER_S}"


async def _live(client: Client, times: int) -> float:
    costs = [await live(client, LIVE_STREAMS, LIVE_TOKENS) for _ in range(times)]
    return sum(costs) / times


async def live(client: Client, streams: int, tokens: int) -> float:
    """Measure a token of many streams at once, from when all are open to when the first ends."""
    opening = cast("StreamingClient", client).opened
    model = live_model(streams, tokens)
    async with AsyncExitStack() as stack:
        entered = [stack.enter_async_context(opening(model)) for _ in range(streams)]
        opened = [await one for one in asyncio.as_completed(entered)]
        came, began = sum(one.deltas for one in opened), time.process_time()
        reading = [asyncio.create_task(one.rest()) for one in opened]
        await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
        spent = time.process_time() - began
        came = sum(one.deltas for one in opened) - came
        for answer in await asyncio.gather(*reading):
            check(answer, tokens)
    return spent / came


async def _memory(client: Client, streams: int) -> float:
    """Measure the resident memory that an open, silent stream and its reader add, in KiB."""
    readers: list[asyncio.Task[None]] = []

    async def read(is_open: asyncio.Event) -> None:
        async with cast("StreamingClient", client).opened("idle-1") as opened:
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


def _resident_kib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


FIGURES: Final[Mapping[str, Figure]] = {
    "token": Figure("everything at once, a token", "s", _token, 3, limit=1.5),
    "live": Figure("200 live streams, a token", "s", _live, 1, turns=1, limit=1.2, needs_stop=True),
    "call": Figure("one streaming call of 10 tokens", "s", _call, 80, limit=1.4),
    "first": Figure(
        "first token, on a warm connection", "s", _first, 80, limit=1.4, needs_stop=True
    ),
    "whole": Figure("one call without streaming", "s", _whole, 80, limit=1.4),
    "memory": Figure(
        "memory of an idle open stream",
        "KiB",
        _memory,
        IDLE_STREAMS,
        turns=1,
        needs_stop=True,
        is_alone=True,
    ),
}
