"""Calling a plugin's hook without the runner, to see what the runner would mend."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import attrs

from ...call import Call, Operation
from ...discovery import Registry
from ...errors import HeadwaterError
from ...events import Event
from ...options import read_request
from ...wire.attempt import AttemptTransport
from ...wire.sse import DEFAULT_MAX_EVENT_BYTES
from ..replay import Exchange, ReplayTransport, Reply
from ..samples import Sample
from ._promises import Skipped
from ._running import PROMPT, asked_for, reply_of, run
from ._subject import Subject

__all__ = ["Hook", "opened", "own_events"]


@attrs.frozen
class Hook:
    """Hold the generator that a plugin made.

    Attributes:
        events: The generator.
        exchanges: The requests that it has sent.
    """

    events: AsyncGenerator[Event, None]
    exchanges: list[Exchange]


@asynccontextmanager
async def opened(
    subject: Subject, reply: Reply, sample: Sample | None = None
) -> AsyncGenerator[Hook, None]:
    """Call `stream_chat`; whatever the plugin leaves open is closed at the end.

    Raises:
        Skipped: The provider has none, but answers in one piece alone.
    """
    name = subject.model.provider
    provider = Registry({name: subject.make()}).get(name)
    if not provider.implements("stream_chat"):
        raise Skipped("the provider has no stream_chat of its own")
    request = read_request(subject.model, PROMPT, asked_for(subject, sample))
    call = Call(request=request, operation=Operation.STREAM_CHAT)
    replay = ReplayTransport(reply)
    transport = AttemptTransport(call, lambda: replay, DEFAULT_MAX_EVENT_BYTES)
    events = provider.hooks.stream_chat(request=request, transport=transport)
    try:
        yield Hook(events, replay.exchanges)
    finally:
        transport.cut()
        await events.aclose()
        await transport.aclose()


def own_events(subject: Subject, sample: Sample) -> list[Event]:
    """Give the events that the plugin itself yields, as far as they come."""

    async def read() -> list[Event]:
        found: list[Event] = []
        async with opened(subject, reply_of(sample), sample) as hook:
            with suppress(HeadwaterError):
                async for event in hook.events:
                    found.append(event)  # noqa: PERF401  # kept as they come, if an error follows
        return found

    return run(read)
