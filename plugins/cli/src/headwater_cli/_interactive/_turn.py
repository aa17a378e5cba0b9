"""One turn: a prompt goes out, the answer is shown as it comes, and Ctrl-C ends it alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import attrs

from headwater import (
    ChatResponse,
    Event,
    HeadwaterError,
    RefusalDelta,
    StreamMetrics,
    TextDelta,
)
from headwater.responses import unfold
from headwater.session import SessionStream

from .._run import until_interrupted
from .._spinner import Spinner
from ._display import View

__all__ = ["Ask", "Ended", "take_turn"]

Ask: TypeAlias = Callable[[], SessionStream | Awaitable[ChatResponse]]
"""Says something to the session, and gives the answer as a stream or whole."""


@attrs.define
class Ended:
    """Hold how a turn ended.

    Attributes:
        response: The answer; what came of it, where it was cut; None: nothing.
        metrics: How fast it came, where it was streamed.
        chunks: How many deltas of the answer were shown.
        error: What went wrong.
        is_interrupted: Whether Ctrl-C ended it.
    """

    response: ChatResponse | None = None
    metrics: StreamMetrics | None = None
    chunks: int = 0
    error: HeadwaterError | None = None
    is_interrupted: bool = False


async def take_turn(ask: Ask, view: View, spinner: Spinner) -> Ended:
    """Ask, show the answer, and tell how it ended; no error and no Ctrl-C leaves this."""
    ended = Ended()
    try:
        ended.is_interrupted = await until_interrupted(_answer(ask, view, spinner, ended)) is None
    except HeadwaterError as error:
        ended.error = error
        ended.response = ended.response or error.partial
    if ended.response is not None and not _has_content(ended.response):
        ended.response = None if ended.error or ended.is_interrupted else ended.response
    return ended


async def _answer(ask: Ask, view: View, spinner: Spinner, ended: Ended) -> bool:
    def show(event: Event) -> None:
        spinner.stop()
        view.take(event)
        if isinstance(event, TextDelta | RefusalDelta) and event.text:
            ended.chunks += 1

    async with spinner:
        try:
            asked = ask()
            if isinstance(asked, SessionStream):
                await _read(asked, show, ended)
            else:
                ended.response = await asked
                for event in unfold(ended.response):
                    show(event)
        finally:
            spinner.stop()
            view.leave()
    return True


async def _read(stream: SessionStream, show: Callable[[Event], None], ended: Ended) -> None:
    try:
        async with stream:
            async for event in stream:
                show(event)
    finally:
        ended.response, ended.metrics = stream.response, stream.metrics


def _has_content(response: ChatResponse) -> bool:
    return bool(response.message.parts) or response.finish_reason is not None
