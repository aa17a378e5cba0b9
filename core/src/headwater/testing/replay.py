r"""Answers played back in place of the network: `Runner(transport=ReplayTransport(…))`.

    transport = ReplayTransport(Reply([b"data: {…}\n\n", b"data: [DONE]\n\n"]))
    async with Runner(providers={"mine": Mine()}, transport=transport) as runner:
        response = await runner.chat("mine/model", "Hi")
    transport.exchanges[0].request.url

Nothing opens a socket, and nothing waits but where a reply says so.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from typing import TypeAlias, TypeVar

import attrs

from ..errors import HeadwaterError, InvalidRequest, StreamInterrupted
from ..parts import JSONValue
from ..wire.transport import HTTPRequest, ReadError, Response

__all__ = ["Exchange", "Pause", "ReplayTransport", "Reply", "ReplyStep"]

T = TypeVar("T")


@attrs.frozen
class Pause:
    """Say nothing for a while, or, as a rule, until the client leaves."""

    seconds: float = math.inf


ReplyStep: TypeAlias = bytes | Pause | HeadwaterError
"""A chunk that comes, a wait, or the failure of the network that ends the reply."""


def _steps(body: bytes | Iterable[ReplyStep]) -> tuple[ReplyStep, ...]:
    return (body,) if isinstance(body, bytes) else tuple(body)


def _lower(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@attrs.frozen
class Reply:
    """Hold what is answered to one request.

    Attributes:
        body: The bytes, whole, or step by step as they come. After the last step the body ends.
        status: HTTP status.
        headers: Its headers; names are put into lower case.
    """

    body: tuple[ReplyStep, ...] = attrs.field(converter=_steps)
    status: int = attrs.field(default=200, kw_only=True)
    headers: Mapping[str, str] = attrs.field(factory=dict, converter=_lower, kw_only=True)


@attrs.define(eq=False)
class Exchange:
    """Hold one request, and how far its reply has been read.

    Attributes:
        request: What was asked.
        reply: What is answered.
        chunks_read: How many chunks the client has taken.
        is_closed: Whether the client has closed the connection, or read the body to its end and
            left.
    """

    request: HTTPRequest
    reply: Reply
    chunks_read: int = 0
    is_closed: bool = False
    _paused: asyncio.Event = attrs.field(factory=asyncio.Event)
    _left: asyncio.Event = attrs.field(factory=asyncio.Event)
    _steps: Iterator[ReplyStep] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._steps = iter(self.reply.body)

    @property
    def sent(self) -> JSONValue:
        """Decode the body of the request, which must be JSON; None where there is none."""
        value: JSONValue = json.loads(self.request.body or b"null")
        return value

    def close(self) -> None:
        """Close the connection."""
        self.is_closed = True
        self._left.set()

    async def read_chunk(self) -> bytes:
        """Give the next bytes of the reply, b"" at its end."""
        while not self.is_closed:
            match next(self._steps, None):
                case None:
                    return b""
                case Pause(seconds=seconds):
                    await self._pause(seconds)
                case HeadwaterError() as error:
                    raise error
                case chunk:
                    if chunk:  # an empty one would say that the body ends
                        self.chunks_read += 1
                        return chunk
        raise StreamInterrupted("the connection is closed")

    async def _pause(self, seconds: float) -> None:
        """Wait, as long as the client stays."""
        self._paused.set()
        try:
            async with asyncio.timeout(None if math.isinf(seconds) else seconds):
                await self._left.wait()
        except TimeoutError:
            return
        finally:
            self._paused.clear()
        raise StreamInterrupted("the connection was closed while its reply was awaited")


class ReplayTransport:
    """Play a reply to each request, and keep account of the requests.

    Args:
        *replies: What to answer, request by request; the last one again when there are no more.
        choose: Chooses the reply by the request instead.

    Attributes:
        exchanges: The requests that came, each with its reply, in order.
        paused: Is set while a reply pauses.
    """

    def __init__(
        self, *replies: Reply, choose: Callable[[HTTPRequest], Reply] | None = None
    ) -> None:
        self.exchanges: list[Exchange] = []
        self.paused = asyncio.Event()
        self._replies = list(replies)
        self._choose = choose

    @property
    def requests(self) -> Sequence[HTTPRequest]:
        """List the requests that came."""
        return [exchange.request for exchange in self.exchanges]

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Answer a request; see `Transport.send`."""
        exchange = Exchange(request, self._reply(request), paused=self.paused)
        self.exchanges.append(exchange)
        if request.on_sent is not None:
            request.on_sent()
        reply = exchange.reply
        try:
            yield Response(reply.status, reply.headers, exchange.read_chunk, close=exchange.close)
        finally:
            exchange.close()

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait for something that is no HTTP; see `Transport.wait`."""
        return await awaitable

    def _reply(self, request: HTTPRequest) -> Reply:
        if self._choose is not None:
            return self._choose(request)
        if not self._replies:
            raise InvalidRequest(
                f"nothing was given to answer {request.method} {request.url} with: "
                "expected ReplayTransport(Reply(…))"
            )
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
