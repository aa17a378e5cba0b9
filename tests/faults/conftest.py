"""What every fault test needs: the server, a runner on it, and proof that nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from headwater import Runner
from headwater.middleware import Deadline, Log, Middleware, Retry, Timeout
from headwater.testing.fault_server import FaultServer

from .provider import Whole, Wire
from .wire import whole


@pytest.fixture
async def server() -> AsyncGenerator[FaultServer, None]:
    """Serve on this machine; "ab" until the test says otherwise."""
    async with FaultServer(whole("a", "b")) as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    """The waits between attempts, none of which is waited."""
    return []


@pytest.fixture
async def runner(server: FaultServer, waits: list[float]) -> AsyncGenerator[Runner, None]:
    """Run calls with the default layers, but for the sleeping; no task outlives the runner."""

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    layers: list[Middleware] = [Log(), Deadline(), Retry(sleep=sleep), Timeout()]
    providers = {"wire": Wire(server.url), "whole": Whole(server.url)}
    async with Runner(providers=providers, middleware=layers) as made:
        yield made
    left = asyncio.all_tasks() - server.tasks - {asyncio.current_task()}
    assert not left, "tasks outlived the runner"
