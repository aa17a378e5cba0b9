"""A provider that answers by a script, for the tests of an application.

fake = FakeProvider("Hello!", RateLimited("slow down"))
async with Runner(providers={"fake": fake}) as runner:
    assert (await runner.chat("fake/any", "Hi")).text == "Hello!"
assert fake.requests[0].messages[-1].text == "Hi"
"""

from __future__ import annotations

import asyncio
import copy
import math
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from typing import ClassVar, Final, TypeAlias

from ..errors import HeadwaterError
from ..events import Event, FinishReason, TextDelta
from ..hookspecs import ProviderInfo, hookimpl
from ..messages import Message, assistant
from ..parts import ToolCall
from ..requests import ChatRequest
from ..responses import ChatResponse, unfold
from ..usage import Usage
from ..wire.transport import Transport
from .replay import Pause

__all__ = ["FakeAnswer", "FakeProvider", "FakeStep"]

FakeStep: TypeAlias = Event | Pause | HeadwaterError
"""An event that comes, a wait, or the error that ends the answer."""

FakeAnswer: TypeAlias = (
    str
    | ToolCall
    | Message
    | ChatResponse
    | HeadwaterError
    | Sequence[FakeStep]
    | Callable[[ChatRequest], "FakeAnswer"]
)
"""What is answered to one call; see `FakeProvider`."""

_WORD: Final = re.compile(r"\s*\S+\s*")


class FakeProvider:
    """Answer each call by a script, and keep the requests that came.

    An answer is a text, which comes word by word; a tool call, which asks for a tool; a message or
    a whole response; an error, raised before anything comes; a list of events, waits and errors,
    taken step by step as they are, so that one without `Finished` is an answer that was cut; or a
    function that is given the request and returns one of these.

    Args:
        *answers: What to answer, call by call; the last one again when there are no more.

    Attributes:
        requests: The requests that came, in order.
    """

    info: ClassVar[ProviderInfo] = ProviderInfo("Fake", description="answers by a script")

    def __init__(self, *answers: FakeAnswer) -> None:
        self.requests: list[ChatRequest] = []
        self._answers = list(answers) or ["Hello."]

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Give the next answer; see `headwater.hookspecs`."""
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        for step in _steps(answer, request):
            match step:
                case Pause(seconds=seconds):
                    await transport.wait(_silence(seconds))
                case HeadwaterError():
                    raise copy.copy(step)  # the next call may raise it again
                case _:
                    yield copy.copy(step)  # the core completes some of them


async def _silence(seconds: float) -> None:
    if math.isinf(seconds):
        await asyncio.Event().wait()
    await asyncio.sleep(seconds)


def _steps(answer: FakeAnswer, request: ChatRequest) -> Iterator[FakeStep]:
    match answer:
        case str() | ToolCall():
            yield from _steps(assistant(answer), request)
        case Message():
            reason = FinishReason.TOOL_CALLS if answer.tool_calls else FinishReason.STOP
            whole = ChatResponse(answer, finish_reason=reason, usage=Usage())
            yield from _steps(whole, request)
        case ChatResponse():
            for event in unfold(answer):
                yield from _worded(event)
        case HeadwaterError():
            yield answer
        case _ if callable(answer):
            yield from _steps(answer(request), request)
        case _:
            yield from answer


def _worded(event: Event) -> Iterator[Event]:
    """Take a text apart into its words."""
    if isinstance(event, TextDelta) and event.replay is None:
        yield from (TextDelta(word) for word in _WORD.findall(event.text) or [event.text])
    else:
        yield event
