"""Asking a provider on replayed bytes, and looking at what comes out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import zip_longest
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

import attrs

from ...errors import ConfigurationError, HeadwaterError
from ...events import Event
from ...messages import Message
from ...options import ChatOptions
from ...responses import ChatResponse
from ...runner import Runner
from ...tools import Tool
from ...wire.transport import HTTPRequest, ReadError, Response
from ..replay import Exchange, ReplayTransport, Reply, ReplyStep
from ..samples import Sample
from ._features import Feature
from ._promises import BrokenPromise
from ._subject import Subject

__all__ = [
    "PATIENCE_S",
    "PROMPT",
    "Played",
    "asked_for",
    "content",
    "difference",
    "play",
    "played",
    "read_into",
    "reply_of",
    "run",
    "running",
    "until_silent",
    "whole",
]

T = TypeVar("T")

PROMPT: Final = "What does the river say to the kestrel-blue stone?"
PATIENCE_S: Final = 5.0  # how long a provider may hang before the check gives up


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run something on a loop of its own, for a while at most."""
    if _is_in_loop():
        raise ConfigurationError(
            "the checks run event loops of their own: call them from code that is in none"
        )

    async def limited() -> T:
        async with asyncio.timeout(4 * PATIENCE_S):
            return await main()

    try:
        return asyncio.run(limited())
    except TimeoutError:
        raise BrokenPromise("the provider hangs: it waits for what never comes") from None


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class _Switched:
    """A transport in whose place another can be put, so that a runner serves many replies."""

    def __init__(self) -> None:
        self.present = ReplayTransport()

    def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AbstractAsyncContextManager[Response]:
        """Send over the present one."""
        return self.present.send(request, errors=errors)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait."""
        return await awaitable  # pragma: no cover  # the transport of an attempt waits by itself


_RUNNERS: Final[WeakKeyDictionary[Subject, tuple[Runner, _Switched]]] = WeakKeyDictionary()


def _runner(subject: Subject) -> tuple[Runner, _Switched]:
    """Give the runner of a subject, made once: to register a plugin costs more than a call."""
    if subject not in _RUNNERS:
        switched = _Switched()
        providers = {subject.model.provider: subject.make()}
        _RUNNERS[subject] = Runner(providers=providers, transport=switched, middleware=[]), switched
    return _RUNNERS[subject]


@asynccontextmanager
async def running(
    subject: Subject, transport: ReplayTransport, provider: object | None = None
) -> AsyncGenerator[Runner, None]:
    """Run calls without any layer: one attempt, no limit but the one that is named.

    Args:
        subject: Whose provider.
        transport: What answers.
        provider: A provider object to share with other calls; None: the subject's own.
    """
    if provider is None:
        runner, switched = _runner(subject)
        switched.present = transport
        yield runner
        return
    providers = {subject.model.provider: provider}
    async with Runner(providers=providers, transport=transport, middleware=[]) as runner:
        yield runner


def asked_for(subject: Subject, sample: Sample | None) -> ChatOptions:
    """Give the options of the request that a sample answers: the tools that it calls."""
    calls = None if sample is None else sample.expected.tool_calls
    if not calls or Feature.TOOLS in subject.unsupported:
        return ChatOptions()
    names = dict.fromkeys(call.name for call in calls if call.name)
    schema = {"type": "object", "properties": {}}
    return ChatOptions(tools=[Tool(name, "Does what its name says.", schema) for name in names])


def reply_of(sample: Sample, body: bytes | Sequence[ReplyStep] | None = None) -> Reply:
    """Make the reply that plays a sample, or other bytes in its place."""
    return Reply(
        sample.body if body is None else body, status=sample.status, headers=sample.headers
    )


@attrs.frozen
class Played:
    """Hold what came of a call.

    Attributes:
        events: The events.
        response: What they fold into.
        error: What ended them.
        exchanges: The requests that were sent.
        chunks: How many chunks had been read when each event came out.
    """

    events: list[Event]
    response: ChatResponse
    error: HeadwaterError | None
    exchanges: Sequence[Exchange]
    chunks: list[int]


async def play(
    subject: Subject,
    reply: Reply,
    *,
    sample: Sample | None = None,
    messages: str | Sequence[Message] = PROMPT,
    provider: object | None = None,
) -> Played:
    """Stream an answer on replayed bytes to its end, or to the error that ends it."""
    transport = ReplayTransport(reply)
    events: list[Event] = []
    chunks: list[int] = []
    error: HeadwaterError | None = None
    async with running(subject, transport, provider) as runner:
        stream = runner.stream_chat(subject.model, messages, **asked_for(subject, sample))
        async with stream:
            try:
                async for event in stream:
                    events.append(event)
                    chunks.append(sum(exchange.chunks_read for exchange in transport.exchanges))
            except HeadwaterError as raised:
                error = raised
        return Played(events, stream.response, error, transport.exchanges, chunks)


async def whole(subject: Subject, reply: Reply, *, sample: Sample | None = None) -> Played:
    """Ask for an answer in one piece, as `play` does for a stream."""
    transport = ReplayTransport(reply)
    async with running(subject, transport) as runner:
        try:
            response = await runner.chat(subject.model, PROMPT, **asked_for(subject, sample))
        except HeadwaterError as error:
            partial = error.partial or ChatResponse(Message("assistant", ()))
            return Played([], partial, error, transport.exchanges, [])
    return Played([], response, None, transport.exchanges, [])


def played(
    subject: Subject, sample: Sample, body: bytes | Sequence[ReplyStep] | None = None
) -> Played:
    """Play a sample, or other bytes in its place, as a stream or in one piece as it is one."""
    ask = play if sample.is_stream else whole
    return run(lambda: ask(subject, reply_of(sample, body), sample=sample))


async def read_into(
    shown: list[Event], subject: Subject, sample: Sample, transport: ReplayTransport
) -> None:
    """Stream an answer, keeping the events that it shows, to its end or its error."""
    async with running(subject, transport) as runner:
        options = asked_for(subject, sample)
        async with runner.stream_chat(subject.model, PROMPT, **options) as stream:
            async for event in stream:
                shown.append(event)  # noqa: PERF401  # kept as they come


async def until_silent(transport: ReplayTransport, reader: asyncio.Task[None]) -> bool:
    """Wait until the server pauses; False where the reader is done before."""
    waiting = asyncio.create_task(transport.paused.wait())
    await asyncio.wait([reader, waiting], timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return transport.paused.is_set()


def difference(got: Sequence[Event], wanted: Sequence[Event]) -> str:
    """Say where events differ; "" where they do not."""
    pairs = zip_longest(got, wanted)
    return next((f"{a!r} in place of {b!r}" for a, b in pairs if a != b), "")


def content(response: ChatResponse) -> dict[str, object]:
    """Give what a response says, for comparing: everything but counts and names."""
    return {
        "text": response.text,
        "reasoning": response.reasoning,
        "refusal": response.refusal,
        "tool_calls": [(c.name, c.arguments, c.is_valid) for c in response.tool_calls],
        "finish_reason": response.finish_reason,
        "raw_reason": response.raw_reason,
    }
