"""Requests and responses, over bytes that are given."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import msgspec
import pytest

from headwater import InvalidRequest, ProtocolError, StreamInterrupted
from headwater.wire.sse import ServerSentEvent
from headwater.wire.transport import HTTPRequest, Response


def answer(
    *chunks: bytes, media_type: str = "text/event-stream", frames: list[bytes] | None = None
) -> Response:
    """Make a response of some chunks."""
    waiting = [*chunks, b""]

    async def read_chunk() -> bytes:
        return waiting.pop(0)

    return Response(
        200,
        {"content-type": media_type, "x-request-id": "r1"},
        read_chunk,
        on_frame=None if frames is None else frames.append,
    )


async def listed(frames: AsyncGenerator[object, None]) -> list[object]:
    """Read to the end."""
    return [frame async for frame in frames]


def test_a_request_of_json_says_so() -> None:
    """With the body encoded, and headers of one's own."""
    request = HTTPRequest.post_json("https://h", {"a": 1}, {"x": "y"})
    assert (request.method, request.body) == ("POST", b'{"a":1}')
    assert request.headers == {"content-type": "application/json", "x": "y"}


def test_the_body_of_a_request_does_not_show() -> None:
    """It holds the conversation."""
    assert "secret" not in repr(HTTPRequest.post_json("https://h", {"a": "secret"}))


async def test_a_response_names_its_request() -> None:
    """And closes nothing where there is nothing to close."""
    response = answer()
    response.close()
    await response.aclose()
    assert response.request_id == "r1"


async def test_a_response_gives_events() -> None:
    """And the frames to whoever is shown them."""
    frames: list[bytes] = []
    response = answer(b"data: a\n\nda", b"ta: b\n\n", frames=frames)
    assert await listed(response.sse()) == [
        ServerSentEvent("message", "a"),
        ServerSentEvent("message", "b"),
    ]
    assert frames == [b"a", b"b"]


@pytest.mark.parametrize(("end", "counts"), [(b'data: {"a":1}', True), (b'data: {"a":', False)])
async def test_an_unterminated_event_counts_if_it_is_json(end: bytes, counts: bool) -> None:
    """Half a JSON text is no event."""
    frames: list[bytes] = []
    assert len(await listed(answer(end, frames=frames).sse())) == len(frames) == int(counts)


@pytest.mark.parametrize("end", [b"data: " + b"[" * 100_000, b'data: "\xff"'], ids=["bomb", "text"])
async def test_an_unterminated_event_of_anything_is_read(end: bytes) -> None:
    """Whatever stands at the end, it does not make the reading fail."""
    assert len(await listed(answer(end).sse())) <= 1


async def test_a_response_gives_lines() -> None:
    """And the frames to whoever is shown them."""
    frames: list[bytes] = []
    response = answer(b'{"a":1}\n{"b"', b":2}", media_type="application/x-ndjson", frames=frames)
    assert await listed(response.ndjson()) == frames == [b'{"a":1}', b'{"b":2}']


async def test_lines_need_nobody_to_be_shown_to() -> None:
    """Frames are kept for those who asked."""
    assert await listed(answer(b"{}\n").ndjson()) == [b"{}"]


async def test_an_unterminated_line_that_is_no_json_does_not_count() -> None:
    """It was cut."""
    assert await listed(answer(b'{"a"').ndjson()) == []


async def test_a_web_page_gives_no_lines() -> None:
    """As it gives no events."""
    with pytest.raises(ProtocolError, match="got a web page"):
        await listed(answer(b"<html>", media_type="text/html; charset=utf-8").ndjson())


async def test_plain_json_in_place_of_events_is_one() -> None:
    """As some servers answer when they fail."""
    frames: list[bytes] = []
    response = answer(b'{"error"', b": 1}", media_type="Application/JSON; a=b", frames=frames)
    assert await listed(response.sse()) == [ServerSentEvent("message", '{"error": 1}')]
    assert frames == [b'{"error": 1}']


@pytest.mark.parametrize("chunks", [(), (b" \n",)], ids=["nothing", "white space"])
async def test_a_body_of_nothing_is_a_cut(chunks: tuple[bytes, ...]) -> None:
    """There is no answer in it."""
    with pytest.raises(StreamInterrupted, match="without a byte of a body"):
        await answer(*chunks).read()


async def test_a_body_is_decoded() -> None:
    """However it came."""
    assert await answer(b'{"a"', b": [1]}").json() == {"a": [1]}


@pytest.mark.parametrize(
    "body", [b'{"a": ', b'"\xff"', b"[" * 100_000], ids=["cut", "no text", "a bomb"]
)
async def test_a_body_that_is_no_json_is_malformed(body: bytes) -> None:
    """The error shows where."""
    with pytest.raises(ProtocolError, match="expected JSON, got"):
        await answer(body).json()


class Count(msgspec.Struct):
    """Stand for what a plugin reads."""

    tokens: int


async def test_a_body_is_decoded_as_a_kind() -> None:
    """What is not read is passed over."""
    assert await answer(b'{"tokens": 3, ', b'"b": 1}').read_as(Count, "a count") == Count(3)


@pytest.mark.parametrize(
    "body",
    [b'{"tokens": "3"}', b"[]", b'{"tokens": 3', b'"\xff"'],
    ids=["type", "list", "cut", "no"],
)
async def test_a_body_of_another_kind_is_malformed(body: bytes) -> None:
    """The error says what was expected."""
    with pytest.raises(ProtocolError, match="expected a count, got"):
        await answer(body).read_as(Count, "a count")


async def test_frames_that_are_being_read_are_ended() -> None:
    """The transport does so as the context is left."""
    response = answer(b"data: a\n\n", b"data: b\n\n")
    frames = response.sse()
    await anext(frames)
    await response.aclose()
    assert await listed(frames) == []


def _nested(depth: int) -> list[object]:
    inner: list[object] = []
    for _ in range(depth):
        inner = [inner]
    return inner


@pytest.mark.parametrize(
    "body",
    [{"a": object()}, {"a": "\ud800"}, {1j: 2}, _nested(100_000)],
    ids=["object", "surrogate", "key", "depth"],
)
def test_a_body_that_is_no_json_is_refused(body: object) -> None:
    """What the caller gave is named as his to mend, whichever plugin sends it."""
    with pytest.raises(InvalidRequest, match="cannot be written as JSON"):
        HTTPRequest.post_json("https://h", body)
