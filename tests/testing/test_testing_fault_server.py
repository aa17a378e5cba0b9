"""The server that misbehaves: it says what its script says, and tells what it saw."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import subprocess
import sys
import threading
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from headwater.testing import FaultServer, respond
from headwater.testing.fault_server import (
    PING,
    Closing,
    Drip,
    End,
    Framing,
    Raw,
    Repeat,
    Reset,
    Script,
    SeenRequest,
    Stall,
    Wait,
    chunk,
    cut,
    garbage,
    giant_line,
    head,
)

CERTIFICATE = Path(__file__).parents[1] / "faults" / "localhost.pem"
REQUEST = b"POST /chat HTTP/1.1\r\nHost: x\r\nX-Key: k\r\nContent-Length: 8\r\n\r\n" + b'{"a": 1}'


async def asked(server: FaultServer, request: bytes = REQUEST) -> bytes:
    """Send a request, and give all that comes until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    try:
        return await reader.read()
    finally:
        writer.close()


def body_of(answer: bytes) -> bytes:
    """Give what follows the head."""
    return answer.partition(b"\r\n\r\n")[2]


SCRIPTS: dict[str, tuple[Script, bytes]] = {
    "bytes": ([b"abc", End()], b"abc"),
    "raw": ([Raw(b"abc"), End()], b"abc"),
    "a wait": ([b"a", Wait(0.01), b"b", End()], b"ab"),
    "a drip": ([Drip(b"abcde", 2, every_s=0.001), End()], b"abcde"),
    "a repeat": ([Repeat(b"ab", times=3), End()], b"ababab"),
    "nothing": ([End()], b""),
    "what follows an end": ([b"a", End(), b"b"], b"a"),
    "a cut": (cut([b"abc", Wait(0.001), b"def"], 4), b"abcd"),
    "a cut in a drip": (cut([Drip(b"abc", every_s=0.001)], 2), b"ab"),
    "a cut in raw bytes": (cut([Raw(b"abc")], 2), b"ab"),
    "a cut in a repeat": (cut([Repeat(b"ab", times=3)], 3, then=End()), b"aba"),
    "a cut beyond the end": (cut([b"abc"], 9), b"abc"),
}


@pytest.mark.parametrize(("script", "expected"), SCRIPTS.values(), ids=SCRIPTS.keys())
async def test_a_script_is_said_as_it_stands(script: Script, expected: bytes) -> None:
    """The client gets these bytes and no others."""
    async with FaultServer(script) as server:
        assert await asked(server) == expected


ANSWERS: dict[str, tuple[Script, bytes]] = {
    "chunked": (
        respond(b"ab", b"c", Raw(b"!")),
        b"2\r\nab\r\n1\r\nc\r\n!0\r\n\r\n",
    ),
    "sized": (respond(b"abc", framing=Framing.SIZED), b"abc"),
    "until closed": (respond(b"abc", framing=Framing.CLOSED), b"abc"),
    "dripped": (respond(Drip(b"ab", every_s=0.001)), b"2\r\nab\r\n0\r\n\r\n"),
    "repeated": (respond(Repeat(b"a", times=2)), b"1\r\na\r\n1\r\na\r\n0\r\n\r\n"),
    "cut": (respond(b"ab", End()), b"2\r\nab\r\n"),
    "empty": (respond(framing=Framing.SIZED), b""),
    "a ping": (respond(PING, End()), chunk(PING)),
}


@pytest.mark.parametrize(("script", "expected"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_an_answer_is_framed(script: Script, expected: bytes) -> None:
    """The body is framed as was asked, and ends as its last step says."""
    async with FaultServer([*script, End()]) as server:
        assert body_of(await asked(server)) == expected


def heads(script: Script) -> bytes:
    """Give the bytes that a script begins with."""
    assert isinstance(script[0], bytes)
    return script[0].partition(b"\r\n\r\n")[0]


def test_the_head_says_what_it_is_told() -> None:
    """Status and headers are those given; the media type follows the status."""
    said = heads(respond(b"{}", status=429, headers={"Retry-After": "2"}))
    assert said.startswith(b"HTTP/1.1 429 ")
    assert b"\r\nretry-after: 2" in said
    assert b"\r\ncontent-type: application/json" in said
    assert b"text/event-stream" in heads(respond())
    assert b"text/html" in heads(respond(media_type="text/html"))
    assert head(204) == b"HTTP/1.1 204 Scripted\r\n\r\n"


def test_a_size_may_be_a_lie() -> None:
    """A content-length may claim more than comes."""
    said = heads(respond(b"abc", End(), framing=Framing.SIZED, short_by_bytes=50))
    assert b"content-length: 53" in said


def test_a_size_that_cannot_be_known_is_refused() -> None:
    """An endless body has no length."""
    with pytest.raises(ValueError, match="a Repeat without times"):
        respond(Repeat(b"a"), framing=Framing.SIZED)


async def test_a_compressed_answer_can_be_read_as_it_comes() -> None:
    """Each step is flushed, and the whole is one gzip stream."""
    steps = (b"a", Drip(b"b", every_s=0.001), Wait(0.001), Repeat(b"c", times=2))
    async with FaultServer(respond(*steps, framing=Framing.CLOSED, gzipped=True)) as server:
        answer = await asked(server)
    assert b"content-encoding: gzip" in answer
    assert zlib.decompress(body_of(answer), wbits=31) == b"abcc"
    begun = respond(b"a", End(), framing=Framing.CLOSED, gzipped=True)
    async with FaultServer(begun) as server:
        unpacker = zlib.decompressobj(wbits=31)
        assert unpacker.decompress(body_of(await asked(server))) == b"a"
        assert not unpacker.eof


def test_garbage_and_giants() -> None:
    """Garbage is the same each time, a giant line as long as was asked."""
    assert garbage(5, seed=1) == garbage(5, seed=1) != garbage(5)
    line = giant_line(2**20 + 1)
    assert line.times is not None
    assert len(line.data) * line.times >= 2**20 + 1


async def test_requests_are_seen_as_they_came() -> None:
    """Method, target, headers and body, and when."""
    async with FaultServer([End()]) as server:
        await asked(server)
        await asked(server)
    request = server.requests[0]
    assert (request.method, request.target, request.headers["x-key"]) == ("POST", "/chat", "k")
    assert request.json() == {"a": 1}
    assert server.gaps_s == [server.requests[1].at - request.at]
    assert server.gaps_s[0] > 0


CHUNKED_REQUEST = (
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
)


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_request_may_come_in_pieces(size: int) -> None:
    """However it is cut, and whatever says where it ends; two on one connection are two."""
    sent = REQUEST + CHUNKED_REQUEST
    async with FaultServer([b"a"], [b"b", End()]) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for at in range(0, len(sent), size):
            writer.write(sent[at : at + size])
            await asyncio.sleep(0)
        assert await reader.read() == b"ab"
        writer.close()
    assert [request.body for request in server.requests] == [b'{"a": 1}', b"abcde"]
    assert (len(server.connections), server.reuses) == (1, 1)


async def test_what_is_no_http_is_hung_up_on() -> None:
    """The first bytes of another protocol end the connection."""
    async with FaultServer([b"a"]) as server:
        assert await asked(server, b"\x16\x03\x01\r\n\r\n") == b""
    assert server.requests == []


async def test_the_last_script_is_for_all_that_follow() -> None:
    """Scripts are taken in their order, and may be replaced."""
    async with FaultServer([b"a", End()], [b"b", End()]) as server:
        assert [await asked(server) for _ in range(3)] == [b"a", b"b", b"b"]
        server.answer_with([b"c", End()])
        assert await asked(server) == b"c"


async def test_without_a_script_it_says_so() -> None:
    """A server that was given nothing answers that."""
    async with FaultServer() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(REQUEST)
        assert b" 501 " in await reader.readline()
        writer.close()


async def test_a_function_may_choose_the_script() -> None:
    """Given the request, it routes."""

    def route(request: SeenRequest) -> Script:
        return [request.target.encode(), End()]

    async with FaultServer(route) as server:
        assert await asked(server) == b"/chat"
        assert await asked(server, b"GET /models HTTP/1.1\r\n\r\n") == b"/models"


async def failing(answer: object) -> None:
    """Ask a server whose own code fails."""
    async with FaultServer(answer) as server:  # type: ignore[arg-type]  # wrong on purpose
        assert await asked(server) == b""


async def test_a_function_that_fails_fails_the_test() -> None:
    """Its exception comes out as the server is left, and the client is hung up on."""

    def route(_request: SeenRequest) -> Script:
        raise KeyError("no such route")

    with pytest.raises(KeyError, match="no such route"):
        await failing(route)


async def test_a_script_that_is_none_fails_the_test() -> None:
    """What a wrong step raises is not lost."""
    with pytest.raises(TypeError, match="is no step"):
        await failing(["text", End()])


async def test_an_error_of_the_test_itself_comes_first() -> None:
    """A failure of the server does not hide the test's own."""

    async def fail() -> None:
        async with FaultServer(lambda _: []) as server:
            server.answer_with(lambda _: 1 / 0)  # type: ignore[arg-type,return-value]
            await asked(server)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()


async def close_softly(writer: asyncio.StreamWriter) -> None:
    """Say goodbye."""
    writer.close()
    await writer.wait_closed()


async def close_hard(writer: asyncio.StreamWriter) -> None:
    """Tear the connection down."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


BY_CLIENT = {Closing.CLIENT_END, Closing.CLIENT_RESET}  # either, as bytes may be left unread


@pytest.mark.parametrize(
    ("script", "leave", "closing"),
    [
        ([Stall()], close_softly, {Closing.CLIENT_END}),
        ([Repeat(b"", 0.01)], close_softly, {Closing.CLIENT_END}),
        ([Stall()], close_hard, {Closing.CLIENT_RESET}),
        ([End()], None, {Closing.SERVER_END}),
        ([Reset()], None, {Closing.SERVER_RESET}),
        ([Repeat(b"a", 0.001)], close_softly, BY_CLIENT),
        ([Drip(b"a" * 99, every_s=0.005)], close_softly, BY_CLIENT),
    ],
    ids=[
        "end",
        "while it says nothing",
        "reset",
        "server's end",
        "server's reset",
        "while it repeats",
        "while it drips",
    ],
)
async def test_who_ended_a_connection_is_told(
    script: Script, leave: object, closing: set[Closing]
) -> None:
    """And how, and when."""
    async with FaultServer(script) as server:
        _reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(REQUEST)
        await server.requests_seen()
        left_at = asyncio.get_running_loop().time()
        if callable(leave):
            await leave(writer)
        seen = await server.end_seen()
        assert seen.closing in closing
        assert -0.01 <= await server.end_seen_s(left_at) < 1
        writer.close()


async def test_a_script_ends_with_its_connection() -> None:
    """What is left of it is not played to nobody."""
    async with FaultServer([Wait(0.02), Reset()]) as server:
        _reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(REQUEST)
        await server.requests_seen()
        await close_softly(writer)
        await asyncio.gather(*server.tasks)
    assert server.connections[0].closing is Closing.CLIENT_END


@pytest.mark.slow
async def test_bytes_are_counted_as_they_are_taken() -> None:
    """A client that does not read holds the server back, and the count shows it."""
    async with FaultServer([Repeat(b"x" * 2**16)]) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=2**16)
        writer.write(REQUEST)
        await server.requests_seen()
        held, looks = 0, 0
        while looks < 10:  # how long the kernels take to fill their buffers is their affair
            await asyncio.sleep(0.02)
            taken = server.taken_bytes
            assert taken < 2**24
            held, looks = taken, looks + 1 if taken == held else 0
        assert 0 < held < server.connections[0].given_bytes < 2**24
        for _ in range(200):
            await reader.read(2**16)
        await server.until(lambda: server.taken_bytes > held)
        writer.close()
        await server.end_seen()
    assert server.taken_bytes <= server.connections[0].given_bytes


async def test_a_greeting_comes_before_any_request() -> None:
    """A server may hang up on whoever connects, or speak first."""
    async with FaultServer([b"a"], greeting=[b"SSH-2.0", End()]) as server:
        assert await asked(server, b"") == b"SSH-2.0"
    async with FaultServer([b"a"], greeting=[Reset()]) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
    assert server.requests == []


async def test_it_speaks_tls() -> None:
    """With a certificate it is reached over https."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    async with FaultServer([b"abc", End()], certificate=CERTIFICATE) as server:
        assert server.url == f"https://localhost:{server.port}"
        reader, writer = await asyncio.open_connection("localhost", server.port, ssl=context)
        writer.write(REQUEST)
        assert await reader.read() == b"abc"
        writer.close()
    assert server.taken_bytes == 3


async def test_what_is_not_seen_is_not_waited_for_long() -> None:
    """The wait for a condition has an end."""
    async with FaultServer([End()]) as server:
        with pytest.raises(TimeoutError):
            await server.until(lambda: False, within_s=0.01)
        await asked(server)  # and what wakes nobody harms nobody


@pytest.mark.parametrize("script", [[Stall()], [Repeat(b"a")], [Wait(30)], []])
async def test_leaving_it_leaves_nothing(script: Script) -> None:
    """No task, no socket, no warning, with clients still there and scripts under way."""
    async with FaultServer(script) as server:
        streams = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
        for _, writer in streams:
            writer.write(REQUEST)
        await server.requests_seen(3)
        assert len(server.tasks) == (3 if script else len(server.tasks))
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert server.tasks == set()
    assert {seen.closing for seen in server.connections} == {Closing.SERVER_RESET}
    for _, writer in streams:
        writer.close()
    gc.collect()


def ask_blocking(server: FaultServer) -> bytes:
    """Ask without a loop."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(REQUEST)
        answer = bytearray()
        while data := client.recv(2**16):
            answer += data
    return bytes(answer)


def test_it_runs_in_a_thread_of_its_own() -> None:
    """Code without a loop gets answers, waits for what is seen, and leaves no thread."""
    with FaultServer([b"abc", End()]) as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert ask_blocking(server) == b"abc"
        server.wait_until(lambda: server.connections[0].closing is not None)
        with pytest.raises(TimeoutError):
            server.wait_until(lambda: False, within_s=0.01)
        server.answer_with([b"d", End()])
        assert ask_blocking(server) == b"d"
    assert [thread.name for thread in threading.enumerate() if thread.name == "FaultServer"] == []
    gc.collect()


def test_a_thread_that_cannot_start_says_why() -> None:
    """A certificate that is none is raised where the server was entered."""
    with pytest.raises(ssl.SSLError), FaultServer(certificate=Path(__file__)):
        pass


def test_a_thread_hands_over_what_failed() -> None:
    """A function that fails fails the test there too."""

    def ask() -> None:
        with FaultServer(lambda _: 1 / 0) as server:  # type: ignore[arg-type,return-value]
            ask_blocking(server)

    with pytest.raises(ZeroDivisionError):
        ask()


async def test_a_thread_serves_a_loop_as_well() -> None:
    """A test with a loop of its own may wait for what a server elsewhere sees."""
    with FaultServer([b"abc", End()]) as server:
        assert await asked(server) == b"abc"
        assert (await server.end_seen()).closing is Closing.SERVER_END
    assert server.gaps_s == []


def test_it_needs_no_test_framework() -> None:
    """Neither pytest, hypothesis nor an HTTP library is loaded with it."""
    code = "import sys, headwater.testing.fault_server\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"pytest", "hypothesis", "aiohttp"} & set(done.stdout.split()) == set()


@pytest.mark.parametrize("turns", range(5))
def test_a_connection_that_is_just_accepted_is_let_go(turns: int) -> None:
    """Leaving the server as a client comes leaves no socket behind, however far it has come."""

    async def come_and_leave() -> socket.socket:
        async with FaultServer() as server:
            client = socket.create_connection(("127.0.0.1", server.port))
            for _ in range(turns):
                await asyncio.sleep(0)
        return client

    with asyncio.run(come_and_leave()) as client:
        client.settimeout(1)
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""
    gc.collect()  # a socket that was left would warn now, which fails the test
