"""A loopback server that misbehaves as its script says, and keeps account of what it saw.

It speaks HTTP over a bare socket, so that it can say what no library would let it say.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias, cast

import attrs


@attrs.frozen
class Wait:
    """Say nothing for a while."""

    seconds: float


@attrs.frozen
class Stall:
    """Say nothing more, and keep the connection."""


@attrs.frozen
class End:
    """Close the connection in the ordinary way."""


@attrs.frozen
class Reset:
    """Tear the connection down, so that the client's kernel gets a reset."""


@attrs.frozen
class Repeat:
    """Send something again and again, until the client leaves."""

    data: bytes
    every_s: float = 0.0


Step: TypeAlias = bytes | Wait | Stall | End | Reset | Repeat
Script: TypeAlias = Sequence[Step]


@attrs.define(eq=False)
class Connection:
    """What the server knows of one connection.

    Attributes:
        number: Which one, counted from 0.
        sent_bytes: How much the server wrote to it.
        ended_at: When the client's end of it was seen, by the loop's clock.
        ended: Is set then.
    """

    number: int
    sent_bytes: int = 0
    ended_at: float | None = None
    ended: asyncio.Event = attrs.field(factory=asyncio.Event)


@attrs.frozen
class Seen:
    """One request as it came."""

    connection: Connection
    at: float
    head: str
    headers: dict[str, str]
    body: bytes


@attrs.define(eq=False)
class FaultServer:
    """Play one script for each request; the last one again when there are no more.

    Attributes:
        scripts: What to answer, request by request.
        requests: The requests that came whole.
        connections: The connections that were made.
        port: Where it listens.
    """

    scripts: list[Script]
    requests: list[Seen] = attrs.field(factory=list)
    connections: list[Connection] = attrs.field(factory=list)
    port: int = 0
    playing: set[asyncio.Task[None]] = attrs.field(factory=set)
    arrival: asyncio.Event = attrs.field(factory=asyncio.Event)

    @property
    def url(self) -> str:
        """The address for a provider's base URL."""
        return f"http://127.0.0.1:{self.port}"

    def answers(self, *scripts: Script) -> None:
        """Replace what is played from now on."""
        self.scripts[:] = scripts

    def next_script(self) -> Script:
        """Take the script for the next request."""
        return self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]

    async def end_seen_s(self, since: float, number: int = 0) -> float:
        """Wait until a connection was seen to end, and tell how long after a time that was."""
        connection = self.connections[number]
        async with asyncio.timeout(5):
            await connection.ended.wait()
        return cast("float", connection.ended_at) - since

    async def requests_seen(self, count: int) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(5):
            while len(self.requests) < count:
                self.arrival.clear()
                await self.arrival.wait()


class _Protocol(asyncio.Protocol):
    def __init__(self, server: FaultServer) -> None:
        self._server = server
        self._buffer = b""
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._connection = Connection(len(server.connections))
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=2**16)
        self._server.connections.append(self._connection)

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        size = int(headers.get("content-length", "0"))
        if len(rest) < size:
            return
        self._buffer = rest[size:]
        now = self._loop.time()
        self._server.requests.append(Seen(self._connection, now, first, headers, rest[:size]))
        self._server.arrival.set()
        task = self._loop.create_task(self._play(self._server.next_script()))
        self._server.playing.add(task)
        task.add_done_callback(self._server.playing.discard)

    def eof_received(self) -> None:
        self._end()

    def connection_lost(self, _error: Exception | None) -> None:
        self._end()

    def _end(self) -> None:
        if self._connection.ended_at is None:
            self._connection.ended_at = self._loop.time()
            self._connection.ended.set()
        self._may_write.set()

    async def _play(self, script: Script) -> None:
        for step in script:
            match step:
                case bytes():
                    await self._write(step)
                case Wait(seconds=seconds):
                    await asyncio.sleep(seconds)
                case Stall():
                    await self._connection.ended.wait()
                case End():
                    self._transport.close()
                case Reset():
                    self._reset()
                case Repeat():
                    await self._repeat(step)

    async def _repeat(self, step: Repeat) -> None:
        while self._connection.ended_at is None:
            await self._write(step.data)
            await asyncio.sleep(step.every_s)

    async def _write(self, data: bytes) -> None:
        await self._may_write.wait()
        if self._connection.ended_at is None and not self._transport.is_closing():
            self._transport.write(data)
            self._connection.sent_bytes += len(data)

    def _reset(self) -> None:
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


@asynccontextmanager
async def fault_server(*scripts: Script) -> AsyncGenerator[FaultServer, None]:
    """Serve scripts on a port of this machine, until the context is left."""
    server = FaultServer(list(scripts))
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: _Protocol(server), "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        playing = list(server.playing)
        for task in playing:
            task.cancel()
        await asyncio.gather(*playing, return_exceptions=True)
