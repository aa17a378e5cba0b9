"""What the server saw: requests, connections, and how they ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
import time
from enum import StrEnum
from typing import Final, NamedTuple, cast

import attrs

from ...parts import JSONValue

_SIOCOUTQ: Final = 0x5411  # asks Linux how many bytes the other side has not acknowledged


class Closing(StrEnum):
    """Who ended a connection, and how.

    A client that closes while bytes are there that it has not read resets, on most systems.
    """

    CLIENT_END = "the client closed"
    CLIENT_RESET = "the client reset"
    SERVER_END = "the server closed"
    SERVER_RESET = "the server reset"


@attrs.define(eq=False)
class SeenConnection:
    """What the server knows of one connection. Times are those of `time.monotonic`.

    Attributes:
        number: Which one, counted from 0.
        opened_at: When it was made.
        requests: How many requests came over it.
        closed_at: When its end was seen; None while it stands.
        closing: Who ended it; None while it stands.
        given_bytes: How much the scripts have said on it.
        transport: What it is to asyncio; None once it is gone.
    """

    number: int
    opened_at: float = attrs.field(factory=time.monotonic, kw_only=True)
    requests: int = attrs.field(default=0, kw_only=True)
    closed_at: float | None = attrs.field(default=None, kw_only=True)
    closing: Closing | None = attrs.field(default=None, kw_only=True)
    given_bytes: int = attrs.field(default=0, kw_only=True)
    transport: asyncio.Transport | None = attrs.field(default=None, kw_only=True, repr=False)
    _untaken_bytes: int = attrs.field(default=0, init=False, repr=False)

    @property
    def taken_bytes(self) -> int:
        """How much the client's kernel has acknowledged.

        More than the client has read, by what its kernel holds for it. Over TLS, and on systems
        other than Linux, more by what this machine's kernel holds as well.
        """
        given_bytes = self.given_bytes  # first: the server may be in another thread, and go on
        self.look()
        return max(0, given_bytes - self._untaken_bytes)

    def look(self) -> None:
        """Note how much is on its way, while the kernel can still be asked."""
        if self.transport is not None:
            waiting = self.transport.get_write_buffer_size()
            self._untaken_bytes = waiting + _unacknowledged_bytes(self.transport)


@attrs.frozen(eq=False)
class SeenRequest:
    """One request as it came.

    Attributes:
        connection: What it came over.
        at: When it was whole, by `time.monotonic`.
        method: Its method.
        target: Its path and query.
        headers: Its headers, their names in small letters.
        body: Its body.
    """

    connection: SeenConnection
    at: float
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> JSONValue:
        """Decode the body."""
        return cast("JSONValue", json.loads(self.body))


class ParsedRequest(NamedTuple):
    """A request that has come whole."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def take_request(buffer: bytearray) -> ParsedRequest | None:
    """Take the first request off the bytes that came; None while it is not whole.

    Raises:
        ValueError: That is no HTTP.
    """
    if buffer and not buffer[:1].isalpha():
        raise ValueError("expected a method")
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = bytes(buffer[:end]).decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    begin = end + 4
    if headers.get("transfer-encoding", "").lower() == "chunked":
        found = _take_chunks(buffer, begin)
    else:
        size = int(headers.get("content-length", "0"))
        enough = len(buffer) >= begin + size
        found = (bytes(buffer[begin : begin + size]), begin + size) if enough else None
    if found is None:
        return None
    body, taken = found
    del buffer[:taken]
    return ParsedRequest(method, target, headers, body)


def _take_chunks(buffer: bytearray, at: int) -> tuple[bytes, int] | None:
    """Give a chunked body and where it ends; None while it is not whole. Trailers are not read."""
    body = bytearray()
    while (line_end := buffer.find(b"\r\n", at)) >= 0:
        size = int(bytes(buffer[at:line_end]).partition(b";")[0], 16)
        at = line_end + 2 + size + 2
        if len(buffer) < at:
            return None
        if size == 0:
            return bytes(body), at
        body += buffer[line_end + 2 : at - 2]
    return None


def _unacknowledged_bytes(transport: asyncio.Transport) -> int:
    if not sys.platform.startswith("linux"):  # pragma: no cover  # another system
        return 0
    import fcntl

    if transport.get_extra_info("ssl_object") is not None:
        return 0
    answer = bytearray(4)
    with contextlib.suppress(OSError, ValueError):  # the socket is closed already
        fcntl.ioctl(transport.get_extra_info("socket").fileno(), _SIOCOUTQ, answer)
    return int(struct.unpack("i", answer)[0])
