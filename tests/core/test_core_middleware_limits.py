"""Layers that have nothing to limit, to hold or to repeat pass everything on."""

from __future__ import annotations

import math
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
