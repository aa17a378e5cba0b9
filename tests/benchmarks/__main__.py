"""`make bench`: each client in a process of its own, in turns, medians of the ratios.

The figures are CPU time of the client's process; the server runs on the other core.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

from .server import serving

CLIENTS = {"by hand": "by_hand", "headwater": "ours"}

ROUNDS = 7
# what is measured: tokens an answer (0: without streaming), calls, what the time is divided by
SCENARIOS = {
    "all at once, a token": (10_000, 12, 10_000),
    "one streaming call of 10 tokens": (10, 400, 1),
    "one call without streaming": (0, 400, 1),
}
_IMPORTS = {
    "by hand": "import asyncio, attrs, msgspec, pluggy",
    "headwater": "import headwater",
}


def _client(name: str, base_url: str, tokens: int, calls: int) -> float:
    command = [sys.executable, "-m", f"tests.benchmarks.{CLIENTS[name]}", base_url]
    done = subprocess.run(
        [*command, str(tokens), str(calls)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return float(done.stdout)


def _import_cpu_s(name: str) -> float:
    code = f"import time\nt = time.process_time()\n{_IMPORTS[name]}\nprint(time.process_time() - t)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _row(title: str, rounds: list[dict[str, float]], divisor: int) -> str:
    micro = {n: statistics.median(r[n] for r in rounds) / divisor * 1e6 for n in CLIENTS}
    ratio = statistics.median(r["headwater"] / r["by hand"] for r in rounds)
    return f"| {title} | {micro['by hand']:.2f} | {micro['headwater']:.2f} | {ratio:.2f} |"


def main() -> None:
    """Measure, and print a table."""
    lines = ["| µs of CPU | by hand | headwater | ratio |", "| --- | --- | --- | --- |"]
    with serving([10_000, 10]) as base_url:
        for title, (tokens, calls, divisor) in SCENARIOS.items():
            rounds = [
                {name: _client(name, base_url, tokens, calls) for name in CLIENTS}
                for _ in range(ROUNDS)
            ]
            lines.append(_row(title, rounds, divisor))
    imports = [{name: _import_cpu_s(name) for name in CLIENTS} for _ in range(ROUNDS)]
    lines.append(_row("import, beside the packages it stands on", imports, 1))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
