"""A server on this machine that gives each request the next of its answers, in random slices."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import attrs

from headwater import Runner
from headwater_ollama import Ollama

__all__ = ["Answer", "Asked", "Loopback", "asking", "slices"]

_SMALL, _LARGE = 7, 4000


@attrs.frozen
class Answer:
    """Hold what the server says.

    Attributes:
        body: The bytes, cut at random.
        status: HTTP status.
        media_type: Content type.
    """

    body: bytes
    status: int = 200
    media_type: str = "application/x-ndjson"


@attrs.frozen
class Asked:
    """Hold what the server was asked.

    Attributes:
        target: Method and path.
        headers: Names in lower case.
        body: The JSON, None where there was none.
    """

    target: str
    headers: Mapping[str, str]
    body: Any


@attrs.define(eq=False)
class Loopback:
    """Hold a server that runs.

    Attributes:
        url: Its address.
        asked: What it was asked, in order.
    """

    url: str = ""
    asked: list[Asked] = attrs.field(factory=list)


def slices(body: bytes, seed: str) -> Iterator[bytes]:
    """Cut bytes at random, the same for a seed: some pieces of a few bytes, some of thousands."""
    dice = random.Random(seed)
    start = 0
    while start < len(body):
        end = start + dice.randint(1, dice.choice((_SMALL, _LARGE)))
        yield body[start:end]
        start = end


async def _asked(reader: asyncio.StreamReader) -> Asked:
    head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    fields = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in fields}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(head.rpartition(" ")[0], headers, json.loads(body) if body else None)


@asynccontextmanager
async def _serving(*answers: Answer, seed: str) -> AsyncGenerator[Loopback, None]:
    """Serve the answers in turn, and the last of them to all that follow."""
    loopback = Loopback()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loopback.asked.append(await _asked(reader))
        said = answers[min(len(loopback.asked), len(answers)) - 1]
        head = f"HTTP/1.1 {said.status} Said\r\ncontent-type: {said.media_type}\r\n"
        writer.write(f"{head}connection: close\r\n\r\n".encode())
        for piece in slices(said.body, seed):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)  # so that the client reads between the pieces
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        loopback.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield loopback


@asynccontextmanager
async def asking(
    *answers: Answer, seed: str = "", api_key: str | None = None
) -> AsyncGenerator[tuple[Loopback, Runner], None]:
    """Serve the answers to a runner whose provider "p" is an Ollama at the server's address."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(_serving(*answers, seed=seed))
        runner = Runner(providers={"p": Ollama(server.url, api_key)})
        yield server, await stack.enter_async_context(runner)
