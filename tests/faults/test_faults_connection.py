"""Connections: made, used again, replaced where they died, closed where they must be."""

from __future__ import annotations

import pytest

from headwater import (
    ConnectFailed,
    Runner,
)
from headwater.testing.fault_server import LAST_CHUNK, FaultServer, Wait

from .provider import Wire
from .wire import CHUNKED, DONE, said


async def test_a_name_without_an_address_is_named() -> None:
    """A host that does not exist is an error that says so."""
    async with Runner(providers={"wire": Wire("https://no-such-host.invalid")}) as runner:
        with pytest.raises(ConnectFailed, match="no address is known"):
            await runner.chat("wire/m", "Hi", attempts=1)


async def test_what_trails_an_answer_does_not_cost_its_connection(
    runner: Runner, server: FaultServer
) -> None:
    """The little that comes after the end mark is read, so that the next call needs no new one."""
    server.answer_with([CHUNKED + said("a", DONE), Wait(0.005), LAST_CHUNK])
    for _ in range(3):
        await runner.stream_chat("wire/m", "Hi").collect()
    assert len(server.connections) == 1
