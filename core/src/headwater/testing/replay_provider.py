"""The provider `replay`: `replay/FILE` answers as was recorded, through the right plugin.

    headwater chat -m replay/recordings/20261120T101500-openai-3f2a.jsonl "Hi"

The plugin of the recording's provider encodes the request and decodes the answer, as ever; only
what carries the bytes is replaced.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing, asynccontextmanager
from typing import ClassVar, Final, TypeVar
from urllib.parse import urlsplit

import attrs

from ..call import Call, Operation
from ..discovery import Registry
from ..dispatch import Dispatch
from ..errors import InvalidRequest
from ..events import Event
from ..hookspecs import ProviderInfo, hookimpl
from ..limits import Limits
from ..requests import ChatRequest, ModelId
from ..responses import unfold
from ..secret import Secret
from ..wire.recording import Recording
from ..wire.sse import DEFAULT_MAX_EVENT_BYTES
from ..wire.transport import HTTPRequest, ReadError, Response, Transport
from .replay import ReplayTransport

__all__ = ["Replay", "recorded_model", "recorded_provider"]

T = TypeVar("T")

_NO_KEY: Final = "nothing-is-sent"  # for a provider that needs one to speak at all


@attrs.define(eq=False)
class Replay:
    """Answer as was recorded; the name of the model is the file.

    Args:
        speed: 1: at the recording's own pace; 2: twice as fast; inf: at once.
        slices: Cuts the body into chunks of that many bytes, which come at once.
    """

    speed: float = 1.0
    slices: int | None = attrs.field(default=None, kw_only=True)

    info: ClassVar[ProviderInfo] = ProviderInfo(
        "Recordings",
        description="answers that were recorded, played back: replay/FILE",
        limits=Limits(attempts=1),  # a recording says the same again
    )

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Play a recording; see `headwater.hookspecs`.

        Raises:
            ConfigurationError: There is no such file, or it is no recording.
            InvalidRequest: It is one of something else than an answer.
        """
        recording = Recording.read(request.model.name)
        model = recorded_model(recording)
        player = ReplayTransport.of(recording, speed=self.speed, slices=self.slices)
        registry = Registry({model.provider: recorded_provider(recording)})
        carrier = _Waiting(player, transport)
        dispatch = Dispatch(registry, lambda: carrier, DEFAULT_MAX_EVENT_BYTES)
        call = Call(
            request=attrs.evolve(request, model=model),
            operation=Operation(recording.operation or Operation.STREAM_CHAT),
        )
        if recording.operation == Operation.CHAT:
            async with aclosing(dispatch.chat(call)) as answers:
                async for answer in answers:
                    for event in unfold(answer):
                        yield event
            return
        async with aclosing(dispatch.stream_chat(call)) as events:
            async for event in events:
                yield event


def recorded_model(recording: Recording) -> ModelId:
    """Tell which model a recording is an answer of.

    Raises:
        InvalidRequest: It is no answer of a model.
    """
    if recording.model is None or recording.operation == Operation.COUNT_USAGE:
        what = recording.operation or "a request outside of a Runner"
        raise InvalidRequest(
            f"this recording is of {what}: expected one of an answer, streamed or whole"
        )
    return ModelId.parse(recording.model)


def recorded_provider(recording: Recording) -> object:
    """Give the provider object that a recording's bytes are for: the installed plugin's.

    It gets a key that is none, and the address of the recording, where it has no other: the plugin
    may insist, and nothing is sent.

    Raises:
        InvalidRequest: It is no answer of a model.
        PluginError: No such plugin is installed, or it is broken.
    """
    name = recorded_model(recording).provider
    plugin = Registry(keys=lambda _: Secret(_NO_KEY)).get(name).plugin
    if attrs.has(type(plugin)) and getattr(plugin, "base_url", "none") is None:
        address = urlsplit(recording.request.url)
        base_url = f"{address.scheme}://{address.netloc}"
        return attrs.evolve(plugin, base_url=base_url)  # type: ignore[misc]  # attrs.has said so
    return plugin


class _Waiting:
    """Let each wait for a recorded chunk be one of the call that asked for it, so limits hold."""

    def __init__(self, player: Transport, call: Transport) -> None:
        self._player = player
        self._call = call

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        async with self._player.send(request, errors=errors) as inner:

            async def read_chunk() -> bytes:
                return await self._call.wait(inner.read_chunk())

            yield Response(inner.status, inner.headers, read_chunk, close=inner.close)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        return await self._call.wait(awaitable)
