"""The recorder: a transport over another one, which writes each exchange into a file.

    async with Record("recordings") as transport, Runner(transport=transport) as runner:
        ...

With HEADWATER_RECORD=DIR in the environment each Runner records what it sends.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from ..errors import HeadwaterError
from .tape import Tape
from .transport import HTTPRequest, ReadError, Response, Transport

if TYPE_CHECKING:
    from .http import HTTPTransport

__all__ = ["Record"]

T = TypeVar("T")


class Record:
    """Carry requests over another transport, and write each exchange into a file of its own.

    The bytes pass through as they come. Keys, ids and cookies are not written: for that the file,
    and it alone, lags behind by the half kilobyte in which one may still begin. A file gets its
    name when its exchange is over; before that it ends in `.part`.

    Args:
        folder: Where to; made if it does not exist.
        transport: What carries the requests; None: an `HTTPTransport` of its own, which `aclose`
            closes.
    """

    def __init__(self, folder: str | os.PathLike[str], transport: Transport | None = None) -> None:
        self._folder = Path(folder)
        self._transport = transport
        self._owned: HTTPTransport | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the transport beneath, if it was made here."""
        if self._owned is not None:
            await self._owned.aclose()

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Send a request; see `Transport.send`.

        Raises:
            ConfigurationError: The folder cannot be written to.
        """
        tape = Tape(self._folder, request)
        is_answered = False
        try:
            async with self._beneath().send(request, errors=errors) as inner:
                is_answered = True
                yield _recorded(inner, tape)
        except (HeadwaterError, asyncio.CancelledError) as error:
            if not is_answered:  # later it is the reader's own
                tape.take_failure(error)
            raise
        finally:
            tape.close()

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait for something that is no HTTP; see `Transport.wait`."""
        return await self._beneath().wait(awaitable)

    def _beneath(self) -> Transport:
        if self._transport is None:
            from .http import HTTPTransport  # only when something is sent: aiohttp is heavy

            self._transport = self._owned = HTTPTransport()
        return self._transport


def _recorded(inner: Response, tape: Tape) -> Response:
    """Give a response whose chunks are written down as they are read."""
    if not isinstance(inner, Response):  # a transport of somebody's own may give frames alone
        tape.discard()
        return inner
    tape.take_answer(inner.status, inner.headers)

    async def read_chunk() -> bytes:
        try:
            chunk = await inner.read_chunk()
        except (HeadwaterError, asyncio.CancelledError) as error:
            tape.take_failure(error)
            raise
        tape.take_chunk(chunk)
        return chunk

    return Response(inner.status, inner.headers, read_chunk, close=inner.close)
