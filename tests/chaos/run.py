"""A chaos run: many streams over some slots, and the figures that must stay flat."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import attrs

from headwater import Runner
from headwater.middleware import Deadline, Log, Middleware, Retry, Timeout
from headwater.testing.payloads import Wire
from headwater_anthropic import Anthropic
from headwater_chat_completions import ChatCompletions

from .plan import consumer_of
from .reader import Reader

ROOT = Path(__file__).parents[2]
SAMPLES = 10
WARM = 3  # samples after which memory has to stay as it is
GROWTH_BYTES = 12 * 2**20
SPARE_TASKS = 4
LET_GO_LOOKS = 50


@attrs.frozen
class Sample:
    """What the process uses at one moment."""

    done: int
    at_s: float
    rss_bytes: int
    descriptors: int
    tasks: int


@attrs.define
class Report:
    """What came of a run.

    Attributes:
        outcomes: How the streams ended.
        attempts: How many streams made how many attempts.
        samples: What the process used meanwhile.
        server: What the server saw.
        duration_s: How long it took.
        violations: What must not have been.
    """

    outcomes: Counter[str] = attrs.field(factory=Counter)
    attempts: Counter[int] = attrs.field(factory=Counter)
    samples: list[Sample] = attrs.field(factory=list)
    server: dict[str, int] = attrs.field(factory=dict)
    duration_s: float = 0.0
    violations: list[str] = attrs.field(factory=list)


def descriptors() -> int:
    """Count the files and sockets that this process has open."""
    return len(os.listdir("/proc/self/fd"))


def rss_bytes() -> int:
    """Tell how much memory this process has."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


@contextmanager
def fault_server(seed: int) -> Iterator[subprocess.Popen[str]]:
    """Run the server in a process of its own, until the context is left."""
    command = [sys.executable, "-m", "tests.chaos.server", str(seed)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        yield process  # its input ends as the context is left, and so does it


def tell(process: subprocess.Popen[str]) -> str:
    """Read a line of what the server tells."""
    assert process.stdout is not None
    return process.stdout.readline()


@asynccontextmanager
async def watched(report: Report) -> AsyncGenerator[None, None]:
    """Note what nobody catches: in the loop, in destructors, and what was left open."""
    blame = report.violations.append
    loop, hook = asyncio.get_running_loop(), sys.unraisablehook
    loop.set_exception_handler(lambda _, context: blame(f"in the loop: {context['message']}"))
    sys.unraisablehook = lambda seen: blame(f"unraisable: {seen.exc_value!r}")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        try:
            yield
        finally:
            gc.collect()
            sys.unraisablehook = hook


async def chaos(streams: int, slots: int, seed: int) -> Report:
    """Make a run.

    Args:
        streams: How many streams.
        slots: How many at a time.
        seed: What decides faults and consumers.
    """
    report = Report()
    with fault_server(seed) as process:
        url = f"http://127.0.0.1:{int(tell(process))}"
        began_at = time.monotonic()
        open_before = descriptors()
        async with watched(report):
            async with _runner(url) as runner:
                await _run_all(runner, report, streams, slots, seed)
            await _settled(lambda: len(asyncio.all_tasks()) == 1)
            left = asyncio.all_tasks() - {asyncio.current_task()}
            if left:
                report.violations.append(f"{len(left)} tasks are left")
            await _settled(lambda: descriptors() <= open_before)
        report.duration_s = time.monotonic() - began_at
        if (now := descriptors()) > open_before:
            report.violations.append(f"{now - open_before} file descriptors are left")
        assert process.stdin is not None
        print("report", file=process.stdin, flush=True)
        report.server = json.loads(tell(process))
    _check_figures(report, slots)
    return report


async def _settled(condition: Callable[[], bool]) -> None:
    """Wait a little for what needs some turns of the loop, and is checked after."""
    for _ in range(LET_GO_LOOKS):
        if condition():
            return
        await asyncio.sleep(0.01)


def _runner(url: str) -> Runner:
    layers: list[Middleware] = [
        Log(),
        Deadline(15.0),
        Retry(attempts=3, initial_wait_s=0.01),
        Timeout(first_content_s=2.0, idle_s=1.0),
    ]
    providers: dict[str, object] = {
        Wire.CHAT_COMPLETIONS: ChatCompletions(url),
        Wire.ANTHROPIC: Anthropic("key", url),
    }
    return Runner(providers=providers, middleware=layers)


async def _run_all(runner: Runner, report: Report, streams: int, slots: int, seed: int) -> None:
    numbers = iter(range(streams))
    began_at = time.monotonic()
    done = 0

    async def slot() -> None:
        nonlocal done
        for number in numbers:
            reader = Reader(runner, number, consumer_of(seed, number))
            await reader.run()
            report.outcomes[reader.outcome] += 1
            report.attempts[reader.attempts] += 1
            report.violations += reader.violations
            done += 1
            if done % max(1, streams // SAMPLES) == 0:
                gc.collect()
                report.samples.append(
                    Sample(
                        done,
                        time.monotonic() - began_at,
                        rss_bytes(),
                        descriptors(),
                        len(asyncio.all_tasks()),
                    )
                )

    async with asyncio.TaskGroup() as group:
        for _ in range(slots):
            group.create_task(slot())


def _check_figures(report: Report, slots: int) -> None:
    blame = report.violations.append
    if report.server["open"]:
        blame(f"the server sees {report.server['open']} connections open")
    for sample in report.samples:
        if sample.tasks > 2 * slots + SPARE_TASKS:  # a slot, and the task that it cancels
            blame(f"{sample.tasks} tasks after {sample.done} streams")
    if len(report.samples) > WARM:
        growth = report.samples[-1].rss_bytes - report.samples[WARM - 1].rss_bytes
        if growth > GROWTH_BYTES:
            blame(f"memory grew by {growth / 2**20:.1f} MiB")
