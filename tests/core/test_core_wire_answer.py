"""Frames to events, over a response that is given."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import pytest

from headwater import Event, Finished, FinishReason, Overloaded, TextDelta, Usage, UsageUpdated
from headwater.wire.answer import stream_events
from headwater.wire.transport import Framing, Response


class Decoder:
    """Take each frame as text; "end" settles the answer, "done" ends it, "error" fails it."""

    def __init__(self) -> None:
        self.is_settled = False
        self.is_done = False
        self.names: list[str] = []

    def feed(self, data: bytes, name: str) -> Iterable[Event]:
        self.names.append(name)
        text = data.decode()
        self.is_done = text == "done"
        self.is_failed = text == "error"
        self.is_settled = self.is_settled or text in ("end", "done", "error")
        return [Finished(FinishReason.STOP)] if self.is_done else [TextDelta(text)]

    def check(self) -> None:
        if self.is_failed:
            raise Overloaded("busy")

    def close(self) -> Iterable[Event]:
        return [Finished(FinishReason.OTHER)] if self.is_settled else []


class Sent:
    """Answer with bytes, and note what became of the response."""

    def __init__(self, *chunks: bytes) -> None:
        self.is_open = False
        self._chunks = [*chunks, b""]
        self.response = Response(200, {}, self._next)

    async def _next(self) -> bytes:
        return self._chunks.pop(0)

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator[Response, None]:
        self.is_open = True
        try:
            yield self.response
        finally:
            await self.response.aclose()
            self.is_open = False


STOP = Finished(FinishReason.STOP)
OTHER = Finished(FinishReason.OTHER)


@pytest.mark.parametrize(
    ("body", "expected", "is_settled"),
    [
        (b"data: a\n\ndata: done\n\ndata: b\n\n", [TextDelta("a"), STOP], False),
        (b"data: end\n\ndata: done\n\n", [TextDelta("end"), STOP], True),
        (b"data: a\n\ndata: end\n\n", [TextDelta("a"), TextDelta("end"), OTHER], True),
        (b"data: a\n\n", [TextDelta("a")], False),
        (b"", [], False),
    ],
    ids=["done", "settled, then done", "settled", "cut", "empty"],
)
async def test_frames_become_events(
    body: bytes, expected: list[Event], *, is_settled: bool
) -> None:
    """Up to the end mark, or what the decoder makes of an end without one."""
    sent = Sent(body)
    assert [event async for event in stream_events(sent.sending(), Decoder())] == expected
    assert (sent.is_open, sent.response.is_settled) == (False, is_settled)


async def test_an_error_comes_after_the_events_of_its_frame() -> None:
    """And closes the response."""
    sent = Sent(b"data: error\n\ndata: a\n\n")
    events: list[Event] = []

    async def read() -> None:
        async for event in stream_events(sent.sending(), Decoder()):
            events.append(event)  # noqa: PERF401  # kept as they come, the error notwithstanding

    with pytest.raises(Overloaded):
        await read()
    assert (events, sent.is_open) == ([TextDelta("error")], False)


async def test_the_name_of_an_event_is_told() -> None:
    """And lines have none."""
    decoder = Decoder()
    sending = Sent(b"event: ping\ndata: a\n\n").sending()
    assert [event async for event in stream_events(sending, decoder)] == [TextDelta("a")]
    lines = stream_events(Sent(b"a\nb\n").sending(), decoder, Framing.NDJSON)
    assert [event async for event in lines] == [TextDelta("a"), TextDelta("b")]
    assert decoder.names == ["ping", "message", "message"]


async def test_leaving_closes_the_response() -> None:
    """At whatever event."""
    sent = Sent(b"data: a\n\n", b"data: b\n\n")
    events = stream_events(sent.sending(), Decoder())
    assert await anext(events) == TextDelta("a")
    assert sent.is_open
    await events.aclose()
    assert not sent.is_open


class Counting(Decoder):
    """Count silently, and tell at the end."""

    def close(self) -> Iterable[Event]:
        return [UsageUpdated(Usage(1, 2)), Finished(FinishReason.OTHER)]


async def test_a_count_that_was_not_told_comes_before_the_error() -> None:
    """The partial answer has it; what else would complete the answer is left out."""
    sent = Sent(b"data: a\n\n", b"data: error\n\n")
    events = stream_events(sent.sending(), Counting())
    expected = [TextDelta("a"), TextDelta("error"), UsageUpdated(Usage(1, 2))]
    assert [await anext(events) for _ in expected] == expected
    with pytest.raises(Overloaded):
        await anext(events)
    assert not sent.is_open
