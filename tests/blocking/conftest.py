"""What every test here needs: the server, a runner on it, and proof that no thread is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from headwater.blocking import Runner
from headwater.testing import FaultServer

from ..patience import Pulse
from .lines import Lines, whole


@pytest.fixture(scope="session")
def pulse() -> Iterator[Pulse]:
    """Tell how long something took, on however busy a machine."""
    with Pulse() as beating:
        yield beating


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """Serve on this machine; "ab" until the test says otherwise."""
    with FaultServer(whole("a", "b")) as running:
        yield running


@pytest.fixture
def runner(server: FaultServer, pulse: Pulse) -> Iterator[Runner]:
    """Run calls to that server; no thread outlives the runner."""
    before = threading.active_count()
    with Runner(providers={"lines": Lines(server.url)}) as made:
        yield made
    closed_at = pulse()
    while threading.active_count() > before:  # those that ran tools end when they find the time
        assert pulse() - closed_at < 10, threading.enumerate()
        time.sleep(0.005)
