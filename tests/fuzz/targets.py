"""What is fuzzed, each by a name: a function that takes any bytes, and raises if a promise breaks.

The first bytes of an input choose how the rest is cut, and which deviations a decoder knows.
"""

from __future__ import annotations

import random
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import pairwise
from typing import Final, TypeAlias, TypeVar

import headwater_anthropic._decode
import headwater_anthropic._errors
import headwater_chat_completions._decode
import headwater_chat_completions._errors
import headwater_google._decode
import headwater_google._errors
import headwater_ollama._decode
import headwater_ollama._errors
import headwater_responses._decode
import headwater_responses._errors
from headwater import Event, Finished, HeadwaterError, Started, fold
from headwater.events import ToolCallDelta, ToolCallFinished, ToolCallStarted
from headwater.wire.answer import StreamDecoder, stream_events
from headwater.wire.ndjson import NDJSONDecoder
from headwater.wire.sse import SSEDecoder
from headwater.wire.transport import Framing, ReadError, Response
from headwater_chat_completions.hosted_services import deepseek, mistral, openrouter
from headwater_responses import Quirks as ResponsesQuirks

__all__ = ["TARGETS", "Target"]

T = TypeVar("T")
Target: TypeAlias = Callable[[bytes], None]

MAX_EVENT_BYTES: Final = 256  # small, so that inputs reach it
MAX_SLICES: Final = 12
MAX_REPR: Final = 200  # characters of events for each byte of input
MAX_MESSAGE: Final = 8192
_BLOCK_END: Final = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)")  # where servers send, as a rule


def _slices(seed: int, body: bytes) -> list[bytes]:
    """Cut bytes as the seed has it: after each block, or into a few slices of any size."""
    if seed % 4 == 3:
        return [piece for piece in _BLOCK_END.split(body) if piece]
    chance = random.Random(seed)
    places = sorted(chance.randrange(len(body) + 1) for _ in range(seed % MAX_SLICES))
    edges = [0, *places, len(body)]
    return [piece for a, b in pairwise(edges) if (piece := body[a:b])]


def _sse(data: bytes) -> None:
    """Fuzz the framing of server-sent events."""
    seed, body = data[:1], data[1:]
    _framed(SSEDecoder, _slices(sum(seed), body), body)


def _ndjson(data: bytes) -> None:
    """Fuzz the framing of JSON lines."""
    seed, body = data[:1], data[1:]
    _framed(NDJSONDecoder, _slices(sum(seed), body), body)


def _framed(
    kind: type[SSEDecoder] | type[NDJSONDecoder], slices: Sequence[bytes], body: bytes
) -> None:
    whole, cut = _frames(kind, [body]), _frames(kind, slices)
    assert cut == whole, f"cut {slices!r}: {cut!r}, whole: {whole!r}"
    for frame in whole[0]:
        # A byte that is no UTF-8 becomes the three of U+FFFD.
        assert len(frame[1]) <= 3 * MAX_EVENT_BYTES, f"a frame over the limit: {frame!r}"


def _frames(
    kind: type[SSEDecoder] | type[NDJSONDecoder], slices: Sequence[bytes]
) -> tuple[list[tuple[str, bytes]], type[HeadwaterError] | None]:
    decoder = kind(max_event_bytes=MAX_EVENT_BYTES)
    found: list[tuple[str, bytes]] = []
    try:
        for piece in [*slices, b"\n\n"]:
            found += [(name, data) for name, data, _, _ in decoder.frames(piece)]
            decoder.check()
    except HeadwaterError as error:
        return found, type(error)
    return found, None


def _decoded(makers: Sequence[Callable[[], StreamDecoder]], framing: Framing, data: bytes) -> None:
    """Fuzz a decoder over its framing: the bytes cut and whole, and as an answer of one piece."""
    seed, choice, body = sum(data[:1]), sum(data[1:2]), data[2:]
    make = makers[choice % len(makers)]
    whole, cut = _answer(make(), framing, [body]), _answer(make(), framing, _slices(seed, body))
    assert cut == whole, f"cut: {cut!r}, whole: {whole!r}"
    _check_grammar(whole[0])
    assert len(repr(whole[0])) <= 1000 + MAX_REPR * len(body), "events much larger than the input"
    try:
        _check_grammar(list(make().whole(body)))  # type: ignore[attr-defined]  # each of ours has it
    except HeadwaterError as error:
        _check_message(error)


def _answer(
    decoder: StreamDecoder, framing: Framing, slices: Sequence[bytes]
) -> tuple[list[Event], type[HeadwaterError] | None]:
    chunks = iter([*slices, b""])

    async def read_chunk() -> bytes:
        return next(chunks)

    events: list[Event] = []
    response = Response(200, {"content-type": "text/event-stream"}, read_chunk)
    try:
        _drive(stream_events(nullcontext(response), decoder, framing), events.append)
    except HeadwaterError as error:
        _check_message(error)
        return events, type(error)
    return events, None


def _drive(values: AsyncGenerator[T, None], take: Callable[[T], None]) -> None:
    """Read an async generator that waits for nothing, without a loop: a loop costs more than it."""
    while True:
        try:
            values.__anext__().send(None)
        except StopIteration as ending:
            take(ending.value)
        except StopAsyncIteration:
            return


def _check_grammar(events: Sequence[Event]) -> None:
    """Check what `headwater.events` says of the order of events."""
    opened: list[str] = []
    closed: list[str] = []
    for place, event in enumerate(events):
        match event:
            case Started():
                assert place == 0, f"Started at place {place}"
            case Finished():
                assert place == len(events) - 1, f"Finished at place {place}"
                assert sorted(opened) == sorted(closed), "a call was left open"
            case ToolCallStarted(call_id=call_id):
                assert call_id not in opened, f"{call_id} began twice"
                opened.append(call_id)
            case ToolCallDelta(call_id=call_id):
                assert call_id in opened, f"{call_id} was never begun"
                assert call_id not in closed, f"{call_id} had ended"
            case ToolCallFinished(call_id=call_id):
                assert call_id in opened, f"{call_id} was never begun"
                assert call_id not in closed, f"{call_id} ended twice"
                closed.append(call_id)
            case _:
                pass
    fold(events)


def _check_message(error: HeadwaterError) -> None:
    assert str(error), f"{type(error).__name__} says nothing"
    assert len(error.message) <= MAX_MESSAGE, "a message of thousands of characters"


def _error(read: ReadError, data: bytes) -> None:
    """Fuzz a reader of refusals: some status, headers with hints, and any body."""
    first, _, body = data.partition(b"\n")
    status = 400 + sum(first[:1]) % 200
    hint = first[1:].decode("latin-1")
    headers = {"retry-after": hint, "x-request-id": hint, "x-should-retry": hint}
    error = read(status, headers, body)
    assert isinstance(error, HeadwaterError)
    _check_message(error)
    wait = error.retry_after_s
    assert wait is None or 0 <= wait < float("inf"), f"a wait of {wait}"


_CHAT_QUIRKS: Final = [
    headwater_chat_completions.Quirks(),
    *(make().quirks for make in (deepseek, mistral, openrouter)),
]

TARGETS: Final[Mapping[str, Target]] = {
    "sse": _sse,
    "ndjson": _ndjson,
    "anthropic": partial(_decoded, [headwater_anthropic._decode.Decoder], Framing.SSE),
    "chat-completions": partial(
        _decoded,
        [partial(headwater_chat_completions._decode.Decoder, quirks) for quirks in _CHAT_QUIRKS],
        Framing.SSE,
    ),
    "google": partial(_decoded, [headwater_google._decode.Decoder], Framing.SSE),
    "ollama": partial(_decoded, [headwater_ollama._decode.Decoder], Framing.NDJSON),
    "responses": partial(
        _decoded, [partial(headwater_responses._decode.Decoder, ResponsesQuirks())], Framing.SSE
    ),
    "anthropic-errors": partial(_error, headwater_anthropic._errors.read_error),
    "chat-completions-errors": partial(
        _error, partial(headwater_chat_completions._errors.read_error, _CHAT_QUIRKS[0])
    ),
    "google-errors": partial(_error, headwater_google._errors.read_error),
    "ollama-errors": partial(_error, partial(headwater_ollama._errors.read_error, "any")),
    "responses-errors": partial(
        _error, partial(headwater_responses._errors.read_error, ResponsesQuirks())
    ),
}
