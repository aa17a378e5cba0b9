"""The guard against growth: how many instructions Python executes for one token and one call.

Counted without a network, so that the counts are the same on every machine, but for the order of
some timers: each bytecode instruction, and up to Python 3.11, where there is no other way than the
hooks for debuggers and profilers, each call of a function written in C. `baseline.json` holds the
counts for each version of Python; `python -m tests.benchmarks baseline` writes them anew.
"""

from __future__ import annotations

import asyncio
import gc
import json
import platform
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final, Self

from headwater import Runner
from headwater.middleware import Deadline, Log, Middleware, Retry, Timeout
from headwater.wire.ndjson import NDJSONDecoder
from headwater.wire.sse import SSEDecoder

from .answers import WIRES
from .layers import plugin_step, runner_step
from .ours import provider
from .replay import Replay, sliced

__all__ = [
    "BASELINE",
    "PYTHON",
    "changes",
    "count_all",
    "count_pipeline",
    "read_baseline",
    "write_baseline",
]

Counts = Mapping[str, float]

BASELINE: Final = Path(__file__).with_name("baseline.json")
PYTHON: Final = ".".join(platform.python_version_tuple()[:2])
TOLERANCE: Final = 0.1
_TOOL: Final = 4  # the first id that nobody is meant to have
FEW: Final = 20
MANY: Final = 120
WHOLE_TOKENS: Final = 200


class _Counter:
    """Count what is executed, as long as its context lasts."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Self:
        if sys.version_info >= (3, 12):
            watch = sys.monitoring
            watch.use_tool_id(_TOOL, __name__)
            watch.register_callback(_TOOL, watch.events.INSTRUCTION, self._executed)
            watch.set_events(_TOOL, watch.events.INSTRUCTION)
        else:
            self._before = sys.gettrace(), sys.getprofile()
            sys.setprofile(self._profiled)
            sys.settrace(self._traced)
        return self

    def __exit__(self, *_error: object) -> None:
        if sys.version_info >= (3, 12):
            sys.monitoring.free_tool_id(_TOOL)
        else:
            sys.settrace(self._before[0])
            sys.setprofile(self._before[1])

    def _executed(self, _code: object, _offset: int) -> None:
        self.count += 1

    def _traced(self, frame: FrameType, event: str, _arg: object) -> Any:
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        if event == "opcode":
            self.count += 1
        return self._traced

    def _profiled(self, _frame: FrameType, event: str, _arg: object) -> None:
        if event == "c_call":
            self.count += 1


async def _counted(work: Callable[[], Awaitable[object]]) -> int:
    """Count one piece of work; it never waits, so that the event loop has no part in it."""
    await work()  # what is done but once
    collects = gc.isenabled()
    gc.disable()
    try:
        with _Counter() as counter:
            await work()
    finally:
        if collects:
            gc.enable()
    return counter.count


async def _token_and_call(make: Callable[[int], Callable[[], Awaitable[object]]]) -> Counts:
    """Tell what a further token costs from what a call costs, by answers of two lengths."""
    few, many = [await _counted(make(tokens)) for tokens in (FEW, MANY)]
    token = (many - few) / (MANY - FEW)
    return {"a token": round(token, 1), "a call": round(few - FEW * token)}


def _replay(wire: str, tokens: int) -> Replay:
    return Replay(sliced(wire, tokens), WIRES[wire].content_type)


class _Quiet:
    """A logger that writes nothing, so that the counts hang on nobody's configuration."""

    def info(self, event: str, **fields: Any) -> None:
        """Take what is ordinary."""

    def warning(self, event: str, **fields: Any) -> None:
        """Take what somebody should look at."""


def _runner(plugin: object, replay: Replay, more: Sequence[Middleware] = ()) -> Runner:
    layers = [*more, Log(_Quiet()), Deadline(), Retry(), Timeout()]
    return Runner(providers={"bench": plugin}, middleware=layers, transport=replay)


async def count_plugin(wire: str) -> Counts:
    """Count framing and the plugin: a request encoded, frames decoded."""
    plugin = provider(wire, "http://127.0.0.1:1")
    return await _token_and_call(lambda tokens: plugin_step(_replay(wire, tokens), plugin))


async def count_pipeline(wire: str, more: Sequence[Middleware] = ()) -> Counts:
    """Count the whole, with the layers of the default middleware, and perhaps some more."""
    plugin = provider(wire, "http://127.0.0.1:1")
    return await _token_and_call(
        lambda tokens: runner_step(_runner(plugin, _replay(wire, tokens), more))
    )


async def _count_whole(wire: str) -> Counts:
    body = [WIRES[wire].whole(WHOLE_TOKENS)]
    plugin = provider(wire, "http://127.0.0.1:1")
    runner = _runner(plugin, Replay(body, "application/json"))
    return {"a call": await _counted(lambda: runner.chat("bench/bench", "go"))}


async def _count_framing(wire: str) -> Counts:
    """Count framing, all in one piece, and one event a read."""
    events = WIRES[wire].streamed(MANY).deltas
    kind = NDJSONDecoder if wire == "ollama" else SSEDecoder

    async def feed(pieces: Sequence[bytes]) -> None:
        decoder = kind()
        for piece in pieces:
            decoder.feed(piece)

    together = await _counted(lambda: feed([b"".join(events)]))
    each = await _counted(lambda: feed(events))
    return {"an event of many": round(together / MANY, 1), "an event a read": round(each / MANY, 1)}


async def _count_all() -> dict[str, float]:
    found: dict[str, float] = {}
    for wire in WIRES:
        for what, count in (
            ("framing", _count_framing),
            ("plugin", count_plugin),
            ("pipeline", count_pipeline),
            ("without streaming", _count_whole),
        ):
            for item, number in (await count(wire)).items():
                found[f"{wire}: {what}, {item}"] = number
    return found


def count_all() -> dict[str, float]:
    """Count everything that is guarded; some seconds."""
    return asyncio.run(_count_all())


def changes(counts: Counts, baseline: Counts) -> list[str]:
    """List what is more than a tenth away from the baseline, in words.

    What became cheaper is listed too: a baseline that is too high guards nothing.
    """
    found = [f"{name}: counted, but not in the baseline" for name in counts.keys() - baseline]
    found += [f"{name}: in the baseline, but not counted" for name in baseline.keys() - counts]
    for name in counts.keys() & baseline.keys():
        change = counts[name] / baseline[name] - 1
        if abs(change) > TOLERANCE:
            found.append(
                f"{name}: {counts[name]:g} instructions, {change:+.0%} from {baseline[name]:g}"
            )
    return sorted(found)


def read_baseline() -> Counts | None:
    """Read what was counted for this version of Python, None if nobody has."""
    found: Counts | None = json.loads(BASELINE.read_text()).get(PYTHON)
    return found


def write_baseline(counts: Counts) -> None:
    """Make the counts the baseline of this version of Python."""
    kept = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    BASELINE.write_text(json.dumps({**kept, PYTHON: counts}, indent=1, sort_keys=True) + "\n")
