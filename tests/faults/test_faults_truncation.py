"""A half answer is never a success, however the rest of it went missing."""

from __future__ import annotations

import gzip
import zlib

import pytest

from headwater import (
    ChatResponse,
    FinishReason,
    HeadwaterError,
    IdleTimeout,
    ProtocolError,
    Provenance,
    Runner,
    StreamInterrupted,
)
from headwater.testing.fault_server import (
    LAST_CHUNK,
    End,
    FaultServer,
    Repeat,
    Reset,
    Script,
    Stall,
    Wait,
    chunk,
)
from headwater.wire.http import HTTPTransport

from .provider import Wire, read_into
from .wire import CHUNKED, DONE, events, head, said, whole

HALF = events("a", "b")
SHORT = [head(200, f"content-length: {len(HALF) + 50}") + HALF]

CUTS: dict[str, Script] = {
    "no end mark": [CHUNKED + said("a", "b") + LAST_CHUNK],
    "no end mark, sized": [head(200, f"content-length: {len(HALF)}") + HALF],
    "no end mark, until closed": [head(200, "connection: close") + HALF, End()],
    "short content-length": [*SHORT, End()],
    "short content-length, reset": [*SHORT, Wait(0.02), Reset()],
    "no last chunk": [CHUNKED + said("a", "b"), End()],
    "cut in a chunk": [CHUNKED + said("a", "b") + b"40\r\ndata: c", End()],
    "cut in a chunk header": [CHUNKED + said("a", "b") + b"4", End()],
    "reset": [CHUNKED + said("a", "b"), Wait(0.02), Reset()],
    "cut in an event": [CHUNKED + said("a", "b") + chunk(b"data: [DO") + LAST_CHUNK],
    "cut in a line's end": [CHUNKED + said("a", "b") + chunk(b"data: c\n") + LAST_CHUNK],
}


@pytest.mark.parametrize("script", CUTS.values(), ids=CUTS.keys())
async def test_a_cut_answer_raises_with_what_had_come(
    runner: Runner, server: FaultServer, script: Script
) -> None:
    """Each way of losing the end raises StreamInterrupted, which holds exactly what was shown."""
    server.answer_with(script)
    shown: list[str] = []
    with pytest.raises(StreamInterrupted) as caught:
        await read_into(shown, runner.stream_chat("wire/m", "Hi"))
    partial = caught.value.partial
    assert partial is not None
    assert (shown, partial.text, partial.finish_reason) == (["a", "b"], "ab", None)


@pytest.mark.parametrize("script", CUTS.values(), ids=CUTS.keys())
async def test_a_cut_answer_is_not_asked_for_again(
    runner: Runner, server: FaultServer, script: Script
) -> None:
    """What has been shown is never asked for twice."""
    server.answer_with(script)
    with pytest.raises(StreamInterrupted):
        await runner.stream_chat("wire/m", "Hi").collect()
    assert len(server.requests) == 1


async def test_a_cut_answer_counts_what_it_can(runner: Runner, server: FaultServer) -> None:
    """The partial answer has a usage, estimated where nobody counted."""
    server.answer_with(CUTS["no end mark"])
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


async def test_a_garbage_chunk_header_does_not_hang(runner: Runner, server: FaultServer) -> None:
    """Bytes that are no chunk end the answer as an error of ours, at the latest by the limit."""
    server.answer_with([CHUNKED + said("a") + b"zz\r\nwhat\r\n", Stall()])
    with pytest.raises((StreamInterrupted, ProtocolError, IdleTimeout)):
        await runner.stream_chat("wire/m", "Hi", idle_s=0.2).collect()


async def test_a_chat_that_is_cut_is_tried_again(
    runner: Runner, server: FaultServer, waits: list[float]
) -> None:
    """Nobody has seen a half answer that was asked for whole, so it may be asked for again."""
    server.answer_with(CUTS["reset"], whole("c"))
    response = await runner.chat("wire/m", "Hi")
    assert (response.text, len(waits)) == ("c", 1)


async def test_a_chat_that_stays_cut_raises_with_what_had_come(
    runner: Runner, server: FaultServer
) -> None:
    """An answer asked for whole carries its half as well when it fails."""
    server.answer_with(CUTS["no end mark"])
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


EMPTY: dict[str, Script] = {
    "sized": [head(200, "content-length: 0")],
    "chunked": [CHUNKED + LAST_CHUNK],
    "closed": [head(200, "connection: close"), End()],
    "no answer": [End()],
    "reset for an answer": [Reset()],
    "half a head": [b"HTTP/1.1 200 O", End()],
    "white space alone": [CHUNKED + chunk(b"\n\n") + LAST_CHUNK],
}


@pytest.mark.parametrize("provider", ["wire", "whole"])
@pytest.mark.parametrize("script", EMPTY.values(), ids=EMPTY.keys())
async def test_nothing_is_tried_again(
    runner: Runner, server: FaultServer, script: Script, provider: str
) -> None:
    """A server that answers nothing gets another chance, as nobody can have seen anything."""
    server.answer_with(script, whole("a") if provider == "wire" else WHOLE)
    response = await runner.chat(f"{provider}/m", "Hi")
    assert (response.text, len(server.requests)) == ("a", 2)


WHOLE: Script = [head(200, "content-length: 1", media_type="text/plain") + b"a"]


@pytest.mark.parametrize("provider", ["wire", "whole"])
async def test_a_web_page_is_named_as_such(
    runner: Runner, server: FaultServer, provider: str
) -> None:
    """HTML under status 200 says where the address leads, and is not asked for again."""
    page = b"<html><body>Sign in \x1b[31mhere"
    server.answer_with([head(200, f"content-length: {len(page)}", media_type="text/html") + page])
    with pytest.raises(ProtocolError, match=r"got a web page.*Sign in \\x1b") as caught:
        await runner.chat(f"{provider}/m", "Hi")
    assert (len(server.requests), "\x1b" in str(caught.value)) == (1, False)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", ProtocolError),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", HeadwaterError),
    ],
    ids=["another protocol", "a broken header"],
)
async def test_what_is_no_http_is_an_error_of_ours(
    runner: Runner, server: FaultServer, answer: bytes, kind: type[HeadwaterError]
) -> None:
    """A server of another kind gives an error of ours."""
    server.answer_with([answer, End()])
    with pytest.raises(kind):
        await runner.chat("wire/m", "Hi")


async def test_a_giant_event_is_refused(server: FaultServer) -> None:
    """An event over the limit raises, what came before it is shown, and the rest is not taken."""
    server.answer_with([CHUNKED + said("a"), Repeat(chunk(b"data: " + b"x" * 2**16), 0.0)])
    async with Runner(providers={"wire": Wire(server.url)}, max_event_bytes=2**18) as runner:
        stream = runner.stream_chat("wire/m", "Hi")
        with pytest.raises(ProtocolError, match="max_event_bytes"):
            await stream.collect()
    assert stream.response.text == "a"


async def test_a_giant_answer_is_refused(server: FaultServer) -> None:
    """An endless answer of small events ends at the limit on the whole."""
    server.answer_with([CHUNKED, Repeat(said("a" * 1000), 0.0)])
    transport = HTTPTransport(max_answer_bytes=2**17)
    async with Runner(providers={"wire": Wire(server.url)}, transport=transport) as runner:
        with pytest.raises(ProtocolError, match="max_answer_bytes") as caught:
            await runner.stream_chat("wire/m", "Hi").collect()
    await transport.aclose()
    assert caught.value.attempts == 1


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


async def test_a_compressed_bomb_is_refused(runner: Runner, server: FaultServer) -> None:
    """A small body that unpacks to a giant event raises an error of ours about its size."""
    server.answer_with([compressed(b"data: " + b"x" * 2**26)])
    with pytest.raises(ProtocolError):
        await runner.stream_chat("wire/m", "Hi").collect()


async def test_what_only_claims_to_be_compressed_is_an_error_of_ours(
    runner: Runner, server: FaultServer
) -> None:
    """Bytes that are no gzip raise an error of ours."""
    server.answer_with([head(200, "content-length: 5", "content-encoding: gzip") + b"plain"])
    with pytest.raises(HeadwaterError):
        await runner.stream_chat("wire/m", "Hi").collect()


AFTER_THE_FINISH: dict[str, Script] = {
    "silence": [CHUNKED + said("a", "stop"), Stall()],
    "reset": [CHUNKED + said("a", "stop"), Wait(0.02), Reset()],
    "end": [CHUNKED + said("a", "stop"), End()],
    "end of the chunks": [CHUNKED + said("a", "stop") + LAST_CHUNK],
}


@pytest.mark.slow
@pytest.mark.parametrize("script", AFTER_THE_FINISH.values(), ids=AFTER_THE_FINISH.keys())
async def test_an_answer_with_its_finish_reason_is_complete(
    runner: Runner, server: FaultServer, script: Script
) -> None:
    """Where only usage or end mark are missing, neither silence nor a reset spoils the answer."""
    server.answer_with(script)
    response = await runner.stream_chat("wire/m", "Hi").collect()
    assert (response.text, response.finish_reason) == ("a", FinishReason.STOP)


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
