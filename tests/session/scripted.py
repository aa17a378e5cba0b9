"""A provider that answers as the test says, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Iterable

from headwater import (
    ChatRequest,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    ModelInfo,
    ProviderInfo,
    Runner,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    Usage,
    hookimpl,
)
from headwater.wire.transport import Transport

__all__ = ["MODEL", "USAGE", "Counting", "Scripted", "Step", "called", "runner_of", "said"]

MODEL = "p/model"
Step = Event | BaseException | asyncio.Event


USAGE = Usage(10, 2)  # what an answer used, where the test does not say


def said(text: str, usage: Usage | None = USAGE) -> list[Step]:
    """Script an answer of words."""
    words = [TextDelta(word) for word in re.findall(r"\s*\S+", text)]
    return [Started("model"), *words, Finished(FinishReason.STOP, "stop", usage)]


def called(
    name: str,
    raw: str = "{}",
    *,
    call_id: str = "c1",
    is_valid: bool = True,
    usage: Usage | None = USAGE,
) -> list[Step]:
    """Script an answer that is a call of a tool."""
    arguments = json.loads(raw) if is_valid else None
    return [
        Started("model"),
        ToolCallStarted(call_id, name),
        ToolCallDelta(call_id, raw),
        ToolCallFinished(call_id, name, arguments, raw, is_valid),
        Finished(FinishReason.TOOL_CALLS, "tool_calls", usage),
    ]


class Scripted:
    """Give the scripted answers one after the other; without one, "ok".

    A step is an event, an error to raise, or an `asyncio.Event` to wait for. Where the steps end
    without `Finished`, the answer is cut.

    Attributes:
        requests: What was asked.
    """

    info = ProviderInfo("Scripted")

    def __init__(self, *answers: Iterable[Step]) -> None:
        self.answers = [list(answer) for answer in answers]
        self.requests: list[ChatRequest] = []

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Play the next answer."""
        self.requests.append(request)
        for step in self.answers.pop(0) if self.answers else said("ok"):
            match step:
                case BaseException():
                    raise step
                case asyncio.Event():
                    await transport.wait(step.wait())
                case _:
                    yield step

    @hookimpl
    async def list_models(self) -> list[ModelInfo]:
        """List the one model."""
        return [ModelInfo("model")]


class Counting(Scripted):
    """Count a token for each word of text, exactly.

    Attributes:
        counts: How often it was asked to.
        failure: What to raise instead.
    """

    def __init__(self, *answers: Iterable[Step]) -> None:
        super().__init__(*answers)
        self.counts = 0
        self.failure: HeadwaterError | None = None

    @hookimpl
    async def count_usage(self, request: ChatRequest) -> Usage:
        """Count the words."""
        self.counts += 1
        if self.failure is not None:
            raise self.failure
        return Usage(sum(len(message.text.split()) for message in request.messages))


def runner_of(provider: object) -> Runner:
    """Make a runner that has this provider alone, and tries once."""
    return Runner(providers={"p": provider}, middleware=[])
