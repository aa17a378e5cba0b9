"""Rounds: each client in a process of its own, in turns, so that noise falls on all alike."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import attrs

from .figures import Figure
from .place import CHECKOUT, environment, source_path

__all__ = [
    "BASELINE",
    "OURS",
    "Contender",
    "Measured",
    "Worker",
    "import_costs",
    "measure",
    "working",
]


@attrs.frozen
class Contender:
    """Hold a client that takes part.

    Attributes:
        name: What it is called in tables.
        module: The module of it.
        checkout: Whose sources of Headwater it uses.
        on_uvloop: Whether it runs on uvloop.
    """

    name: str
    module: str
    checkout: Path = CHECKOUT
    on_uvloop: bool = False


BASELINE: Final = Contender("by hand", "by_hand")
OURS: Final = Contender("headwater", "ours")


@attrs.frozen
class Measured:
    """Hold what one figure of one wire cost each client, round by round.

    Attributes:
        figure: Its key.
        wire: The wire's key.
        rounds: For each round, the cost by the client's name: seconds, or KiB for memory.
    """

    figure: str
    wire: str
    rounds: list[dict[str, float]]

    def names(self) -> list[str]:
        """List the clients."""
        return list(self.rounds[0])

    def cost(self, name: str) -> float:
        """Give the median of a client."""
        return statistics.median(each[name] for each in self.rounds)

    def ratios(self, name: str, to: str = BASELINE.name) -> list[float]:
        """Give the ratios of two clients within each round."""
        return [each[name] / each[to] for each in self.rounds]

    def ratio(self, name: str, to: str = BASELINE.name) -> float:
        """Give the median of them."""
        return statistics.median(self.ratios(name, to))


class Worker:
    """The process of a client.

    Attributes:
        start_s: The CPU time from nothing to its first answer.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.start_s = 0.0

    def wait_until_ready(self) -> None:
        """Wait until it has had its first answer."""
        self.start_s = self._number()

    def measure(self, name: str, *arguments: int) -> float:
        """Have it measure."""
        assert self._process.stdin is not None
        print(json.dumps([name, *arguments]), file=self._process.stdin, flush=True)
        return self._number()

    def _number(self) -> float:
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"a client failed: {self._process.args!r}")
        return float(line)


@contextmanager
def working(contender: Contender, wire: str, address: str) -> Iterator[Worker]:
    """Run the process of a client."""
    command = [sys.executable, "-m", "tests.benchmarks.worker", contender.module, wire, address]
    if contender.on_uvloop:
        command.append("--uvloop")
    with subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env=environment(source_path(contender.checkout)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Worker(process)
        except BaseException:
            process.kill()
            raise
        finally:
            assert process.stdin is not None
            process.stdin.close()


def measure(
    contenders: Sequence[Contender],
    wire: str,
    figures: Mapping[str, Figure],
    rounds: int,
    address: str,
) -> list[Measured]:
    """Measure figures of one wire; whoever was first in one round is last in the next.

    What needs a process to itself is memory, of which one round says all.

    What it cost to get to the first answer comes with them, as the figure "start".
    """
    together = {key: figure for key, figure in figures.items() if not figure.is_alone}
    alone = [{key: figure} for key, figure in figures.items() if figure.is_alone]
    found: dict[str, list[dict[str, float]]] = {}
    for number in range(rounds):
        turned = list(contenders)[:: -1 if number % 2 else 1]
        groups = [together] if together else []
        for group in groups if number else [*groups, *alone]:
            for key, costs in _round(turned, wire, group, address).items():
                in_order = {each.name: costs[each.name] for each in contenders}
                found.setdefault(key, []).append(in_order)
    return [Measured(key, wire, each) for key, each in found.items()]


def _round(
    contenders: Sequence[Contender], wire: str, figures: Mapping[str, Figure], address: str
) -> dict[str, dict[str, float]]:
    costs: dict[str, dict[str, float]] = {}
    with ExitStack() as stack:
        workers = {
            each.name: stack.enter_context(working(each, wire, address)) for each in contenders
        }
        for worker in workers.values():
            worker.wait_until_ready()
        for key, figure in figures.items():
            turns = [
                {
                    name: worker.measure(figure.measure, *figure.arguments)
                    for name, worker in workers.items()
                }
                for _ in range(figure.turns)
            ]
            costs[key] = {name: statistics.median(turn[name] for turn in turns) for name in workers}
        if any(not figure.is_alone for figure in figures.values()):
            costs["start"] = {name: worker.start_s for name, worker in workers.items()}
    return costs


_IMPORTS: Final = {
    BASELINE.module: "import asyncio, attrs, pluggy, msgspec",
    OURS.module: "import headwater",
}
_CODE: Final = "import time\nbegan = time.process_time()\n{}\nprint(time.process_time() - began)"


def import_costs(contenders: Iterable[Contender], rounds: int) -> Measured:
    """Measure `import headwater` beside the packages it stands on, each in a fresh interpreter."""
    found = []
    for _ in range(rounds + 1):  # the first compiles what is not compiled
        costs = {}
        for each in contenders:
            done = subprocess.run(
                [sys.executable, "-c", _CODE.format(_IMPORTS[each.module])],
                env=environment(str(each.checkout / "core" / "src")),
                capture_output=True,
                text=True,
                check=True,
            )
            costs[each.name] = float(done.stdout)
        found.append(costs)
    return Measured("import", "", found[1:])
