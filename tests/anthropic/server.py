"""A server on this machine that answers as it is told, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import attrs

__all__ = ["Answer", "Asked", "Server", "serving", "slices", "sse"]

_SMALL, _LARGE = 7, 4000


@attrs.frozen
class Answer:
    """Hold what to answer.

    Attributes:
        body: The bytes.
        status: HTTP status.
        headers: Headers besides those of framing.
        seed: Cuts the body at random places, the same for a seed; None: sends it whole.
    """

    body: bytes = attrs.field(repr=False)
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=lambda: {"content-type": "application/json"})
    seed: str | None = None


@attrs.frozen
class Asked:
    """Hold what was asked; the body is None where there was none."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@attrs.define
class Server:
    """Hold where the server is and what it was asked so far."""

    url: str = ""
    asked: list[Asked] = attrs.field(factory=list)


def slices(body: bytes, seed: str) -> Iterator[bytes]:
    """Cut bytes at random: some pieces of a few bytes, some of thousands."""
    dice = random.Random(seed)
    start = 0
    while start < len(body):
        end = start + dice.randint(1, dice.choice((_SMALL, _LARGE)))
        yield body[start:end]
        start = end


def sse(*events: object) -> bytes:
    """Write events as the API streams them, each under the name of its type."""
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        if isinstance(event, dict) and "type" in event
        else f"data: {json.dumps(event)}\n\n".encode()
        for event in events
    )


@asynccontextmanager
async def serving(*answers: Answer) -> AsyncGenerator[Server, None]:
    """Give one answer after the other; the last one goes on for ever."""
    server = Server()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (x.partition(":") for x in lines)
        }
        sent = await reader.readexactly(int(headers.get("content-length", "0")))
        server.asked.append(Asked(method, path, headers, json.loads(sent) if sent else None))
        chosen = answers[min(len(server.asked), len(answers)) - 1]
        shown = "".join(f"{name}: {value}\r\n" for name, value in chosen.headers.items())
        writer.write(f"HTTP/1.1 {chosen.status} X\r\n{shown}connection: close\r\n\r\n".encode())
        pieces = [chosen.body] if chosen.seed is None else slices(chosen.body, chosen.seed)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)  # so that the client reads between the pieces
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield server
