"""One of the answers that `compare` puts side by side, from the question to its end."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import Final

import attrs

from headwater import (
    ChatResponse,
    ChatStream,
    ConfigurationError,
    Event,
    HeadwaterError,
    Provenance,
    ReasoningDelta,
    RefusalDelta,
    StreamMetrics,
    TextDelta,
    ToolCallFinished,
    Usage,
)
from headwater.prices import cost_of

from ._show import cost_text, reason_text, tool_call_line

__all__ = ["SUMMARY_HEADS", "Contender"]

SUMMARY_HEADS: Final = ("MODEL", "ENDED", "FIRST", "TOTAL", "TOKENS/S", "IN", "OUT", "COST")
_UNKNOWN: Final = "?"


@attrs.define(eq=False)
class Contender:
    """Hold an answer under way.

    Attributes:
        model: Who gives it.
        text: What it has said so far, refusals and tool calls included.
        stream: Where it comes from.
        is_thinking: Whether it thinks aloud, or has.
        is_over: Whether it has ended, well or not.
        is_interrupted: Whether it was ended by the person who asked.
        error: What ended it, None where that was its own end.
        cost: What it cost, None where that is not known.
    """

    model: str
    stream: ChatStream = attrs.field(repr=False)
    text: str = ""
    is_thinking: bool = False
    is_over: bool = False
    is_interrupted: bool = False
    error: HeadwaterError | None = None
    cost: Decimal | None = None
    _began: float = attrs.field(factory=time.monotonic, init=False)

    @property
    def response(self) -> ChatResponse:
        """Give the answer so far."""
        return self.stream.response

    @property
    def metrics(self) -> StreamMetrics:
        """Tell how fast it came."""
        return self.stream.metrics

    async def run(self) -> None:
        """Ask, and take the answer to its end; a failure is one."""
        self._began = time.monotonic()
        try:
            async with self.stream:
                async for event in self.stream:
                    self._take(event)
        except HeadwaterError as error:
            self.error = error
        except asyncio.CancelledError:
            self.is_interrupted = True
            raise
        self.is_over = True

    def look_up_cost(self) -> None:
        """Find what it cost, where prices are installed."""
        try:
            self.cost = cost_of(self.model, self._usage())
        except ConfigurationError:
            self.cost = None

    def status(self) -> str:
        """Say in a few words how it stands."""
        if self.error is not None:
            return type(self.error).__name__
        if self.is_interrupted:
            return "interrupted"
        if self.is_over:
            return reason_text(self.response)
        waited_s = time.monotonic() - self._began
        doing = "writing" if self.text else "thinking" if self.is_thinking else "waiting"
        return f"{doing}, {waited_s:.1f} s"

    def broke_off(self) -> str:
        """Say why it is no whole answer; nothing, where it is one."""
        is_broken_off = self.error is not None or self.is_interrupted
        return f"[{self.status()}]" if is_broken_off else ""

    def summary(self) -> tuple[str, ...]:
        """Give its row of the table, under `SUMMARY_HEADS`."""
        metrics, usage = self.metrics, self._usage()
        return (
            self.model,
            self.status(),
            _seconds(metrics.first_content_s),
            _seconds(metrics.total_s),
            _UNKNOWN
            if metrics.output_tokens_per_s is None
            else f"{metrics.output_tokens_per_s:.1f}",
            _count(usage.input_tokens, usage),
            _count(usage.output_tokens, usage),
            _UNKNOWN if self.cost is None else cost_text(self.cost),
        )

    def _usage(self) -> Usage:
        """Tell what it used; of one that failed before it said anything, only what was reported."""
        response = self.response
        has_begun = self.error is None or bool(response.message.parts)
        is_estimate = response.usage.provenance is Provenance.ESTIMATED
        return response.usage if has_begun or not is_estimate else Usage()

    def _take(self, event: Event) -> None:
        match event:
            case TextDelta(text=text) | RefusalDelta(text=text):
                self.text += text
            case ReasoningDelta():
                self.is_thinking = True
            case ToolCallFinished():
                self.text += f"{tool_call_line(event)}\n"
            case _:
                pass


def _seconds(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.2f} s"


def _count(tokens: int | None, usage: Usage) -> str:
    mark = "~" if usage.provenance is Provenance.ESTIMATED else ""
    return _UNKNOWN if tokens is None else f"{mark}{tokens}"
