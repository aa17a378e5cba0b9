"""Layers that have nothing to limit, to hold or to repeat pass everything on."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator

import pytest

from headwater import (
    Call,
    ChatRequest,
    Event,
    Finished,
    FinishReason,
    Limits,
    ModelId,
    Operation,
    Overloaded,
    Started,
    TextDelta,
    Usage,
    UsageUpdated,
    user,
)
from headwater.middleware import Deadline, Log, Middleware, Retry, Timeout, compose

LAYERS: list[Middleware] = [Log(), Deadline(), Retry(), Timeout()]
WHOLE: list[Event] = [
    Started("m"),
    UsageUpdated(Usage(1)),
    TextDelta("a"),
    UsageUpdated(Usage(2)),
    TextDelta("b"),
    Finished(FinishReason.STOP),
]


async def passed(events: list[Event], limits: Limits, layer: Middleware) -> list[Event]:
    """Send events through a layer."""
    request = ChatRequest(model=ModelId("p", "m"), messages=(user("Hi"),))
    call = Call(request=request, operation=Operation.STREAM_CHAT, limits=limits)

    async def handler(_call: Call) -> AsyncGenerator[Event, None]:
        for event in events:
            yield event

    return [event async for event in compose([layer], handler)(call)]


OFF = Limits(
    connect_s=math.inf,
    first_content_s=math.inf,
    idle_s=math.inf,
    content_gap_s=math.inf,
    total_s=math.inf,
)
EACH = Limits(content_gap_s=5)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
@pytest.mark.parametrize("limits", [Limits(), OFF, EACH], ids=["default", "off", "gap"])
async def test_a_layer_passes_everything_on(layer: Middleware, limits: Limits) -> None:
    """Whatever is limited or not."""
    assert await passed(WHOLE, limits, layer) == WHOLE


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
async def test_a_layer_passes_on_what_has_no_content(layer: Middleware) -> None:
    """A handler that gives a beginning and no more is not the layer's to judge."""
    assert await passed(WHOLE[:2], Limits(), layer) == WHOLE[:2]
    assert await passed([], Limits(), layer) == []


def limits_from(value: int) -> Limits:
    """Make limits that differ from each other."""
    return Limits(
        connect_s=value + 1,
        first_content_s=value + 2,
        idle_s=value + 3,
        content_gap_s=value + 4,
        total_s=value + 5,
        attempts=value + 6,
    )


@pytest.mark.parametrize(
    ("asked", "own", "declared"),
    [(0, 10, 20), (None, 0, 10), (None, None, 0)],
    ids=["call", "middleware", "provider"],
)
async def test_the_nearest_of_each_limit_counts(
    asked: int | None, own: int | None, declared: int
) -> None:
    """What the call sets beats the layer, and that the provider: each limit by itself."""
    tried = 0

    async def fail(_call: Call) -> AsyncGenerator[Event, None]:
        nonlocal tried
        tried += 1
        nothing: list[Event] = []
        for event in nothing:
            yield event
        raise Overloaded("no room")

    async def sleep(_seconds: float) -> None:
        """Wait for nothing."""

    layer = Limits() if own is None else limits_from(own)
    call = Call(
        request=ChatRequest(model=ModelId("p", "m"), messages=(user("Hi"),)),
        operation=Operation.STREAM_CHAT,
        limits=Limits() if asked is None else limits_from(asked),
        declared=lambda _model: limits_from(declared),
    )
    layers: list[Middleware] = [
        Deadline(layer.total_s),
        Retry(layer.attempts, sleep=sleep, jitter=lambda: 0.0),
        Timeout(layer.connect_s, layer.first_content_s, layer.idle_s, layer.content_gap_s),
    ]
    with pytest.raises(Overloaded):
        await anext(compose(layers, fail)(call))
    watch = call.watch
    call.end()
    assert (watch.connect_s, watch.first_content_s, watch.idle_s, watch.content_gap_s, tried) == (
        1,
        2,
        3,
        4,
        6,
    )
    assert 4 < call.deadline - time.monotonic() <= 5
