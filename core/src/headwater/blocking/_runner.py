"""The runner for code without an event loop."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final, Protocol, Self, Unpack, runtime_checkable

import attrs

from ..discovery import KeySource, PluginStatus
from ..errors import ConfigurationError, InvalidRequest
from ..hookspecs import Health, ModelInfo
from ..messages import Message
from ..middleware import Middleware
from ..options import ChatOptions
from ..requests import ModelId
from ..responses import ChatResponse, Folder
from ..runner import Runner as AsyncRunner
from ..usage import Usage
from ..wire.sse import DEFAULT_MAX_EVENT_BYTES
from ..wire.transport import Transport
from ._handover import HandOver
from ._stream import ChatStream
from ._thread import LoopThread

__all__ = ["Closable", "Runner", "within"]

READ_AHEAD: Final = 100


@runtime_checkable
class Closable(Protocol):
    """Be closed on the loop."""

    async def aclose(self) -> None:
        """Close what is open."""
        ...


class Runner:
    """Run calls as `headwater.Runner` does, from any number of threads, each waiting for its own.

    The asynchronous runner does the work, in one thread with an event loop, which is started when
    first needed. It makes no difference whether the calling thread runs a loop of its own, as in a
    notebook. Leave the context, or call `close`, to end the thread and close what is open; a runner
    that is forgotten does so by itself, and so do all at the interpreter's exit.

    Args:
        providers: As for `headwater.Runner`.
        middleware: As for `headwater.Runner`; the layers run in the thread of the loop.
        transport: As for `headwater.Runner`; closed with the runner.
        max_event_bytes: As for `headwater.Runner`.
        keys: As for `headwater.Runner`; asked in the thread of the loop.
        is_strict: As for `headwater.Runner`.
        read_ahead: How many events of a stream may wait to be taken. When they are, the socket is
            not read either, and the server has to wait. 1: nothing is read before it is asked for.

    Raises:
        PluginError: A plugin is broken, and `is_strict` says that none may be.
        ConfigurationError: `read_ahead` is no number from 1.
    """

    def __init__(
        self,
        *,
        providers: Mapping[str, object] | None = None,
        middleware: Sequence[Middleware] | None = None,
        transport: Transport | None = None,
        max_event_bytes: int = DEFAULT_MAX_EVENT_BYTES,
        keys: KeySource | None = None,
        is_strict: bool = False,
        read_ahead: int = READ_AHEAD,
    ) -> None:
        if isinstance(read_ahead, bool) or not isinstance(read_ahead, int) or read_ahead < 1:
            raise ConfigurationError(
                f"expected read_ahead to be a whole number from 1, got {read_ahead!r}"
            )
        runner = AsyncRunner(
            providers=providers,
            middleware=middleware,
            transport=transport,
            max_event_bytes=max_event_bytes,
            keys=keys,
            is_strict=is_strict,
        )

        closing: set[Closable] = {transport} if isinstance(transport, Closable) else set()

        async def close() -> None:
            try:
                await runner.aclose()
            finally:
                for each in closing:
                    await each.aclose()

        self._runner = runner
        self._closing = closing  # what nobody else could close, without its loop
        self._read_ahead = read_ahead
        self._thread = LoopThread(close)
        weakref.finalize(self, self._thread.stop).atexit = False  # that waits, this must not

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the streams that are open, all connections, and the thread; any number of times.

        Threads that wait for an answer meanwhile get `StreamInterrupted`.

        Raises:
            PluginError: The plugin of a stream did not let go; the others are closed all the same.
            ConfigurationError: Something blocks the loop, which cannot end.
        """
        self._thread.close()

    def stream_chat(
        self,
        model: str | ModelId,
        messages: str | Message | Sequence[Message],
        **options: Unpack[ChatOptions],
    ) -> ChatStream:
        """Stream an answer; see `headwater.Runner.stream_chat`."""
        stream = self._thread.make(lambda: self._runner.stream_chat(model, messages, **options))
        folder = Folder()

        def answer() -> ChatResponse:
            return attrs.evolve(folder.response(), usage=stream.response.usage)

        hand_over = HandOver(self._thread, stream, limit=self._read_ahead, owner=self)
        return ChatStream(hand_over, folder.add, answer)

    def chat(
        self,
        model: str | ModelId,
        messages: str | Message | Sequence[Message],
        **options: Unpack[ChatOptions],
    ) -> ChatResponse:
        """Give a whole answer; see `headwater.Runner.chat`."""
        return self._thread.run(lambda: self._runner.chat(model, messages, **options))

    def count_usage(
        self,
        model: str | ModelId,
        messages: str | Message | Sequence[Message],
        **options: Unpack[ChatOptions],
    ) -> Usage:
        """Count the input tokens of a request; see `headwater.Runner.count_usage`."""
        return self._thread.run(lambda: self._runner.count_usage(model, messages, **options))

    def list_models(self, provider: str) -> Sequence[ModelInfo]:
        """List the models of a provider; see `headwater.Runner.list_models`."""
        return self._thread.run(lambda: self._runner.list_models(provider))

    def check_health(self, provider: str) -> Health:
        """Tell whether a provider answers; see `headwater.Runner.check_health`."""
        return self._thread.run(lambda: self._runner.check_health(provider))

    @property
    def middleware(self) -> tuple[Middleware, ...]:
        """Tell the layers round each call, outermost first."""
        return self._runner.middleware

    def plugins(self) -> list[PluginStatus]:
        """Load every plugin, each on its own, and say how it stands."""

        async def plugins() -> list[PluginStatus]:  # where a call may be loading one just now
            return self._runner.plugins()

        return self._thread.run(plugins)

    def add_provider(self, name: str, provider: object) -> None:
        """Add a provider object by name; calls that are under way keep the one they have."""
        self._runner.add_provider(name, provider)


def within(runner: object) -> AsyncRunner:
    """Give the asynchronous runner that does the work of a blocking one.

    Raises:
        InvalidRequest: It is no blocking one.
    """
    if not isinstance(runner, Runner):
        raise InvalidRequest(
            f"expected a headwater.blocking.Runner, got {type(runner).__module__}."
            f"{type(runner).__name__}; headwater.session.Session goes with headwater.Runner"
        )
    return runner._runner
