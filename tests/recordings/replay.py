"""A server on this machine that answers with a recording, in random slices."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from .recording import Recording

__all__ = ["replayed", "slices"]

_SMALL, _LARGE = 7, 4000


def slices(body: bytes, seed: str) -> Iterator[bytes]:
    """Cut bytes at random, the same for a seed: some pieces of a few bytes, some of thousands."""
    dice = random.Random(seed)
    start = 0
    while start < len(body):
        end = start + dice.randint(1, dice.choice((_SMALL, _LARGE)))
        yield body[start:end]
        start = end


@asynccontextmanager
async def replayed(
    recording: Recording, received: list[Any] | None = None
) -> AsyncGenerator[str, None]:
    """Serve a recording to every request; gives the base URL.

    Args:
        recording: What to answer with.
        received: Where the bodies of the requests go, decoded.
    """
    sent = {"content-type": "application/octet-stream", **recording.headers}
    # How the bytes are framed is this server's own affair.
    for name in ("content-length", "transfer-encoding", "content-encoding"):
        sent.pop(name, None)
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        lengths = [
            int(line.partition(b":")[2])
            for line in request.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ]
        body = await reader.readexactly(sum(lengths))
        if received is not None:
            received.append(json.loads(body))
        writer.write(
            f"HTTP/1.1 {recording.status} Recorded\r\n{head}connection: close\r\n\r\n".encode()
        )
        for piece in slices(recording.body, recording.name):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)  # so that the client reads between the pieces
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/v1"
