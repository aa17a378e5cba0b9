"""One connection of the server: reading requests, playing scripts, noting what happens."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import time
from collections.abc import Iterator
from typing import Final, cast

from ._account import Closing, SeenConnection, SeenRequest, take_request
from ._stage import Stage
from ._steps import Drip, End, Raw, Repeat, Reset, Script, Stall, Step, Wait

_WRITE_BUFFER_BYTES: Final = 2**16  # so that the client's reading is what holds the server back


class Player(asyncio.Protocol):
    """Speak with one client."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._buffer = bytearray()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._ended = asyncio.Event()
        self._leaving: Closing | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_WRITE_BUFFER_BYTES)
        self._seen = SeenConnection(len(self._stage.connections), transport=self._transport)
        self._stage.connections.append(self._seen)
        self._stage.transports.add(self._transport)
        self._stage.changes.tell()
        if self._stage.greeting:
            self._stage.start(self._play(self._stage.greeting))

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            while (parsed := take_request(self._buffer)) is not None:
                self._seen.requests += 1
                self._answer(SeenRequest(self._seen, time.monotonic(), *parsed))
        except ValueError:  # no HTTP, such as the first bytes of TLS
            self._leave()

    def eof_received(self) -> None:
        self._end(Closing.CLIENT_END)

    def connection_lost(self, error: Exception | None) -> None:
        by_client = Closing.CLIENT_END if error is None else Closing.CLIENT_RESET
        by_server = Closing.SERVER_RESET if self._stage.is_closing else self._leaving
        self._end(by_server or by_client)
        self._seen.transport = None
        self._stage.transports.discard(self._transport)
        self._stage.changes.tell()

    def _answer(self, request: SeenRequest) -> None:
        script = self._stage.script_for(request)
        if script is None:
            self._leave()
        else:
            self._stage.start(self._play(script))
        self._stage.changes.tell()

    async def _play(self, script: Script) -> None:
        try:
            for step in script:
                if self._ended.is_set():
                    return
                await self._take(step)
        except TypeError as error:  # a step that is none
            self._stage.failures.append(error)
            self._leave()

    async def _take(self, step: Step) -> None:
        match step:
            case bytes() | Raw():
                await self._write(step.data if isinstance(step, Raw) else step)
            case Wait(seconds=seconds):
                await asyncio.sleep(seconds)
            case Stall():
                await self._ended.wait()
            case End():
                self._leave()
            case Reset():
                self._reset()
            case Drip() | Repeat():
                await self._go_on(step)
            case _:
                raise TypeError(f"{step!r} is no step; see headwater.testing.fault_server.Step")

    async def _go_on(self, step: Drip | Repeat) -> None:
        """Send a step of many pieces, until the client leaves."""
        for data in _pieces(step):
            if self._ended.is_set():
                return
            await self._write(data)
            await asyncio.sleep(step.every_s)

    async def _write(self, data: bytes) -> None:
        await self._may_write.wait()
        if not self._ended.is_set() and not self._transport.is_closing():
            self._seen.given_bytes += len(data)
            self._transport.write(data)

    def _leave(self) -> None:
        self._leaving = self._leaving or Closing.SERVER_END
        self._transport.close()

    def _reset(self) -> None:
        self._leaving = self._leaving or Closing.SERVER_RESET
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _end(self, closing: Closing) -> None:
        """Note the end of the connection, the first time that it shows."""
        if not self._ended.is_set():
            self._seen.look()
            self._seen.closed_at = time.monotonic()
            self._seen.closing = closing
            self._ended.set()
            self._may_write.set()
            self._stage.changes.tell()


def _pieces(step: Drip | Repeat) -> Iterator[bytes]:
    if isinstance(step, Repeat):
        endless = itertools.repeat(step.data)
        return endless if step.times is None else itertools.islice(endless, step.times)
    starts = range(0, len(step.data), step.size_bytes)
    return (step.data[at : at + step.size_bytes] for at in starts)
