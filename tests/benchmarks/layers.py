"""Where the time goes: what one token and one call cost, layer by layer.

Each step does what the one before it does and one thing more; the difference is that thing's cost.
The steps take turns, and the differences are medians over the rounds.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable, Mapping
from contextlib import aclosing
from typing import Any, Final

from headwater import ChatRequest, HeadwaterError, ModelId, Runner, user
from headwater.middleware import Deadline, Log, Middleware, Retry, Timeout
from headwater.wire.http import HTTPTransport
from headwater.wire.transport import Framing, HTTPRequest, Transport

from .answers import WIRES
from .ours import provider
from .place import staying_on_core
from .replay import Replay, sliced

__all__ = ["COSTS", "Layers", "measure_layers", "plugin_step", "runner_step", "show_layers"]

Step = Callable[[], Coroutine[None, None, object]]
Layers = Mapping[str, Mapping[str, Mapping[str, float]]]
"""For each wire, and for a token and a call, what each layer costs in seconds."""

ROUNDS: Final = 15
MODEL: Final = "bench"
COSTS: Final = {
    "a token": (10_000, 1, 10_000),
    "a call of 10 tokens": (10, 150, 1),
    "the same over a socket": (10, 80, 1),
}
"""Tokens of an answer, answers a round, and what the cost of one is divided by.

All but the last with a transport that has the answer in memory.
"""
OVER_A_SOCKET: Final = "the same over a socket"

_MIDDLEWARE: Final[list[tuple[str, Callable[[], Middleware]]]] = [
    ("Timeout", Timeout),
    ("Retry", Retry),
    ("Deadline", Deadline),
    ("Log", Log),
]


async def _exhaust(items: AsyncIterable[object]) -> None:
    async for _item in items:
        pass


def _refused(_status: int, _headers: Mapping[str, str], _body: bytes) -> HeadwaterError:
    raise AssertionError("the server refused a request")


def _transport_steps(transport: Transport, sent: HTTPRequest, wire: str) -> dict[str, Step]:
    async def read() -> None:
        async with transport.send(sent, errors=_refused) as response:
            while await response.read_chunk():
                pass

    async def frame() -> None:
        async with transport.send(sent, errors=_refused) as response:
            reader = response.reader(Framing.NDJSON if wire == "ollama" else Framing.SSE)
            chunk = b"begun"
            while chunk:
                chunk = await response.read_chunk()
                for _ in reader.take(chunk):
                    pass

    return {"transport": read, "framing": frame}


def plugin_step(transport: Transport, plugin: Any, model: str = MODEL) -> Step:
    """Give the step that asks a plugin alone, and takes its events."""
    request = ChatRequest(model=ModelId("bench", model), messages=(user("go"),))

    async def step() -> None:
        async with aclosing(plugin.stream_chat(request=request, transport=transport)) as events:
            await _exhaust(events)

    return step


def runner_step(runner: Runner, model: str = MODEL) -> Step:
    """Give the step that asks a runner, and takes its events."""

    async def step() -> None:
        async with runner.stream_chat(f"bench/{model}", "go") as events:
            await _exhaust(events)

    return step


async def _steps(transport: Transport, wire: str, tokens: int, address: str) -> dict[str, Step]:
    """Name what each step adds, and give the step."""
    plugin, model = provider(wire, address), f"stream-{tokens}"
    replay = Replay(sliced(wire, tokens), WIRES[wire].content_type)
    await plugin_step(replay, plugin, model)()
    assert replay.sent is not None
    steps = _transport_steps(transport, replay.sent, wire)
    steps["the plugin: encoding, decoding"] = plugin_step(transport, plugin, model)
    layers: list[Middleware] = []
    name = "runner, attempt, guard, handle"
    for more, make in [*_MIDDLEWARE, ("", Log)]:
        runner = Runner(providers={"bench": plugin}, middleware=[*layers], transport=transport)
        steps[name] = runner_step(runner, model)
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


async def _measured(what: str, wire: str, address: str, rounds: int) -> dict[str, float]:
    tokens, times, divisor = COSTS[what]
    if what == OVER_A_SOCKET:
        http = HTTPTransport()
        try:
            steps = await _steps(http, wire, tokens, address)
            found = [await _costs(steps, times) for _ in range(rounds + 1)]
        finally:
            await http.aclose()
    else:
        replay = Replay(sliced(wire, tokens), WIRES[wire].content_type)
        steps = await _steps(replay, wire, tokens, address)
        found = [await _costs(steps, times) for _ in range(rounds + 1)]
    return {name: cost / divisor for name, cost in _differences(found[1:]).items()}


def measure_layers(wires: Iterable[str], address: str, rounds: int = ROUNDS) -> Layers:
    """Measure in this process, with the server at an address."""
    with staying_on_core(0):
        return {
            wire: {what: asyncio.run(_measured(what, wire, address, rounds)) for what in COSTS}
            for wire in wires
        }


def show_layers(layers: Layers) -> str:
    """Lay them out for a terminal."""
    lines = []
    for wire, costs in layers.items():
        for what, added in costs.items():
            lines.append(f"{WIRES[wire].title}: µs of CPU for {what}")
            lines += [f"  {name:34}{cost * 1e6:9.2f}" for name, cost in added.items()]
            lines.append(f"  {'all':34}{sum(added.values()) * 1e6:9.2f}")
    return "\n".join(lines)
