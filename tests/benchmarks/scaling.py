"""Scaling: what one costs as there are more of them, and what it costs to start.

Each scale is a list of points: how many, and what one of them costs each client.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from headwater.wire.ndjson import NDJSONDecoder
from headwater.wire.sse import SSEDecoder

from .place import environment, raise_files, source_path
from .rounds import BASELINE, OURS, working
from .server import OPEN_FILES

__all__ = ["SCALES", "Point", "Scale", "measure_scale", "show_scale"]

Point: TypeAlias = tuple[int, Mapping[str, float]]

WIRE: Final = "chat"
ROUNDS: Final = 5
START_S: Final = 30


@attrs.frozen
class Scale:
    """Hold one thing that is to grow no faster than what it is counted by.

    Attributes:
        title: What is shown.
        of: What there is more and more of.
        unit: Of what one costs: "µs", "KiB", "ns" or "ms".
        points: Measures, given the server's address.
    """

    title: str
    of: str
    unit: str
    points: Callable[[str], list[Point]]


def _medians(rounds: Sequence[Mapping[str, float]], factor: float = 1) -> dict[str, float]:
    return {name: statistics.median(each[name] for each in rounds) * factor for name in rounds[0]}


def _rounds(
    address: str, measure: str, sizes: Mapping[int, tuple[int, ...]], *, is_alone: bool = False
) -> dict[int, list[dict[str, float]]]:
    """Measure at each size, by hand and with Headwater, in turns.

    What needs a process for each size is memory, of which one round says all.
    """
    found: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    groups = [[size] for size in sizes] if is_alone else [list(sizes)]
    for _ in range(1 if is_alone else ROUNDS):
        for group in groups:
            with working(BASELINE, WIRE, address) as by_hand, working(OURS, WIRE, address) as ours:
                workers = {BASELINE.name: by_hand, OURS.name: ours}
                for worker in workers.values():
                    worker.wait_until_ready()
                for size in group:
                    costs = {n: w.measure(measure, *sizes[size]) for n, w in workers.items()}
                    found[size].append(costs)
    return found


def _tokens(address: str) -> list[Point]:
    """Measure what a further token costs: answers of n tokens, less the shorter ones before."""
    sizes = [10, 100, 1_000, 10_000, 100_000]
    arguments = {size: (size, max(2, min(200, 40_000 // size))) for size in sizes}
    points: list[Point] = []
    found = _rounds(address, "call", arguments)
    for fewer, more in pairwise(sizes):
        added = [
            {name: (after[name] - before[name]) / (more - fewer) * 1e6 for name in after}
            for before, after in zip(found[fewer], found[more], strict=True)
        ]
        points.append((more, _medians(added)))
    return points


def _streams(address: str) -> list[Point]:
    arguments = {size: (size, max(16, 4_000 // size)) for size in (1, 10, 100, 500, 1_000, 2_000)}
    found = _rounds(address, "live", arguments)
    return [(size, _medians(rounds, 1e6)) for size, rounds in found.items()]


def _memory(address: str) -> list[Point]:
    sizes = {size: (size,) for size in (200, 500, 1_000, 2_000)}
    found = _rounds(address, "memory", sizes, is_alone=True)
    return [(size, _medians(rounds)) for size, rounds in found.items()]


def _dripping(_address: str) -> list[Point]:
    """Measure a byte of one long line that comes byte by byte."""
    points: list[Point] = []
    for size in (1_000, 10_000, 100_000, 1_000_000):
        line = b"data: " + b"x" * size
        costs = {}
        for name, decoder in (("SSE", SSEDecoder()), ("NDJSON", NDJSONDecoder())):
            feed = decoder.feed
            pieces = [line[at : at + 1] for at in range(len(line))]
            began = time.process_time()
            for piece in pieces:
                feed(piece)
            costs[name] = (time.process_time() - began) / size * 1e9
        points.append((size, costs))
    return points


_DISCOVER: Final = """
import time
from headwater.discovery import Registry
registry = Registry()
began = time.process_time()
names = registry.names()
print(time.process_time() - began, sum(name.startswith("bench-") for name in names))
"""


@contextmanager
def _installed(plugins: int, body: str) -> Iterator[str]:
    """Make a folder in which so many plugins are installed, as installers leave them."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(plugins):
            name = f"bench_plugin_{number}"
            facts = Path(folder, f"{name}-1.0.dist-info")
            facts.mkdir()
            Path(folder, f"{name}.py").write_text(body)
            (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            points = f"[headwater]\nbench-{number} = {name}:Plugin\n"
            (facts / "entry_points.txt").write_text(points)
            (facts / "RECORD").write_text("")
        yield folder


def _discovery(_address: str) -> list[Point]:
    """Measure how the installed plugins are found, in ms for all of them."""
    bodies = {
        "that import nothing": "class Plugin: ...\n",
        "that fail as they are imported": "raise RuntimeError('was imported')\n",
    }
    points: list[Point] = []
    for size in (0, 50, 100, 200):
        costs = {}
        for name, body in bodies.items():
            with _installed(size, body) as folder:
                path = os.pathsep.join([folder, source_path()])
                found = [_discover(path, size) for _ in range(7)]
            costs[name] = statistics.median(found) * 1e3
        points.append((size, costs))
    return points


def _discover(path: str, plugins: int) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _DISCOVER],
        env=environment(path),
        capture_output=True,
        text=True,
        check=True,
    )
    spent, found = done.stdout.split()
    assert int(found) == plugins
    return float(spent)


def _started(_address: str) -> list[Point]:
    """Measure what the command costs until it has shown its help, or asked for the first time."""
    _spent_by(["-m", "headwater_cli", "--help"])  # compiles what is not compiled
    bare = [_spent_by(["-c", "pass"]) for _ in range(7)]
    shown = [_spent_by(["-m", "headwater_cli", "--help"]) for _ in range(7)]
    costs = {
        "python itself": statistics.median(bare) * 1e3,
        "headwater --help": statistics.median(shown) * 1e3,
    }
    if Path("/proc/self/schedstat").exists():
        asked = statistics.median(_spent_to_first_request() for _ in range(7))
        costs["headwater chat, to the first request"] = asked * 1e3
    return [(1, costs)]


def _spent_by(arguments: Sequence[str]) -> float:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=environment(source_path()),
        stdout=subprocess.DEVNULL,
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    return usage.ru_utime + usage.ru_stime


def _spent_to_first_request() -> float:
    """Run `headwater chat` until a socket sees its request, and ask the kernel what it took."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(START_S)  # the command may fail before it asks
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        with subprocess.Popen(
            [sys.executable, "-m", "headwater_cli", "chat", "-m", "anthropic/bench", "go"],
            env={
                **environment(source_path()),
                "HEADWATER_ANTHROPIC_BASE_URL": address,
                "HEADWATER_ANTHROPIC_API_KEY": "bench",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        ) as process:
            try:
                connection, _peer = server.accept()
                with connection:
                    assert connection.recv(2**16).startswith(b"POST")
                    threads = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
                    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
            finally:
                process.kill()


SCALES: Final[Mapping[str, Scale]] = {
    "tokens": Scale("A further token", "tokens of an answer", "µs", _tokens),
    "streams": Scale("A token of live streams", "streams at once", "µs", _streams),
    "memory": Scale("An idle open stream", "open streams", "KiB", _memory),
    "dripping": Scale("A byte of a line that drips in", "bytes of the line", "ns", _dripping),
    "discovery": Scale("Finding all plugins", "plugins installed", "ms", _discovery),
    "start": Scale("Starting the command", "process", "ms", _started),
}


def measure_scale(key: str, address: str) -> list[Point]:
    """Measure one of them."""
    if key in ("streams", "memory") and raise_files(OPEN_FILES) < OPEN_FILES:
        print("the system allows too few open files for 2,000 streams", file=sys.stderr)
    return SCALES[key].points(address)


def show_scale(key: str, points: Sequence[Point]) -> str:
    """Lay a scale out for a terminal."""
    scale = SCALES[key]
    lines = [f"{scale.title}, by {scale.of}"]
    for size, costs in points:
        shown = "  ".join(f"{name} {cost:.2f} {scale.unit}" for name, cost in costs.items())
        lines.append(f"  {size:>9,}  {shown}")
    return "\n".join(lines)
