"""A chaos run in small; `make chaos` makes a large one."""

from __future__ import annotations

import sys

import pytest

from .run import chaos

SEED = 4


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the figures of a process from /proc")
async def test_chaos_leaves_nothing_behind() -> None:
    """Streams with faults and consumers of every kind: whole or failed, and nothing is left."""
    report = await chaos(streams=400, slots=60, seed=SEED)
    assert report.violations == []
    assert report.outcomes.total() == 400
    assert report.outcomes["whole"] > 100
