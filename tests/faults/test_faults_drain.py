"""What follows the end mark is read while it is little, for the sake of the connection."""

from __future__ import annotations

import pytest

from headwater import Runner
from headwater.testing.fault_server import LAST_CHUNK, Closing, FaultServer, Wait, chunk

from .wire import CHUNKED, DONE, said, whole

KIB = 2**10


@pytest.mark.parametrize("more_bytes", [0, 1, 63 * KIB])
async def test_a_little_more_keeps_the_connection(
    runner: Runner, server: FaultServer, more_bytes: int
) -> None:
    """Up to 64 KiB that come in a moment are read: the next call goes over the same connection."""
    rest = chunk(b"\n" * more_bytes) if more_bytes else b""
    server.answer_with([CHUNKED + said("a", DONE), Wait(0.005), rest + LAST_CHUNK], whole("b"))
    assert (await runner.chat("wire/m", "Hi")).text == "a"
    assert (await runner.chat("wire/m", "Hi")).text == "b"
    assert (len(server.connections), server.reuses) == (1, 1)


async def test_more_than_that_costs_the_connection(runner: Runner, server: FaultServer) -> None:
    """What goes on for longer is not read to its end, though it comes at once."""
    rest = chunk(b"\n" * 1024 * KIB)
    server.answer_with([CHUNKED + said("a", DONE), rest, LAST_CHUNK], whole("b"))
    assert (await runner.chat("wire/m", "Hi")).text == "a"
    assert (await runner.chat("wire/m", "Hi")).text == "b"
    assert (len(server.connections), server.reuses) == (2, 0)
    left = await server.end_seen()
    assert left.closing in (Closing.CLIENT_END, Closing.CLIENT_RESET)
