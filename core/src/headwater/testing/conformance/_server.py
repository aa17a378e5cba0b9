"""Checks over a real connection, to a server on this machine: what it sees when a call is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

import attrs

from ...errors import StreamInterrupted
from ...runner import Runner
from ...stream import ChatStream
from ...wire.http import HTTPTransport
from ...wire.transport import HTTPRequest, ReadError, Response
from ..fault_server import FaultServer, Script, Stall, respond
from ..samples import Sample
from ._features import Feature
from ._frames import frames
from ._promises import BrokenPromise, few, promise
from ._running import PROMPT, asked_for, run
from ._subject import Subject

_SOON_S: Final = 3.0  # a tenth of a second, but for a busy machine
_READ_S: Final = 0.1  # long enough for what has been sent to be read


class _Rerouted(HTTPTransport):
    """Send every request to one server, whatever host it names."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Send to the server."""
        parts = urlsplit(request.url)
        query = f"?{parts.query}" if parts.query else ""
        rerouted = attrs.evolve(request, url=f"{self._url}{parts.path}{query}")
        async with super().send(rerouted, errors=errors) as response:
            yield response


async def _by_cancelling(_stream: ChatStream, reader: asyncio.Task[None]) -> None:
    reader.cancel()


async def _by_closing(stream: ChatStream, _reader: asyncio.Task[None]) -> None:
    await stream.aclose()


Leave = Callable[[ChatStream, asyncio.Task[None]], Awaitable[None]]
_WAYS: Final[dict[str, Leave]] = {
    "cancelled": _by_cancelling,
    "closed by another task": _by_closing,
}


def _scripts(sample: Sample) -> Iterator[tuple[str, Script]]:
    """Give the phases of an answer in which a call may be left, each ending in silence."""
    pieces = frames(sample)
    yield "before a byte came", [Stall()]
    yield (
        "in mid-answer",
        respond(*pieces[: len(pieces) // 2], Stall(), media_type=sample.media_type),
    )


@promise(
    "A server sees at once that a call was left, in each phase and in each way.",
    feature=Feature.WIRE,
    is_offline=False,
)
def the_server_sees_a_call_left(subject: Subject) -> None:
    """Leave a call that waits, and look at its connection from the server's side."""
    sample = few(subject)[0]
    for phase, script in _scripts(sample):
        for how, leave in _WAYS.items():
            fault = run(lambda: _left(subject, sample, script, leave))  # noqa: B023  # run now
            if fault:  # pragma: no cover  # as below
                raise BrokenPromise(f"{how} {phase}: {fault}", sample.body, sample=sample)


async def _left(subject: Subject, sample: Sample, script: Script, leave: Leave) -> str:
    async with FaultServer(script) as server:
        transport = _Rerouted(server.url)
        providers = {subject.model.provider: subject.make()}
        try:
            async with Runner(providers=providers, transport=transport, middleware=[]) as runner:
                options = asked_for(subject, sample)
                stream = runner.stream_chat(subject.model, PROMPT, **options)
                return await _seen(server, stream, leave)
        finally:
            await transport.aclose()


async def _seen(server: FaultServer, stream: ChatStream, leave: Leave) -> str:
    async def read() -> None:
        async with stream:
            async for _ in stream:
                pass

    reader = asyncio.create_task(read())
    await server.requests_seen()
    await asyncio.sleep(_READ_S)
    await leave(stream, reader)
    with suppress(asyncio.CancelledError, StreamInterrupted):
        await reader
    try:
        async with asyncio.timeout(_SOON_S):
            await server.end_seen()
    except TimeoutError:  # pragma: no cover  # the core closes what a plugin leaves open
        return f"{_SOON_S:g} s later the connection stands"
    return ""
