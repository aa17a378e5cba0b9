"""One response whose head has come: its body, and the connection that both came on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import aiohttp
from aiohttp.base_protocol import BaseProtocol

from ..errors import HeadwaterError, ProtocolError, StreamInterrupted
from .url import without_query

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.http_parser import RawResponseMessage

__all__ = ["Exchange", "close_connection"]

# What `_taken` knows of aiohttp; where that is not so, `readany` does the same for a higher price.
_CAN_TAKE: Final = {"_buffer", "_size", "_cursor", "_http_chunk_splits", "_protocol"}.issubset(
    aiohttp.StreamReader.__slots__
) and "_reading_paused" in BaseProtocol.__slots__
DRAIN_S: Final = 0.05
DRAIN_BYTES: Final = 64 * 2**10


class Exchange:
    """Hold a response whose head has come; its connection is given back as its body ends.

    Args:
        message: The head.
        content: The body.
        connection: What both came on.
        beside: The exchanges that are open, this one among them as long as it is.
        url: The address, for messages.
        max_bytes: Bytes of the body, decompressed.

    Attributes:
        status: HTTP status.
        headers: Names in lower case; of several with one name the last.
    """

    def __init__(
        self,
        message: RawResponseMessage,
        content: aiohttp.StreamReader,
        connection: Connection,
        beside: set[Exchange],
        url: str,
        max_bytes: int,
    ) -> None:
        self.status = message.code
        self.headers = {name.lower(): value for name, value in message.headers.items()}
        self._content = content
        self._can_take = _CAN_TAKE and type(content) is aiohttp.StreamReader  # an empty one is not
        self._connection: Connection | None = connection
        self._beside = beside
        self._url = url
        self._max_bytes = max_bytes
        self._taken = 0
        beside.add(self)
        content.on_eof(self._end)

    async def read(self) -> bytes:
        """Give what has come of the body, or else comes next; b"" at its end.

        Raises:
            StreamInterrupted: The connection broke.
            ProtocolError: The body is too large.
        """
        content = self._content
        try:
            if self._can_take:
                while not content._buffer and not content.is_eof() and content.exception() is None:
                    await content._wait("read")
                chunk = _taken(content)
            else:
                chunk = await content.readany()
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and content.exception() is None:
                raise  # two read at once
            raise StreamInterrupted(
                f"the connection to {without_query(self._url)} broke in the middle of the answer "
                f"({type(error).__name__})"
            ) from None
        self._taken += len(chunk)
        if self._taken > self._max_bytes:
            raise ProtocolError(
                f"the answer is larger than {self._max_bytes} bytes; if that is what you expect, "
                "raise max_answer_bytes of HTTPTransport"
            )
        return chunk

    async def drain(self) -> None:
        """Read the little that may be left, so that the connection can be used again."""
        if self._content.at_eof():
            return
        limit = self._taken + DRAIN_BYTES
        try:
            async with asyncio.timeout(DRAIN_S):
                while self._taken < limit and await self.read():
                    pass
        except (TimeoutError, HeadwaterError):
            pass  # the answer is complete; the connection is closed instead

    def close(self) -> None:
        """Close the connection, unless it was given back; who reads the body is told."""
        connection = self._let_go()
        if connection is None:
            return
        if self._content.exception() is None:
            self._content.set_exception(aiohttp.ClientConnectionError("closed"))
        close_connection(connection)

    def _end(self) -> None:
        """Give the connection back, unless some of the request is still on its way."""
        connection = self._let_go()
        assert connection is not None  # one that was closed is not told of an end
        transport = connection.transport
        if transport is None or _is_sent(transport):
            connection.release()
        else:
            close_connection(connection)

    def _let_go(self) -> Connection | None:
        self._beside.discard(self)
        connection, self._connection = self._connection, None
        return connection


def _taken(content: aiohttp.StreamReader) -> bytes:
    """Take all that has come.

    aiohttp's `read_nowait` takes it piece by piece, and asks the parser and the socket for more
    after each, which costs a quarter of all that a token costs.
    """
    error = content.exception()
    if error is not None:
        raise error
    pieces, splits, protocol = content._buffer, content._http_chunk_splits, content._protocol
    taken = pieces.popleft() if len(pieces) == 1 else b"".join(pieces)
    pieces.clear()
    content._cursor += content._size
    content._size = 0
    if splits:
        splits.clear()
    if protocol._reading_paused:
        protocol.resume_reading()
    return taken


def _is_sent(transport: asyncio.Transport) -> bool:
    return transport.get_write_buffer_size() == 0


def close_connection(connection: Connection) -> None:
    """Close a connection at once, also where some of the request is still on its way."""
    transport = connection.transport
    if transport is not None and not _is_sent(transport):
        transport.abort()  # closed, it would wait until the server has read the rest
    connection.close()
