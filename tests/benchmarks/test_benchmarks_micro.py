"""`make bench-micro`: parsers, decoders and layers by themselves. In ordinary runs each runs once.

One measurement is 1,000 events, so that microseconds a round are nanoseconds an event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from headwater import Runner
from headwater.middleware import Deadline, Log, Middleware, Retry, Timeout
from headwater.wire.ndjson import NDJSONDecoder
from headwater.wire.sse import SSEDecoder

from .answers import WIRES
from .layers import plugin_step, runner_step
from .ours import provider
from .replay import Replay, sliced

EVENTS = 1_000


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    """Run coroutines on one loop."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.parametrize("wire", [*WIRES])
@pytest.mark.parametrize("is_live", [False, True], ids=["at once", "one event a read"])
def test_framing(benchmark: BenchmarkFixture, wire: str, is_live: bool) -> None:
    """Bytes to frames, however the bytes are cut."""
    events = WIRES[wire].streamed(EVENTS).deltas
    pieces: Sequence[bytes] = events if is_live else [b"".join(events)]
    kind = NDJSONDecoder if wire == "ollama" else SSEDecoder

    def feed() -> int:
        decoder = kind()
        return sum([len(decoder.feed(piece)) for piece in pieces])

    assert benchmark(feed) == EVENTS


@pytest.mark.parametrize("wire", [*WIRES])
def test_plugin(benchmark: BenchmarkFixture, loop: asyncio.Runner, wire: str) -> None:
    """Framing, JSON and events, by the plugin alone."""
    replay = Replay(sliced(wire, EVENTS), WIRES[wire].content_type)
    step = plugin_step(replay, provider(wire, "http://127.0.0.1:1"))
    benchmark(lambda: loop.run(step()))


@pytest.mark.parametrize(
    "layers",
    [[], [Timeout()], [Retry()], [Deadline()], [Log()], [Log(), Deadline(), Retry(), Timeout()]],
    ids=["none", "Timeout", "Retry", "Deadline", "Log", "default"],
)
def test_layers(
    benchmark: BenchmarkFixture, loop: asyncio.Runner, layers: Sequence[Middleware]
) -> None:
    """The whole way through the runner, with these layers of middleware."""
    replay = Replay(sliced("chat", EVENTS), WIRES["chat"].content_type)
    plugin = provider("chat", "http://127.0.0.1:1")
    step = runner_step(Runner(providers={"bench": plugin}, middleware=layers, transport=replay))
    benchmark(lambda: loop.run(step()))
