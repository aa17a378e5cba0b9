"""The server itself: in the loop of a test, or in a thread of its own."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ._account import SeenConnection, SeenRequest
from ._answers import respond
from ._player import Player
from ._stage import Answer, Stage
from ._steps import Script

_ACCEPT_TURNS: Final = 4  # of the loop, from the socket to the protocol
_BACKLOG: Final = 1024  # so that a thousand clients may come at once
_UNANSWERED: Final = respond(b'{"error": "FaultServer was given no script"}', status=501)


class FaultServer:
    r"""Answer on a port of this machine as scripts say, and keep account of what is seen.

    It speaks HTTP over a bare socket, so that it can say what no library would let it say. Each
    request is answered by the next script; the last one is for all that follow. A function in place
    of a script is given the request and returns one.

    In the loop of a test:

        async with FaultServer(respond(b"data: a\n\n", End())) as server: ...

    In a thread of its own, for code that blocks and for other processes:

        with FaultServer(respond(b"data: a\n\n", End())) as server: ...

    Leaving it closes all connections and ends all tasks; what a function of the test raised is
    raised then.

    Args:
        *answers: Scripts, or functions that give them.
        greeting: What is said, or done, as a connection is made, before any request.
        certificate: A file with key and certificate, to speak TLS.

    Attributes:
        port: Where it listens.
    """

    def __init__(
        self, *answers: Answer, greeting: Script = (), certificate: Path | None = None
    ) -> None:
        self.port = 0
        self._stage = Stage(list(answers) or [_UNANSWERED], greeting)
        self._certificate = certificate
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], object] = _nothing

    @property
    def url(self) -> str:
        """The address for a provider's base URL."""
        if self._certificate is not None:
            return f"https://localhost:{self.port}"
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[SeenRequest]:
        """The requests that came whole, in their order."""
        return self._stage.requests

    @property
    def connections(self) -> list[SeenConnection]:
        """The connections that were made, in their order."""
        return self._stage.connections

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """The tasks that play scripts now: those to leave out when a test counts its own."""
        return set(self._stage.tasks)

    @property
    def taken_bytes(self) -> int:
        """How much the clients' kernels have acknowledged, over all connections."""
        return sum(connection.taken_bytes for connection in self.connections)

    @property
    def gaps_s(self) -> list[float]:
        """The times between the requests, one less than there are requests."""
        return [after.at - before.at for before, after in pairwise(self.requests)]

    @property
    def reuses(self) -> int:
        """How many requests came over a connection that had served one before."""
        return sum(max(0, connection.requests - 1) for connection in self.connections)

    def answer_with(self, *answers: Answer) -> None:
        """Replace what is answered from now on."""
        self._stage.answers = list(answers) or [_UNANSWERED]

    # Waiting for what is to be seen.

    async def until(self, condition: Callable[[], bool], within_s: float = 30.0) -> None:
        """Wait until something was seen.

        Args:
            condition: Tells so; it is asked again whenever the server has seen anything.
            within_s: How long to wait.

        Raises:
            TimeoutError: It was not seen in that time.
        """
        await self._stage.changes.until(condition, within_s)

    def wait_until(self, condition: Callable[[], bool], within_s: float = 30.0) -> None:
        """Wait as `until` does, in code without a loop; the server is in a thread of its own.

        Raises:
            TimeoutError: It was not seen in that time.
        """
        self._stage.changes.wait_until(condition, within_s)

    async def requests_seen(self, count: int = 1) -> None:
        """Wait until so many requests have come."""
        await self.until(lambda: len(self.requests) >= count)

    async def end_seen(self, number: int = 0) -> SeenConnection:
        """Wait until a connection was seen to end, and give what is known of it."""
        await self.until(lambda: self._has_ended(number))
        return self.connections[number]

    async def end_seen_s(self, since: float, number: int = 0) -> float:
        """Wait until a connection was seen to end, and tell how long after a time that was."""
        closed_at = (await self.end_seen(number)).closed_at
        assert closed_at is not None
        return closed_at - since

    def _has_ended(self, number: int) -> bool:
        return len(self.connections) > number and self.connections[number].closed_at is not None

    # Being there, in a loop or in a thread.

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self._close()
        self._raise_failure(error)

    def __enter__(self) -> Self:
        started: Future[None] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(started)), name="FaultServer", daemon=True
        )
        self._thread.start()
        started.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        assert self._thread is not None
        self._stop()
        self._thread.join()
        self._raise_failure(error)

    async def _serve(self, started: Future[None]) -> None:
        """Be there until told to stop."""
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(stopped.set)
        try:
            await self._open()
        except Exception as error:  # noqa: BLE001  # raised in the thread that waits for it
            started.set_exception(error)
            return
        started.set_result(None)
        await stopped.wait()
        await self._close()

    async def _open(self) -> None:
        context = None
        if self._certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self._certificate)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: Player(self._stage), "127.0.0.1", 0, ssl=context, backlog=_BACKLOG
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        """Let go of everything, and wait until it is gone."""
        await self._accept_no_more()
        self._listener.close()
        await self._stage.close()

    async def _accept_no_more(self) -> None:
        """Let a connection that is just being accepted come in first.

        asyncio forgets it otherwise, and leaves its socket open.
        """
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError):  # a loop of Windows accepts in another way
            for listening in self._listener.sockets:
                loop.remove_reader(listening)
        for _ in range(_ACCEPT_TURNS):
            await asyncio.sleep(0)

    def _raise_failure(self, error: BaseException | None) -> None:
        if error is None and self._stage.failures:
            raise self._stage.failures[0]


def _nothing() -> None:
    """Do nothing, there being nothing to stop."""
