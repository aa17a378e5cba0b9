"""What a token and a call cost cannot grow unseen."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from copy import copy
from typing import TypeVar

import pytest

from headwater.middleware import Call, Handler

from .instructions import PYTHON, changes, count_all, count_pipeline, read_baseline

T = TypeVar("T")


def test_no_path_executes_a_tenth_more_than_its_baseline() -> None:
    """Parser, decoders and pipeline stay within a tenth of `baseline.json`.

    What was changed on purpose: `python -m tests.benchmarks baseline` writes the new counts.
    """
    baseline = read_baseline()
    if baseline is None:
        pytest.skip(f"no baseline for Python {PYTHON}: python -m tests.benchmarks baseline")
    found = changes(count_all(), baseline)
    assert not found, "changed on purpose? python -m tests.benchmarks baseline\n" + "\n".join(found)


class Copying:
    """A layer that passes on a copy of each item."""

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        async with aclosing(call_next(call)) as items:
            async for item in items:
                yield copy(item)


async def test_a_layer_that_copies_trips_the_guard() -> None:
    """A layer that one would not see in a review is seen here."""
    usual, more = await count_pipeline("chat"), await count_pipeline("chat", [Copying()])
    assert any("a token" in change for change in changes(more, usual)), (usual, more)


async def test_counts_are_the_same_each_time() -> None:
    """Nothing of the machine, and no time, is in the counts, but for the order of some timers."""
    counts = await count_pipeline("anthropic")
    assert await count_pipeline("anthropic") == pytest.approx(counts, rel=0.005)


@pytest.mark.parametrize(
    ("count", "is_told"),
    [(100, False), (109, False), (111, True), (91, False), (89, True)],
    ids=["same", "a little more", "too much", "a little less", "baseline too high"],
)
def test_a_tenth_is_told(count: int, is_told: bool) -> None:
    """Growth counts, and so does a baseline that has become too high to guard anything."""
    assert bool(changes({"a token": count}, {"a token": 100})) is is_told


def test_what_is_not_compared_is_told() -> None:
    """A path that is new, or gone, is no silent pass."""
    assert len(changes({"new": 1}, {"gone": 1})) == 2
