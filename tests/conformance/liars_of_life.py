"""Liars about a call's life, and about the provider object."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from typing import Any

from headwater import (
    ChatRequest,
    Event,
    Finished,
    FinishReason,
    ProviderInfo,
    Secret,
    ServerError,
    Usage,
    hookimpl,
)
from headwater.wire.transport import Response, Transport

from .honest import Decoder, Honest
from .lying import KEY, LIARS, Liar, liar, misread


@liar("leaving_closes")
class LeavesItOpen(Honest):
    """Open a connection, and leave the closing to somebody."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        decoder = self.make_decoder(request)
        sent = self.encode(request, is_stream=True)
        self.kept = transport.send(sent, errors=self.read_error)
        response = await self.kept.__aenter__()
        async for name, data in self.frames(response):
            for event in decoder.feed(name, data):
                yield event
            if decoder.is_over:
                await self.kept.__aexit__(None, None, None)
                return


@liar("finishing_closes")
class StaysOpenAfterTheEnd(LeavesItOpen):
    """Keep the connection when the answer is over."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        async for event in super().stream_chat(request, transport):
            yield event
            if type(event) is Finished:
                return


@liar("cancelling_cancels")
class GoesOnWhenCancelled(Honest):
    """Take a cancellation for the end of the bytes."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        with suppress(asyncio.CancelledError):
            async for frame in super().frames(response):
                yield frame


@misread("cancelling_cancels")
@misread("answers_are_read")
class AnswersInAWord(Decoder):
    """Finish with the first piece."""

    def take_say(self, value: dict[str, Any]) -> Iterator[Event]:
        yield from super().take_say(value)
        self.is_over = True
        yield self.finished()


@liar("cancelling_cancels")
class RenamesCancellation(Honest):
    """Make an error of a cancellation."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        try:
            async for event in super().stream_chat(request, transport):
                yield event
        except asyncio.CancelledError:
            raise ServerError("cancelled") from None


@liar("nothing_goes_on_behind")
class ReadsAhead(Honest):
    """Read into a queue without a bound, in a task of its own."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        queue: asyncio.Queue[tuple[str, str] | None] = asyncio.Queue()
        usual = super().frames

        async def read() -> None:
            async for frame in usual(response):
                queue.put_nowait(frame)
            queue.put_nowait(None)

        task = asyncio.create_task(read())
        try:
            while (frame := await queue.get()) is not None:
                yield frame
        finally:
            task.cancel()


@liar("nothing_goes_on_behind")
class LeavesATask(Honest):
    """Start something, and not end it."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        self.task = asyncio.create_task(asyncio.sleep(60))
        async for frame in super().frames(response):
            yield frame


@misread("it_hoards_nothing")
class HoardsFrames(Decoder):
    """Keep all that came, for whoever might ask."""

    def __init__(self, request: ChatRequest) -> None:
        super().__init__(request)
        self.came: list[str] = []

    def feed(self, name: str, data: str) -> list[Event]:
        self.came.append(data)
        return super().feed(name, data)


@liar("calls_share_nothing")
class SharesItsDecoder(Honest):
    """Keep what belongs to a call on the provider object."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        async for self.name, self.data in super().frames(response):
            await asyncio.sleep(0)
            yield self.name, self.data


@liar("calls_share_nothing")
class SharesItsReason(Honest):
    """Keep the reason to stop on the provider object."""

    reason: FinishReason | None = None

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        async for event in super().stream_chat(request, transport):
            if isinstance(event, Finished):
                self.reason = event.reason = self.reason or event.reason
            yield event


@liar("calls_leave_nothing")
class RemembersUsage(Honest):
    """Add the counts of one call to those of the next."""

    total: Usage = Usage()

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        async for event in super().stream_chat(request, transport):
            if isinstance(event, Finished) and event.usage is not None:
                self.total = event.usage = self.total + event.usage
            yield event


@liar("nothing_goes_past_the_transport")
class BlocksTheLoop(Honest):
    """Sleep where everybody waits."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        async for frame in super().frames(response):
            time.sleep(0)  # noqa: ASYNC251  # the lie
            yield frame


@liar("nothing_goes_past_the_transport")
class CallsHome(Honest):
    """Open a socket of its own."""

    def headers(self) -> dict[str, str | Secret]:
        with socket.socket() as sock, suppress(OSError):
            sock.connect(("127.0.0.1", 9))
        return super().headers()


class Misspelt:
    """Have a hook with an argument that is none."""

    @hookimpl
    async def stream_chat(self, question: object) -> AsyncGenerator[Event, None]:
        """Answer."""
        yield Finished(FinishReason.STOP)


class Mute:
    """Have no hook at all."""


LIARS.append(Liar("Misspelt", "hooks_fit", Misspelt))
LIARS.append(Liar("Mute", "hooks_fit", Mute))


@liar("says_what_it_is")
class HasNoTitle(Honest):
    """Say nothing of itself."""

    info = ProviderInfo(" ")


@liar("says_what_it_is")
class NamesNoVariable(Honest):
    """Give a text where names belong."""

    info = ProviderInfo("Brook", key_variables=("brook key",))


class ReadsTheKeyAtOnce(Honest):
    """Look for the key as it is made."""

    def __init__(self) -> None:
        super().__init__(KEY)
        os.environ.get("BROOK_API_KEY")


class InsistsOnTheKey(Honest):
    """Take the key out of the environment as it is made."""

    def __init__(self) -> None:
        with suppress(KeyError):
            os.environ["BROOK_API_KEY"]
        super().__init__(KEY)


class ConnectsAtOnce(Honest):
    """Look for its server as it is made."""

    def __init__(self) -> None:
        super().__init__(KEY)
        socket.getaddrinfo("127.0.0.1", 80)


LIARS.append(Liar("ReadsTheKeyAtOnce", "making_it_does_nothing", ReadsTheKeyAtOnce))
LIARS.append(Liar("InsistsOnTheKey", "making_it_does_nothing", InsistsOnTheKey))
LIARS.append(Liar("ConnectsAtOnce", "making_it_does_nothing", ConnectsAtOnce))
