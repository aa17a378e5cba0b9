"""Frames of a transport of somebody's own, passed on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

import pytest

from headwater.parts import JSONValue
from headwater.wire.frames import Framing
from headwater.wire.relay import RelayedResponse
from headwater.wire.sse import ServerSentEvent


class Frames:
    """Give what it is told to, and note whether its frames were ended."""

    def __init__(
        self,
        *events: ServerSentEvent,
        lines: tuple[bytes, ...] = (),
        value: JSONValue = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = 203
        self.headers = headers or {}
        self.is_ended = False
        self._events = events
        self._lines = lines
        self._value = value

    async def sse(self) -> AsyncGenerator[ServerSentEvent, None]:
        try:
            for event in self._events:
                yield event
        finally:
            self.is_ended = True

    async def ndjson(self) -> AsyncGenerator[bytes, None]:
        for line in self._lines:
            yield line

    async def json(self) -> JSONValue:
        return self._value


EVENTS = {
    "plain": ServerSentEvent("message", '{"a": 1}'),
    "all its fields": ServerSentEvent("delta", "a", "7", 50),
    "no data": ServerSentEvent("ping", ""),
    "lines": ServerSentEvent("message", "a\n\nb\n"),
    "blanks": ServerSentEvent("message", "  a  "),
    "a field": ServerSentEvent("message", "data: a\nid: 9"),
    "not ASCII": ServerSentEvent("é", "\u2028é😀\x85", "é"),
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
async def test_an_event_arrives_as_it_was_given(event: ServerSentEvent) -> None:
    """Whatever it holds, and in its order."""
    relayed = RelayedResponse(Frames(event, EVENTS["plain"], event))
    given = [(each.event, each.data, each.retry) async for each in relayed.sse()]
    expected = (event.event, event.data, event.retry)
    assert given == [expected, ("message", '{"a": 1}', None), expected]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
async def test_the_lines_of_an_event_end_with_a_newline(end: str) -> None:
    """As they do in an event that came as bytes; to JSON it is all one."""
    relayed = RelayedResponse(Frames(ServerSentEvent("message", f'{{"a":{end}1}}')))
    assert [each.data async for each in relayed.sse()] == ['{"a":\n1}']


@pytest.mark.parametrize("media_type", ["application/json", "text/html", "text/event-stream"])
async def test_frames_are_frames_whatever_the_bytes_were(media_type: str) -> None:
    """They have been told apart already: the headers are for the reader of the headers."""
    headers = {"content-type": media_type}
    frames = Frames(EVENTS["plain"], lines=(b"{}",), value={"a": [1, None]}, headers=headers)
    assert [each.data async for each in RelayedResponse(frames).sse()] == ['{"a": 1}']
    assert [line async for line in RelayedResponse(frames).ndjson()] == [b"{}"]
    relayed = RelayedResponse(frames)
    assert await relayed.json() == {"a": [1, None]}
    assert (relayed.status, relayed.headers) == (203, headers)


async def test_bytes_come_a_frame_at_a_time() -> None:
    """What decodes reads them as any others: once to each, then the end again and again."""
    relayed = RelayedResponse(Frames(lines=(b'{"a":1}', b'{"b":2}')))
    reader = relayed.reader(Framing.NDJSON)
    taken = [[data for _, data, _, _ in reader.take(await relayed.read_chunk())] for _ in "1234"]
    assert taken == [[b'{"a":1}'], [b'{"b":2}'], [], []]


async def test_what_is_left_of_the_frames_is_ended() -> None:
    """As the context is left."""
    frames = Frames(EVENTS["plain"], EVENTS["plain"])
    relayed = RelayedResponse(frames)
    await anext(relayed.sse())
    assert not frames.is_ended
    await relayed.aclose()
    assert frames.is_ended
