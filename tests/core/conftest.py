"""A server and a transport, for tests that look at bytes."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from headwater.wire.http import HTTPTransport

from .loopback import Server


@pytest.fixture
async def server() -> AsyncGenerator[Server, None]:
    """Listen on this machine."""
    async with Server() as running:
        yield running


@pytest.fixture
async def transport(server: Server) -> AsyncGenerator[HTTPTransport, None]:
    """Send; all connections are closed before the server waits for their ends."""
    made = HTTPTransport()
    yield made
    await made.aclose()
