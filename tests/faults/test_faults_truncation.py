"""A half answer is never a success, however the rest of it went missing."""

from __future__ import annotations

import gzip
import zlib

import pytest

from headwater import (
    ChatResponse,
    Provenance,
    Runner,
    StreamInterrupted,
)
from headwater.testing.fault_server import (
    LAST_CHUNK,
    End,
    FaultServer,
    Wait,
    chunk,
)

from .wire import CHUNKED, DONE, events, head, said


async def test_a_cut_answer_counts_what_it_can(runner: Runner, server: FaultServer) -> None:
    """The partial answer has a usage, estimated where nobody counted."""
    server.answer_with([CHUNKED + said("a", "b") + LAST_CHUNK])
    stream = runner.stream_chat("wire/m", "Hi")
    with pytest.raises(StreamInterrupted):
        await stream.collect()
    usage = stream.response.usage
    assert (usage.provenance, usage.output_tokens) == (Provenance.ESTIMATED, 1)


async def test_a_cut_answer_keeps_the_count_that_came(runner: Runner, server: FaultServer) -> None:
    """A count that came before the cut is kept, and called partial."""
    server.answer_with([CHUNKED + said("begin", "count", "a") + LAST_CHUNK])
    stream = runner.stream_chat("wire/m", "Hi")
    with pytest.raises(StreamInterrupted):
        await stream.collect()
    assert (stream.response.usage.provenance, stream.response.usage.input_tokens) == (
        Provenance.PARTIAL,
        7,
    )


async def test_a_chat_that_stays_cut_raises_with_what_had_come(
    runner: Runner, server: FaultServer
) -> None:
    """An answer asked for whole carries its half as well when it fails."""
    server.answer_with([CHUNKED + said("a", "b") + LAST_CHUNK])
    with pytest.raises(StreamInterrupted) as caught:
        await runner.chat("wire/m", "Hi")
    assert isinstance(caught.value.partial, ChatResponse)
    assert (caught.value.partial.text, caught.value.attempts) == ("ab", 3)


@pytest.mark.parametrize("end", [b"", b"\n"], ids=["in the line", "after it"])
async def test_an_unterminated_event_of_whole_json_counts(
    runner: Runner, server: FaultServer, end: bytes
) -> None:
    """The last event counts without its blank line if its data is complete JSON."""
    server.answer_with([CHUNKED + said("a") + chunk(b'data: {"x": 1}' + end) + LAST_CHUNK])
    stream = runner.stream_chat("wire/m", "Hi")
    with pytest.raises(StreamInterrupted):
        await stream.collect()
    assert stream.response.text == 'a{"x": 1}'


def compressed(body: bytes, encoding: str = "gzip") -> bytes:
    """Give a whole answer whose body is compressed, although nobody asked for that."""
    packed = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    return head(200, f"content-length: {len(packed)}", f"content-encoding: {encoding}") + packed


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_compressed_answer_is_read(
    runner: Runner, server: FaultServer, encoding: str
) -> None:
    """A server that compresses unasked is understood."""
    server.answer_with([compressed(events("a", "b", DONE), encoding)])
    assert (await runner.stream_chat("wire/m", "Hi").collect()).text == "ab"


async def test_an_answer_without_its_last_count_keeps_the_one_before(
    runner: Runner, server: FaultServer
) -> None:
    """A count that came before the finish reason is partial, and beats an estimate."""
    server.answer_with([CHUNKED + said("count", "a", "stop"), End()])
    response = await runner.stream_chat("wire/m", "Hi").collect()
    assert (response.usage.provenance, response.usage.input_tokens) == (Provenance.PARTIAL, 7)


async def test_what_follows_the_finish_reason_is_still_read(
    runner: Runner, server: FaultServer
) -> None:
    """A usage that comes a little after the finish reason is taken."""
    server.answer_with([CHUNKED + said("a", "stop"), Wait(0.05), said(DONE) + LAST_CHUNK])
    response = await runner.stream_chat("wire/m", "Hi").collect()
    assert response.usage.provenance is Provenance.REPORTED
