"""What every test here needs: the server, a runner on it, and proof that no thread is left."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from headwater.blocking import Runner
from headwater.testing import FaultServer

from .lines import Lines, whole


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """Serve on this machine; "ab" until the test says otherwise."""
    with FaultServer(whole("a", "b")) as running:
        yield running


@pytest.fixture
def runner(server: FaultServer) -> Iterator[Runner]:
    """Run calls to that server; no thread outlives the runner."""
    before = threading.active_count()
    with Runner(providers={"lines": Lines(server.url)}) as made:
        yield made
    assert threading.active_count() <= before
