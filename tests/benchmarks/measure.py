"""The clock of a client: the CPU time of its process."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine

__all__ = ["Client", "measured", "run"]

Client = Callable[[str, int, int], Coroutine[None, None, float]]


async def measured(call: Callable[[], Awaitable[None]], calls: int) -> float:
    """Give the CPU seconds of a call, after a few to warm up."""
    for _ in range(3):
        await call()
    began = time.process_time()
    for _ in range(calls):
        await call()
    return (time.process_time() - began) / calls


def run(client: Client) -> None:
    """Measure as the command line says: base URL, tokens, calls; print the seconds."""
    base_url, tokens, calls = sys.argv[1:4]
    sys.stdout.write(repr(asyncio.run(client(base_url, int(tokens), int(calls)))))
