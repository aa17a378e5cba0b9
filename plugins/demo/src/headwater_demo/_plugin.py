"""The provider object of the demo."""

from __future__ import annotations

import asyncio
import json
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
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    Usage,
    hookimpl,
)
from headwater.wire.transport import Transport

from ._answer import MODELS, input_words, plan

__all__ = ["Demo"]

CALL_ID = "call_demo"


@attrs.define
class Demo:
    """Answer without a model, a key or a network, word by word.

    `eliza` converses by keywords, `echo` repeats. Both think aloud when reasoning is asked for,
    call a tool when they must or when its name is said, and answer in JSON of the shape asked for.
    A token is a word.

    Attributes:
        delay_s: The wait before each word; `extra={"delay_s": …}` sets it for one call.
    """

    delay_s: float = 0.03

    info: ClassVar[ProviderInfo] = ProviderInfo(
        "Demo", description="answers without a model, a key or a network"
    )

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Stream the answer word by word."""
        delay_s = self._delay_s(request)
        answer = plan(request)
        yield Started(request.model.name)
        for word in answer.reasoning:
            await transport.wait(asyncio.sleep(delay_s))
            yield ReasoningDelta(word)
        for word in answer.words:
            await transport.wait(asyncio.sleep(delay_s))
            yield TextDelta(word)
        if answer.tool_call is not None:
            name, arguments = answer.tool_call
            raw = json.dumps(arguments)
            await transport.wait(asyncio.sleep(delay_s))
            call_id = (
                f"{CALL_ID}_{len(request.messages)}"  # no two calls of a conversation share it
            )
            yield ToolCallStarted(call_id, name)
            yield ToolCallDelta(call_id, raw)
            yield ToolCallFinished(
                call_id, name, arguments=arguments, raw_arguments=raw, is_valid=True
            )
        yield Finished(answer.reason, answer.reason.value, answer.usage)

    @hookimpl
    async def count_usage(self, request: ChatRequest) -> Usage:
        """Count the words of the input."""
        return Usage(input_words(request))

    @hookimpl
    async def list_models(self) -> Sequence[ModelInfo]:
        """List the demo's models."""
        return [ModelInfo(name, description=what) for name, what in MODELS.items()]

    @hookimpl
    async def check_health(self) -> Health:
        """Say that the demo always works."""
        return Health(True, "needs no key and no network")

    def _delay_s(self, request: ChatRequest) -> float:
        delay_s = request.extra.get("delay_s", self.delay_s)
        if isinstance(delay_s, bool) or not isinstance(delay_s, int | float) or not delay_s >= 0:
            raise InvalidRequest(f"expected extra delay_s to be a number from 0, got {delay_s!r}")
        return float(delay_s)
