"""A server on this machine that keeps what came byte for byte, and how to ask it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress

from headwater import Secret, ServerError
from headwater.wire.http import HTTPTransport
from headwater.wire.transport import HTTPRequest, Response

__all__ = ["OK", "Server", "answered", "fields"]

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """Keep each head as it came, byte for byte, and answer with bytes that are given.

    Attributes:
        answers: What is said, one after another; the last one again and again.
        heads: The heads that came.
        bodies: The bodies that came.
        came: Is set when a request has come.
        connections: How many connections were made.
        ends: Whether each connection is closed after its answer.
        address: Where it listens.
    """

    def __init__(self) -> None:
        self.answers = [OK]
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.came = asyncio.Event()
        self.connections = 0
        self.ends = False
        self.address = ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.gather(*self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
                size = re.search(r"(?im)^content-length: (\d+)", head)
                self.bodies.append(await reader.readexactly(int(size[1]) if size else 0))
                self.heads.append(head)
                self.came.set()
                writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
                if self.ends:
                    writer.close()
        writer.close()

    def request(
        self,
        path: str = "/",
        headers: Mapping[str, str | Secret] | None = None,
        body: bytes | None = None,
    ) -> HTTPRequest:
        """Make a request to it."""
        method = "GET" if body is None else "POST"
        return HTTPRequest(method, f"http://{self.address}{path}", headers or {}, body)


async def answered(transport: HTTPTransport, request: HTTPRequest) -> tuple[Response, bytes]:
    """Send, and read the answer to its end."""
    body = b""
    async with transport.send(request, errors=lambda *_: ServerError("x")) as response:
        while chunk := await response.read_chunk():
            body += chunk
    return response, body


def fields(head: str) -> list[tuple[str, str]]:
    """Give the headers of a head in their order, names in lower case."""
    lines = head.split("\r\n")[1:-2]
    pairs = [line.partition(": ") for line in lines]
    return [(name.lower(), value) for name, _, value in pairs]
