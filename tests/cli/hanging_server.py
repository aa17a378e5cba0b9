"""A server that begins an answer, stops in the middle, and notes when its caller leaves."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import attrs

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
)


@attrs.define
class HangingServer:
    """Answer one request with one line, and no more.

    Attributes:
        url: Where it listens.
        has_left: Is set when the connection is closed from the other side.
    """

    url: str
    has_left: threading.Event = attrs.field(factory=threading.Event)


@contextmanager
def hanging_server(line: bytes | None = b"first\n") -> Iterator[HangingServer]:
    """Serve on this machine; with None, hang before the first line."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = HangingServer(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        thread = threading.Thread(target=_serve, args=(listener, server, line))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(60)


def _serve(listener: socket.socket, server: HangingServer, line: bytes | None) -> None:
    with suppress(OSError):
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(120)
            connection.recv(65536)
            body = b"" if line is None else b"%x\r\n%s\r\n" % (len(line), line)
            connection.sendall(HEAD + body)
            with suppress(ConnectionError):
                while connection.recv(65536):
                    pass
            server.has_left.set()
