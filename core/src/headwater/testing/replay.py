r"""Answers played back in place of the network: `Runner(transport=ReplayTransport(…))`.

    transport = ReplayTransport(Reply([b"data: {…}\n\n", b"data: [DONE]\n\n"]))
    async with Runner(providers={"mine": Mine()}, transport=transport) as runner:
        response = await runner.chat("mine/model", "Hi")
    transport.exchanges[0].request.url

Nothing opens a socket, and nothing waits but where a reply says so. Recordings are played with
`ReplayTransport.of("recordings/….jsonl")`.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
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
from typing import Self, TypeAlias, TypeVar

import attrs

from .. import errors as all_errors
from ..errors import HeadwaterError, InvalidRequest, StreamInterrupted
from ..parts import JSONValue
from ..wire.recording import Ending, Recording
from ..wire.transport import HTTPRequest, ReadError, Response
from ._choosing import Choosing

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
        failure: What comes in place of an answer, where the network gives none.
    """

    body: tuple[ReplyStep, ...] = attrs.field(converter=_steps)
    status: int = attrs.field(default=200, kw_only=True)
    headers: Mapping[str, str] = attrs.field(factory=dict, converter=_lower, kw_only=True)
    failure: HeadwaterError | None = attrs.field(default=None, kw_only=True)

    @classmethod
    def of(
        cls,
        recording: Recording,
        *,
        speed: float = math.inf,
        slices: int | Iterable[bytes] | None = None,
    ) -> Self:
        """Answer as was recorded.

        Args:
            recording: What came.
            speed: 1: at the recording's own pace; 2: twice as fast; inf: at once.
            slices: Cuts the body otherwise: the size of each chunk, or the chunks themselves. They
                come at once.
        """
        ending = _ending(recording)
        if recording.status is None:
            return cls(b"", failure=ending or _nothing_more(recording))
        if slices is None:
            steps = _paced(recording, speed)
        elif isinstance(slices, int):
            body = recording.body
            steps = [body[at : at + slices] for at in range(0, len(body), slices)]
        else:
            steps = list(slices)
        return cls(
            [*steps, *([] if ending is None else [ending])],
            status=recording.status,
            headers=recording.headers,
        )


def _paced(recording: Recording, speed: float) -> list[ReplyStep]:
    """Put the pauses between the chunks, and before the end."""
    steps: list[ReplyStep] = []
    passed_s = 0.0
    for at_s, data in [(chunk.at_s, chunk.data) for chunk in recording.chunks] + [
        (recording.ended_at_s or 0.0, b"")
    ]:
        pause_s = (at_s - passed_s) / speed
        if pause_s > 0:
            steps.append(Pause(pause_s))
        steps.append(data)
        passed_s = max(passed_s, at_s)
    return steps


def _ending(recording: Recording) -> HeadwaterError | None:
    """Give the error that ends a recording; None where the body came to its end."""
    if recording.ending is Ending.COMPLETE:
        return None
    kind = getattr(all_errors, recording.error or "", None)
    if isinstance(kind, type) and issubclass(kind, HeadwaterError):
        failure: HeadwaterError = kind(recording.message)
        return failure
    return _nothing_more(recording)


def _nothing_more(recording: Recording) -> HeadwaterError:
    return StreamInterrupted(
        f"the recording has no more: the exchange ended as {recording.ending.value!r}"
    )


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

    @classmethod
    def of(
        cls,
        *recordings: Recording | str | os.PathLike[str],
        speed: float = math.inf,
        slices: int | None = None,
        by_request: bool = False,
    ) -> Self:
        """Play recordings, one request after the other.

        Args:
            *recordings: The recordings, or their files.
            speed: See `Reply.of`.
            slices: See `Reply.of`.
            by_request: Chooses the recording whose request is the one that comes: method, path and
                body, but for keys and ids. Of several each is played once, then the last again.

        Raises:
            ConfigurationError: A file is no recording.
        """
        found = [one if isinstance(one, Recording) else Recording.read(one) for one in recordings]
        replies = [Reply.of(recording, speed=speed, slices=slices) for recording in found]
        if by_request:
            return cls(choose=Choosing([one.request for one in found], replies))
        return cls(*replies)

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
        if request.call is not None:
            request.call.sent()
        reply = exchange.reply
        if reply.failure is not None:
            exchange.close()
            raise reply.failure
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
