"""Recordings, played back."""

from __future__ import annotations

import time
from collections.abc import Mapping

import attrs
import pytest

from headwater import (
    HeadwaterError,
    InvalidRequest,
    Runner,
    Secret,
    ServerError,
    StreamInterrupted,
)
from headwater.errors import IdleTimeout
from headwater.testing import Recording, ReplayTransport, Reply
from headwater.wire.recording import Ending, RecordedChunk, RecordedRequest
from headwater.wire.redaction import Redactor
from headwater.wire.transport import HTTPRequest

KEY = "sk-test-0123456789"
ASKED = HTTPRequest.post_json("https://a.test/chat", {"q": f"of {KEY}"}, {"k": Secret(KEY)})
OTHER = HTTPRequest.post_json("https://a.test/chat", {"q": "another"})
RECORDING = Recording(
    request=RecordedRequest(
        "POST", "https://b.test/chat", {}, Redactor([Secret(KEY)]).whole(ASKED.body or b"")
    ),
    answered_at_s=0.01,
    status=200,
    headers={"content-type": "text/event-stream"},
    chunks=(RecordedChunk(0.02, b"abc"), RecordedChunk(0.06, b"def")),
    ending=Ending.COMPLETE,
    ended_at_s=0.07,
)


def refuse(status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
    """Make an error, which the transport beneath an attempt leaves to that."""
    return ServerError("it failed", status=status)


async def read(transport: ReplayTransport, request: HTTPRequest = ASKED) -> list[bytes]:
    """Read the chunks of a reply."""
    chunks = []
    async with transport.send(request, errors=refuse) as response:
        while chunk := await response.read_chunk():
            chunks.append(chunk)
    return chunks


async def test_at_once() -> None:
    """Without a speed nothing waits, and the chunks are those that came."""
    transport = ReplayTransport.of(attrs.evolve(RECORDING, ended_at_s=99.0))
    began_at = time.monotonic()
    assert await read(transport) == [b"abc", b"def"]
    assert time.monotonic() - began_at < 1
    assert transport.exchanges[0].reply.headers == {"content-type": "text/event-stream"}


@pytest.mark.parametrize(("speed", "least_s"), [(1.0, 0.06), (2.0, 0.03)])
async def test_at_a_pace(speed: float, least_s: float) -> None:
    """The pauses are those of the recording, or a part of them."""
    began_at = time.monotonic()
    assert await read(ReplayTransport.of(RECORDING, speed=speed)) == [b"abc", b"def"]
    assert time.monotonic() - began_at >= least_s


async def test_sliced_anew() -> None:
    """Chunks of a size, or the very ones that are given."""
    assert await read(ReplayTransport.of(RECORDING, slices=4)) == [b"abcd", b"ef"]
    reply = Reply.of(RECORDING, slices=[b"a", b"bcdef"])
    assert await read(ReplayTransport(reply)) == [b"a", b"bcdef"]


@pytest.mark.parametrize(
    ("ending", "error", "kind", "told"),
    [
        (Ending.FAILED, "IdleTimeout", IdleTimeout, "it was"),
        (Ending.FAILED, "NewerError", StreamInterrupted, "ended as 'failed'"),
        (Ending.CANCELLED, None, StreamInterrupted, "ended as 'cancelled'"),
        (Ending.LEFT, None, StreamInterrupted, "ended as 'left'"),
        (Ending.UNKNOWN, None, StreamInterrupted, "ended as 'unknown'"),
    ],
)
@pytest.mark.parametrize("status", [200, None])
async def test_the_ending_is_played(
    ending: Ending,
    error: str | None,
    kind: type[HeadwaterError],
    told: str,
    status: int | None,
) -> None:
    """What was cut is cut again, with the error that it was."""
    cut = attrs.evolve(RECORDING, ending=ending, error=error, message="it was", status=status)
    with pytest.raises(kind, match=told):
        await read(ReplayTransport.of(cut))


async def test_an_answer_that_never_came() -> None:
    """A recording without a status never becomes an answer."""
    with pytest.raises(StreamInterrupted, match="ended as 'complete'"):
        await read(ReplayTransport.of(attrs.evolve(RECORDING, status=None)))


async def test_by_request() -> None:
    """Method, path and body choose; keys do not count, nor does the host."""
    mine = attrs.evolve(RECORDING, chunks=(RecordedChunk(0, b"again"),))
    body = RecordedRequest("POST", "https://b.test/chat", {}, OTHER.body)
    others = attrs.evolve(RECORDING, request=body, chunks=(RecordedChunk(0, b"other"),))
    transport = ReplayTransport.of(RECORDING, others, mine, by_request=True)
    assert await read(transport, OTHER) == [b"other"]
    assert [await read(transport) for _ in range(3)] == [[b"abc", b"def"], [b"again"], [b"again"]]
    for stranger in (
        HTTPRequest("GET", "https://a.test/chat"),
        HTTPRequest("POST", "https://a.test/chat", {}, b"no JSON"),
        HTTPRequest.post_json("https://a.test/elsewhere", {"q": "another"}),
    ):
        with pytest.raises(InvalidRequest, match=r"no recording fits (GET|POST) /"):
            await read(transport, stranger)


async def test_a_closed_runner_of_a_replay_leaves_nothing() -> None:
    """A replay is a transport as any other."""
    async with Runner(transport=ReplayTransport.of(RECORDING)) as runner:
        assert runner.middleware
