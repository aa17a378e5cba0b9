"""Where the time goes: what one token and one call cost, layer by layer, without a network.

Each step does what the one before it does and one thing more; the difference is that thing's cost.
The steps take turns, and the differences are medians over the rounds.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any, Final

from headwater import ChatRequest, ModelId, Runner, user
from headwater.middleware import Deadline, Log, Middleware, Retry, Timeout

from .answers import WIRES
from .ours import provider
from .place import on_core
from .replay import Replay, sliced

__all__ = ["COSTS", "Layers", "measure_layers", "plugin_step", "runner_step", "show_layers"]

Step = Callable[[], Coroutine[None, None, object]]
Layers = Mapping[str, Mapping[str, Mapping[str, float]]]
"""For each wire, and for a token and a call, what each layer costs in seconds."""

ROUNDS: Final = 15
COSTS: Final = {"a token": (10_000, 1, 10_000), "a call of 10 tokens": (10, 150, 1)}
"""Tokens of an answer, answers a round, and what the cost of one is divided by."""

_MIDDLEWARE: Final[list[tuple[str, Callable[[], Middleware]]]] = [
    ("Timeout", Timeout),
    ("Retry", Retry),
    ("Deadline", Deadline),
    ("Log", Log),
]


async def _exhaust(items: AsyncIterable[object]) -> None:
    async for _item in items:
        pass


async def _read(replay: Replay) -> None:
    response = replay.response()
    while await response.read_chunk():
        pass


async def _frame(replay: Replay, wire: str) -> None:
    response = replay.response()
    frames: Any = response.ndjson() if wire == "ollama" else response.sse()
    await _exhaust(frames)


def plugin_step(replay: Replay, plugin: Any) -> Step:
    """Give the step that asks a plugin alone, and takes its events."""
    request = ChatRequest(model=ModelId("bench", "bench"), messages=(user("go"),))

    async def step() -> None:
        async with aclosing(plugin.stream_chat(request=request, transport=replay)) as events:
            await _exhaust(events)

    return step


def runner_step(runner: Runner) -> Step:
    """Give the step that asks a runner, and takes its events."""

    async def step() -> None:
        async with runner.stream_chat("bench/bench", "go") as events:
            await _exhaust(events)

    return step


def _steps(wire: str, tokens: int) -> dict[str, Step]:
    """Name what each step adds, and give the step."""
    replay = Replay(sliced(wire, tokens), WIRES[wire].content_type)
    plugin = provider(wire, "http://127.0.0.1:1")
    steps: dict[str, Step] = {
        "taking bytes": partial(_read, replay),
        "framing": partial(_frame, replay, wire),
        "the plugin: encoding, decoding": plugin_step(replay, plugin),
    }
    layers: list[Middleware] = []
    name = "runner, attempt, guard, handle"
    for more, make in [*_MIDDLEWARE, ("", Log)]:
        runner = Runner(providers={"bench": plugin}, middleware=[*layers], transport=replay)
        steps[name] = runner_step(runner)
        layers.insert(0, make())
        name = more
    return steps


async def _costs(steps: Mapping[str, Step], times: int) -> dict[str, float]:
    """Give the cost of each step by itself, once."""
    costs = {}
    for name, step in steps.items():
        began = time.process_time()
        for _ in range(times):
            await step()
        costs[name] = (time.process_time() - began) / times
    return costs


def _differences(rounds: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Give what each step costs more than the one before it."""
    added = [
        [cost - before for cost, before in zip(each.values(), [0.0, *each.values()], strict=False)]
        for each in rounds
    ]
    names = list(next(iter(rounds)))
    return {
        name: statistics.median(costs)
        for name, costs in zip(names, zip(*added, strict=True), strict=True)
    }


def measure_layers(wires: Iterable[str], rounds: int = ROUNDS) -> Layers:
    """Measure in this process."""
    on_core(0)

    async def measure(wire: str, tokens: int, times: int, divisor: int) -> dict[str, float]:
        steps = _steps(wire, tokens)
        await _costs(steps, 1)
        found = [await _costs(steps, times) for _ in range(rounds)]
        return {name: cost / divisor for name, cost in _differences(found).items()}

    return {
        wire: {what: asyncio.run(measure(wire, *work)) for what, work in COSTS.items()}
        for wire in wires
    }


def show_layers(layers: Layers) -> str:
    """Lay them out for a terminal."""
    lines = []
    for wire, costs in layers.items():
        for what, added in costs.items():
            lines.append(f"{WIRES[wire].title}: µs of CPU for {what}, without a network")
            lines += [f"  {name:34}{cost * 1e6:9.2f}" for name, cost in added.items()]
            lines.append(f"  {'all':34}{sum(added.values()) * 1e6:9.2f}")
    return "\n".join(lines)
