"""The contract between core and plugin, held to while an answer passes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from types import TracebackType
from typing import Any, Final

import attrs

from .call import Call
from .discovery import Provider
from .errors import (
    AuthenticationError,
    ContextTooLong,
    HeadwaterError,
    InvalidRequest,
    ModelNotFound,
    PluginError,
    QuotaExceeded,
    StreamInterrupted,
    UnsupportedFeature,
    printable,
)
from .estimate import estimated
from .events import (
    Event,
    EventStream,
    Finished,
    ProviderEvent,
    RawFrame,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    UsageUpdated,
)
from .secret import redact
from .usage import Provenance, Usage
from .wire.attempt import AttemptTransport

__all__ = ["as_ours", "guarded"]

CLEAN_UP_S: Final = 1.0

_DELTAS: Final = frozenset({TextDelta, ReasoningDelta, RefusalDelta})


async def guarded(  # noqa: C901  # one loop: a call for each token costs more than it would hide
    hook: Callable[..., object], call: Call, provider: Provider, transport: AttemptTransport
) -> EventStream:
    """Call a hook and pass its events on, as long as they keep the grammar of `headwater.events`.

    Supplies `Started` where the plugin has nothing to say, the estimate where it has no usage, and
    the raw frames; drops empty deltas.

    Raises:
        PluginError: What the hook gave is no stream of events, breaks the grammar, or it failed in
            a way that is no error of ours.
        StreamInterrupted: The events ended without `Finished`.
        HeadwaterError: What the plugin raised, without a key in it.
    """
    grammar = _Grammar(call, provider)
    contained = _Contained(call, provider, transport)
    progress, frames, write = call.progress, transport.frames, grammar.output.append
    async with contained:
        async for event in contained.open(hook):
            if frames:
                for frame in transport.take_frames():
                    yield RawFrame(frame)
            kind = type(event)
            if not grammar.is_open:
                yield grammar.start(event)
                if kind is Started:
                    continue
            if kind in _DELTAS:
                text = event.text
                if not text and (kind is RefusalDelta or event.replay is None):
                    continue
                write(text)
            elif kind is not ProviderEvent:
                grammar.admit(event)
                if kind is UsageUpdated:
                    yield event
                    continue
            progress.content_at = progress.waited_s
            yield event
        grammar.end()
    for frame in transport.take_frames():
        yield RawFrame(frame)
    contained.raise_failure()


class _Grammar:
    """Where in the grammar of events a stream is.

    Attributes:
        is_open: Whether it has started and not finished.
        output: What the model wrote so far, for the estimate.
    """

    def __init__(self, call: Call, provider: Provider) -> None:
        self.is_open = False
        self.output: list[str] = []
        self._call = call
        self._provider = provider
        self._is_finished = False
        self._open_calls: set[str] = set()
        self._usage: Usage | None = None

    def start(self, event: Event) -> Started:
        """Take the first event, which is `Started` or stands for it."""
        if self._is_finished:
            raise self._broken(f"yielded {type(event).__name__} after Finished")
        self.is_open = True
        given = event if type(event) is Started else Started()
        return given if given.model else attrs.evolve(given, model=self._call.request.model.name)

    def admit(self, event: Event) -> None:
        """Check an event whose place in the stream matters."""
        match event:
            case ToolCallStarted() | ToolCallDelta() | ToolCallFinished():
                self._admit_call(event)
            case UsageUpdated(usage=usage):
                self._usage = usage
            case Finished():
                self._finish(event)
            case _:
                raise self._broken(f"yielded {type(event).__name__}")

    def _admit_call(self, event: ToolCallStarted | ToolCallDelta | ToolCallFinished) -> None:
        is_open = event.call_id in self._open_calls
        if isinstance(event, ToolCallStarted):
            if is_open:
                raise self._broken("yielded ToolCallStarted twice for one call_id")
            self._open_calls.add(event.call_id)
            self.output.append(event.name)
            return
        if not is_open:
            raise self._broken(f"yielded {type(event).__name__} for a call that is not open")
        if isinstance(event, ToolCallDelta):
            self.output.append(event.arguments)
        else:
            self._open_calls.remove(event.call_id)

    def end(self) -> None:
        """Take the end of the events, which is good after `Finished` alone."""
        if self.is_open:
            raise StreamInterrupted(
                "the answer ended before the provider's end mark; what came is in `partial`"
            )
        if not self._is_finished:
            raise StreamInterrupted("the provider ended its answer without a word of it")

    def _finish(self, event: Finished) -> None:
        if self._open_calls:
            raise self._broken("yielded Finished while tool calls were open")
        self.is_open = False
        self._is_finished = True
        if event.usage is None or not (
            event.usage.is_known or event.usage.provenance is Provenance.PARTIAL
        ):
            event.usage = self._counted()

    def _counted(self) -> Usage:
        """Give the last count that came before the final one, which did not; else an estimate."""
        if self._usage is not None and self._usage.is_known:
            return attrs.evolve(self._usage, provenance=Provenance.PARTIAL)
        return estimated(self._call.request, self.output)

    def _broken(self, what: str) -> PluginError:
        return PluginError(
            f"the plugin {self._provider.name!r} of {self._provider.distribution} breaks the "
            f"grammar of events: it {what}"
        )


def as_ours(
    error: Exception, call: Call, provider: Provider, transport: AttemptTransport
) -> HeadwaterError:
    """Complete an error that leaves a plugin: whose it is, what to do, and no key in it."""
    ours = error if isinstance(error, HeadwaterError) else _plugin_failure(error, provider)
    ours.advice = ours.advice or _advice(ours, provider)
    ours.reword(redact(ours.message, transport.secrets))
    ours.provider = ours.provider or provider.name
    ours.model = ours.model or call.model
    ours.request_id = ours.request_id or call.progress.request_id
    for field in ("code", "request_id"):
        if (said := getattr(ours, field)) is not None:
            setattr(ours, field, redact(said, transport.secrets))
    cause = ours.__cause__ if ours is error else error
    ours.__cause__ = None if _shows_key(cause, transport) else cause
    ours.__context__ = None  # an exception of aiohttp may hold the headers
    return ours


def _advice(error: HeadwaterError, provider: Provider) -> str | None:
    """Say what to do about an error, where the provider's own words seldom do."""
    match error:
        case AuthenticationError():
            variables = " or ".join(provider.info.key_variables)
            return f"check {variables}" if variables else None
        case ModelNotFound():
            return f"`headwater models {provider.name}` lists what there is"
        case ContextTooLong():
            return "shorten the conversation, or choose a model that reads more"
        case QuotaExceeded():
            return "to wait does not help: top up the account"
        case InvalidRequest() | UnsupportedFeature() if error.status is not None:
            return "the provider refuses the request as it is: change what it names"
        case _:
            return None


def _plugin_failure(error: Exception, provider: Provider) -> PluginError:
    return PluginError(
        f"the plugin {provider.name!r} of {provider.distribution} failed with "
        f"{type(error).__name__}: {printable(str(error))[:500]}"
    )


def _shows_key(error: BaseException | None, transport: AttemptTransport) -> bool:
    if error is None:
        return False
    shown = repr(error)
    return redact(shown, transport.secrets) != shown or any(
        _shows_key(earlier, transport) for earlier in (error.__cause__, error.__context__)
    )


class _Contained:
    """Keep what a plugin does as it fails or is closed from leaving but as an error of ours.

    Attributes:
        failure: What ended the events, kept back so that the last raw frames come before it.
    """

    def __init__(self, call: Call, provider: Provider, transport: AttemptTransport) -> None:
        self.failure: HeadwaterError | None = None
        self._call = call
        self._provider = provider
        self._transport = transport
        self._stream: AsyncGenerator[Any, None] | None = None

    def open(self, hook: Callable[..., object]) -> AsyncGenerator[Any, None]:
        """Call the hook, which must give an async generator."""
        events = hook(request=self._call.request, transport=self._transport)
        if isinstance(events, AsyncGenerator):
            self._stream = events
            return events
        if isinstance(events, Coroutine):
            events.close()
        raise PluginError(
            f"the plugin {self._provider.name!r} of {self._provider.distribution}: expected "
            f"stream_chat to give an async generator, got {type(events).__name__}"
        )

    async def __aenter__(self) -> None:
        """Begin; the hook is called by `open`."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Close everything, the connections first; keep an ordinary error for later."""
        self._call.progress.end_attempt()
        if error is None:
            await self._transport.aclose()
            return False
        self._transport.cut()
        problem = await self._close()
        if isinstance(error, Exception):
            self.failure = as_ours(error, self._call, self._provider, self._transport)
            return True
        if problem is not None and isinstance(error, GeneratorExit):
            raise problem from None
        self._call.progress.forgive()
        return False  # a cancellation comes out unchanged

    def raise_failure(self) -> None:
        """Raise what ended the events, and keep no hold of it: its traceback leads back here."""
        failure, self.failure = self.failure, None
        try:
            if failure is not None:
                raise failure
        finally:
            del failure

    async def _close(self) -> PluginError | None:
        """Close the plugin's generator within a second, and what it left open."""
        limit = asyncio.timeout(CLEAN_UP_S)
        try:
            async with limit:
                if self._stream is not None:
                    await self._stream.aclose()
                await self._transport.aclose()
        except Exception as error:  # noqa: BLE001  # whatever a plugin raises becomes ours
            late = TimeoutError(f"its clean-up took longer than {CLEAN_UP_S:g} second")
            return _plugin_failure(late if limit.expired() else error, self._provider)
        return None
