"""Rounds: each client in a process of its own, in turns, so that noise falls on all alike."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import attrs

from .figures import FIGURES
from .place import CHECKOUT, source_path

__all__ = ["Contender", "Measured", "import_costs", "measure"]


@attrs.frozen
class Contender:
    """Hold a client that takes part.

    Attributes:
        name: What it is called in tables.
        module: The module of it, as `worker` knows it.
        checkout: Whose sources of Headwater it uses.
        on_uvloop: Whether it runs on uvloop.
    """

    name: str
    module: str
    checkout: Path = CHECKOUT
    on_uvloop: bool = False


@attrs.frozen
class Measured:
    """Hold what one figure of one wire cost each client, round by round, in units of the figure.

    Attributes:
        figure: Its key.
        wire: The wire's key.
        rounds: For each round, the cost by the client's name.
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

    def ratios(self, name: str, to: str) -> list[float]:
        """Give the ratios of two clients within each round."""
        return [each[name] / each[to] for each in self.rounds]

    def ratio(self, name: str, to: str) -> float:
        """Give the median of them."""
        return statistics.median(self.ratios(name, to))


class _Worker:
    """The process of a client."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def wait_until_ready(self) -> None:
        assert self._line() == "ready"

    def measure(self, figure: str, times: int) -> float:
        assert self._process.stdin is not None
        print(json.dumps({"figure": figure, "times": times}), file=self._process.stdin, flush=True)
        return float(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"a client failed: {self._process.args!r}")
        return line.strip()


@contextmanager
def _working(contender: Contender, wire: str, address: str) -> Iterator[_Worker]:
    command = [sys.executable, "-m", f"{__package__}.worker", contender.module, wire, address]
    if contender.on_uvloop:
        command.append("--uvloop")
    with subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": source_path(contender.checkout)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield _Worker(process)
        except BaseException:
            process.kill()
            raise
        finally:
            assert process.stdin is not None
            process.stdin.close()


def measure(
    contenders: Sequence[Contender],
    wire: str,
    figures: Iterable[str],
    rounds: int,
    address: str,
) -> list[Measured]:
    """Measure figures of one wire; whoever was first in one round is last in the next."""
    found: Mapping[str, list[dict[str, float]]] = {figure: [] for figure in figures}
    together = [figure for figure in found if not FIGURES[figure].is_alone]
    alone = [figure for figure in found if FIGURES[figure].is_alone]
    for number in range(rounds):
        turned = list(contenders)[:: -1 if number % 2 else 1]
        for group in [together, *([figure] for figure in alone)]:
            if group:
                for figure, costs in _round(turned, wire, group, address).items():
                    found[figure].append({each.name: costs[each.name] for each in contenders})
    return [Measured(figure, wire, each) for figure, each in found.items()]


def _round(
    contenders: Sequence[Contender], wire: str, figures: Sequence[str], address: str
) -> dict[str, dict[str, float]]:
    costs: dict[str, dict[str, float]] = {}
    with ExitStack() as stack:
        workers = {
            each.name: stack.enter_context(_working(each, wire, address)) for each in contenders
        }
        for worker in workers.values():
            worker.wait_until_ready()
        for key in figures:
            figure = FIGURES[key]
            spent = dict.fromkeys(workers, 0.0)
            for _ in range(figure.turns):
                for name, worker in workers.items():
                    spent[name] += worker.measure(key, figure.times) / figure.turns
            costs[key] = spent
    return costs


_IMPORTS: Final = {
    "by hand": "import asyncio, attrs, pluggy, msgspec",
    "headwater": "import headwater",
}
_CODE: Final = "import time\nbegan = time.process_time()\n{}\nprint(time.process_time() - began)"


def import_costs(contenders: Iterable[Contender], rounds: int) -> Measured:
    """Measure `import headwater` beside the packages it stands on, each in a fresh interpreter."""
    found = []
    timed = [each for each in contenders if each.module in _IMPORTS and not each.on_uvloop]
    for _ in range(rounds + 1):  # the first compiles what is not compiled
        costs = {}
        for each in timed:
            done = subprocess.run(
                [sys.executable, "-c", _CODE.format(_IMPORTS[each.module])],
                env={**os.environ, "PYTHONPATH": str(each.checkout / "core" / "src")},
                capture_output=True,
                text=True,
                check=True,
            )
            costs[each.name] = float(done.stdout)
        found.append(costs)
    return Measured("import", "", found[1:])
