"""The provider object of the demo."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from typing import ClassVar

import attrs

from headwater import (
    ChatRequest,
    Event,
    Finished,
    Health,
    InvalidRequest,
    ModelInfo,
    ProviderInfo,
    Started,
    ToolCallDelta,
    ToolCallFinished,
    Usage,
    hookimpl,
)
from headwater.wire.transport import Transport

from ._answer import MODELS, input_words, plan
from ._attempts import Attempts
from ._faults import Fault, Silence
from ._names import FAULTS, find

__all__ = ["Demo"]

CALL_ID = "call_demo"
PING_S = 0.02


@attrs.define
class Demo:
    """Answer without a model, a key or a network, word by word.

    `eliza` converses by keywords, `echo` repeats; a model named `fault-…` repeats too, and goes
    wrong in the way that it is named after. All think aloud when reasoning is asked for, call a
    tool when they must or when its name is said, and answer in JSON of the shape asked for. A token
    is a word.

    Attributes:
        delay_s: The wait before each word; `extra={"delay_s": …}` sets it for one call.
    """

    delay_s: float = 0.03
    _attempts: Attempts = attrs.field(factory=Attempts, init=False, eq=False, repr=False)

    info: ClassVar[ProviderInfo] = ProviderInfo(
        "Demo", description="answers without a model, a key or a network, or fails as it is told"
    )

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Stream the answer word by word, as far as it is to go well."""
        delay_s = self._delay_s(request)
        fault = find(request.model.name, request.messages[-1].text)
        if fault.failures < math.inf and self._attempts.count(request) > fault.failures:
            fault = Fault()
        answer = plan(request)
        if fault.changes is not None:
            answer = fault.changes(answer, request, fault.after)
        delay_s = delay_s if fault.delay_s is None else fault.delay_s
        await transport.wait(asyncio.sleep(fault.late_s))
        if fault.refuses is not None:
            raise fault.refuses()
        yield Started(request.model.name)
        call_id = f"{CALL_ID}_{len(request.messages)}"  # no two calls of a conversation share it
        for count, event in enumerate(answer.deltas(call_id)):
            if fault.breaks is not None and count == fault.after:
                break
            if not isinstance(event, ToolCallDelta | ToolCallFinished):
                await transport.wait(asyncio.sleep(delay_s))
            yield event
        if fault.breaks is None:
            yield Finished(answer.reason, answer.reason.value, answer.usage)
        else:
            await _break_off(fault, transport)

    @hookimpl
    async def count_usage(self, request: ChatRequest) -> Usage:
        """Count the words of the input."""
        return Usage(input_words(request))

    @hookimpl
    async def list_models(self) -> Sequence[ModelInfo]:
        """List the demo's models, one of each kind where a name holds a number."""
        return [ModelInfo(name, description=what) for name, what in (MODELS | FAULTS).items()]

    @hookimpl
    async def check_health(self) -> Health:
        """Say that the demo always works."""
        return Health(True, "needs no key and no network")

    def _delay_s(self, request: ChatRequest) -> float:
        delay_s = request.extra.get("delay_s", self.delay_s)
        if isinstance(delay_s, bool) or not isinstance(delay_s, int | float) or not delay_s >= 0:
            raise InvalidRequest(f"expected extra delay_s to be a number from 0, got {delay_s!r}")
        return float(delay_s)


async def _break_off(fault: Fault, transport: Transport) -> None:
    """Fail in the middle of an answer; to return is to end it without its end mark."""
    if fault.breaks is Silence.STALL:
        await transport.wait(asyncio.Event().wait())
    while fault.breaks is Silence.PINGS:
        await transport.wait(asyncio.sleep(PING_S))
    if fault.breaks is not None and not isinstance(fault.breaks, Silence):
        raise fault.breaks()
