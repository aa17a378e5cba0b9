"""The benchmarks measure what they say: whole answers, on every wire, by every client."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from . import by_hand, ours
from .answers import WIRES
from .client import Answer, Make
from .figures import MEASURES, check
from .place import CHECKOUT
from .server import serving

CLIENTS: Final[Mapping[str, Mapping[str, Make]]] = {
    "by hand": by_hand.CLIENTS,
    "headwater": ours.CLIENTS,
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Run the server."""
    with serving() as address:
        yield address


@pytest.mark.slow
@pytest.mark.parametrize("wire", [*WIRES])
@pytest.mark.parametrize("name", [*CLIENTS])
async def test_a_client_does_the_work_of_every_figure(name: str, wire: str, address: str) -> None:
    """Streamed at once, live and whole: all text, the usage, the reason; else the figure raises."""
    client = CLIENTS[name][wire](address)
    small = {"call": (10, 1), "token": (100, 1), "whole": (50, 1), "first": (2,), "live": (3, 20)}
    costs = {key: await MEASURES[key](client, *numbers) for key, numbers in small.items()}
    await client.aclose()
    assert all(cost > 0 for cost in costs.values())


@pytest.mark.parametrize(
    "answer",
    [
        Answer(9, 60, 10, "stop"),
        Answer(10, 54, 10, "stop"),
        Answer(10, 60, None, "stop"),
        Answer(10, 60, 10, None),
    ],
    ids=["a delta missing", "text missing", "no usage", "no reason"],
)
def test_half_the_work_is_no_figure(answer: Answer) -> None:
    """A client that skips a part of the work fails the run; it does not win it."""
    check(Answer(10, 60, 10, "stop"), 10)
    with pytest.raises(AssertionError):
        check(answer, 10)


@pytest.mark.slow
def test_the_command_prints_a_table() -> None:
    """`python -m tests.benchmarks` runs its clients in processes of their own."""
    options = ["--wire", "chat", "--only", "call,import", "--rounds", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *options],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "one streaming call of 10 tokens" in done.stdout
    assert "import, beside" in done.stdout
