"""A server of prebuilt bytes, in a process of its own.

The model's name says what it sends, wherever the request carries it, and the path says the wire:

    stream-10000     an answer of so many tokens, everything at once
    live-40-25000    one token every so many microseconds, each in a write of its own
    idle-1           so many tokens, and then silence
    whole-200        an answer of so many tokens, without streaming

Each event is one chunk of HTTP, as providers send them.
"""

from __future__ import annotations

import asyncio
import heapq
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from .answers import WIRES
from .place import CHECKOUT, on_core, raise_files

__all__ = ["OPEN_FILES", "serving"]

_WANTED: Final = re.compile(rb"(stream|live|idle|whole)-(\d+)(?:-(\d+))?")
_NAP_S: Final = 0.001
OPEN_FILES: Final = 8192


def _chunks(events: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events)


@cache
def _begun(wire: str) -> bytes:
    kind = WIRES[wire].content_type.encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ntransfer-encoding: chunked\r\n\r\n" % kind


@cache
def _stream(wire: str, tokens: int) -> bytes:
    return _begun(wire) + _chunks(WIRES[wire].streamed(tokens).events()) + b"0\r\n\r\n"


@cache
def _idle(wire: str, tokens: int) -> bytes:
    answer = WIRES[wire].streamed(tokens)
    return _begun(wire) + _chunks([*answer.head, *answer.deltas])


@cache
def _live(wire: str, tokens: int) -> list[bytes]:
    """Give what is written at each tick."""
    answer = WIRES[wire].streamed(tokens)
    writes = [_chunks([delta]) for delta in answer.deltas]
    writes[0] = _begun(wire) + _chunks(answer.head) + writes[0]
    writes[-1] += _chunks(answer.tail) + b"0\r\n\r\n"
    return writes


@cache
def _whole(wire: str, tokens: int) -> bytes:
    body = WIRES[wire].whole(tokens)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


class _Pacer:
    """Write what is due, each token on its own: the sleep is finer than that of an event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: list[tuple[float, int, int]] = []
        self._streams: dict[int, tuple[asyncio.Transport, list[bytes], float]] = {}
        self._made = 0

    def add(self, transport: asyncio.Transport, writes: list[bytes], period_s: float) -> None:
        self._made += 1
        self._streams[self._made] = (transport, writes, period_s)
        if not self._due:
            self._loop.call_soon(self._tick)
        heapq.heappush(self._due, (time.monotonic(), self._made, 0))

    def _tick(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            due, name, number = heapq.heappop(self._due)
            transport, writes, period_s = self._streams[name]
            if transport.is_closing() or number == len(writes):
                del self._streams[name]
                continue
            transport.write(writes[number])
            heapq.heappush(self._due, (due + period_s, name, number + 1))
        if self._due:
            time.sleep(min(max(self._due[0][0] - time.monotonic(), 0.0), _NAP_S))
            self._loop.call_soon(self._tick)


class _Server(asyncio.Protocol):
    """Answer what the model's name asks for."""

    def __init__(self, pacer: _Pacer) -> None:
        self._pacer = pacer
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if separator and len(body) >= _length(head):
            request, self._received = self._received, b""
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        target = request.split(b" ", 2)[1]
        wire = next(name for name, wire in WIRES.items() if wire.path in target)
        wanted = _WANTED.search(request)
        assert wanted is not None, "the model's name does not say what to send"
        kind, tokens, period_us = wanted[1], int(wanted[2]), int(wanted[3] or 0)
        match kind:
            case b"live":
                self._pacer.add(self._transport, _live(wire, tokens), period_us / 1e6)
            case b"stream":
                self._transport.write(_stream(wire, tokens))
            case b"idle":
                self._transport.write(_idle(wire, tokens))
            case _:
                self._transport.write(_whole(wire, tokens))


def _length(head: bytes) -> int:
    found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    return int(found[1]) if found else 0


def main() -> None:
    """Serve until the process is ended, and print the port first."""
    on_core(-1)
    raise_files(OPEN_FILES)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        pacer = _Pacer(loop)
        server = await loop.create_server(lambda: _Server(pacer), "127.0.0.1", 0, backlog=4096)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def serving() -> Iterator[str]:
    """Run the server in a process, and give its address."""
    command = [sys.executable, "-m", "tests.benchmarks.server"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


if __name__ == "__main__":
    main()
