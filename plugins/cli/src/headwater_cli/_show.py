"""The answer for people: text as it comes, and beside it what else the model did."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import ClassVar, Protocol, assert_never

from headwater import (
    ChatResponse,
    Event,
    Finished,
    HeadwaterError,
    Provenance,
    ProviderEvent,
    RawFrame,
    ReasoningDelta,
    RefusalDelta,
    Started,
    StreamMetrics,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    Usage,
    UsageUpdated,
)

from ._terminal import Screen, as_line

__all__ = [
    "Reporter",
    "TextReporter",
    "cost_text",
    "counts_text",
    "reason_text",
    "started_lines",
    "tool_call_line",
    "usage_line",
]


class Reporter(Protocol):
    """Tell of an answer: its events, then how it ended.

    Attributes:
        is_live: Whether events are shown as they come.
    """

    is_live: ClassVar[bool]

    def take(self, event: Event) -> None:
        """Tell of an event."""
        ...

    def leave(self) -> None:
        """End what was begun: no further event comes, for whatever reason."""
        ...

    def finish(self, response: ChatResponse, metrics: StreamMetrics | None) -> None:
        """Tell of the whole."""
        ...

    def fail(self, error: HeadwaterError) -> None:
        """Tell of the error that ended it, which `main` will print."""
        ...


class TextReporter:
    """Write the text to standard output and all else beside it.

    Args:
        screen: Where to write.
        is_whole_wanted: Whether an answer in one piece is what was asked for.
    """

    is_live: ClassVar[bool] = True

    def __init__(self, screen: Screen, *, is_whole_wanted: bool = False) -> None:
        self._screen = screen
        self._is_whole_wanted = is_whole_wanted

    def take(self, event: Event) -> None:
        """Show an event, or pass over it."""
        match event:
            case TextDelta(text=text):
                self._screen.write_answer(text)
            case ReasoningDelta(text=text) | RefusalDelta(text=text):
                self._screen.write_aside(text)
            case Started():
                self._take_started(event)
            case ToolCallFinished():
                self._screen.write_line(tool_call_line(event))
            case (
                ToolCallStarted()
                | ToolCallDelta()
                | UsageUpdated()
                | ProviderEvent()
                | RawFrame()
                | Finished()
            ):
                pass
            case _:
                assert_never(event)

    def leave(self) -> None:
        """End the lines that were begun."""
        self._screen.end()

    def finish(self, response: ChatResponse, metrics: StreamMetrics | None) -> None:
        """Show why the answer ended, and what it used."""
        self._screen.write_line(usage_line(response, metrics))

    def fail(self, error: HeadwaterError) -> None:
        """Show what an answer that was cut has used."""
        if error.partial is not None and error.partial.message.parts:
            self._screen.write_line(usage_line(error.partial, None))

    def _take_started(self, event: Started) -> None:
        for line in started_lines(event, is_whole_wanted=self._is_whole_wanted):
            self._screen.write_line(line)


def started_lines(event: Started, *, is_whole_wanted: bool) -> list[str]:
    """Say what is to be known of an answer before it comes: as a rule nothing."""
    lines = [f"[dropped: {as_line(what)}]" for what in event.dropped]
    if event.is_whole and not is_whole_wanted:
        lines.insert(0, "[this provider cannot stream: the answer comes whole]")
    return lines


def tool_call_line(call: ToolCallFinished) -> str:
    """Say which tool the model asks for."""
    if call.is_valid:
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        return f"[tool call: {as_line(call.name)} {as_line(arguments)}]"
    return f"[tool call with invalid arguments: {as_line(f'{call.name} {call.raw_arguments}')}]"


def usage_line(
    response: ChatResponse,
    metrics: StreamMetrics | None,
    *,
    cost: Decimal | None = None,
    is_interrupted: bool = False,
) -> str:
    """Sum an answer up.

    Shapes:
        "[stop | 12 in, 34 out tokens | first content 0.4 s, 56.1 tokens/s]"
        "[incomplete | 12 in, 3 out tokens (partial)]": counted before the answer broke off
        "[incomplete | ~12 in, ? out tokens]": ~ before an estimate, ? for what nobody knows
        "[stop | 12 in, 34 out tokens | $0.0021 | first content 0.4 s]": with what it cost
    """
    reason = "interrupted" if is_interrupted else reason_text(response)
    facts = [reason, counts_text(response.usage)]
    if cost is not None:
        facts.append(cost_text(cost))
    if metrics is not None and metrics.first_content_s is not None:
        facts.append(_speed(metrics))
    return f"[{' | '.join(facts)}]"


def reason_text(response: ChatResponse) -> str:
    """Say why an answer ended, in the provider's own word where there is no other."""
    reason = "incomplete" if response.finish_reason is None else response.finish_reason.value
    return as_line(response.raw_reason) if reason == "other" and response.raw_reason else reason


def cost_text(cost: Decimal) -> str:
    """Give an amount in US dollars, with as many digits as it is worth.

    Shapes:
        Decimal("0.000021") -> "$0.000021"
        Decimal("0.12346")  -> "$0.1235"
        Decimal("12.3")     -> "$12.30"
    """
    if not cost or cost >= 1:
        return f"${cost:.2f}"
    return f"${cost:.{max(4, 1 - cost.adjusted())}f}"


def counts_text(usage: Usage) -> str:
    """Say how many tokens were read and written."""
    mark = "~" if usage.provenance is Provenance.ESTIMATED else ""
    cached = f" ({usage.cached_input_tokens} cached)" if usage.cached_input_tokens else ""
    thought = f" ({usage.reasoning_tokens} reasoning)" if usage.reasoning_tokens else ""
    counts = (
        f"{_count(usage.input_tokens, mark)} in{cached}, "
        f"{_count(usage.output_tokens, mark)} out{thought} tokens"
    )
    return f"{counts} (partial)" if usage.provenance is Provenance.PARTIAL else counts


def _count(tokens: int | None, mark: str) -> str:
    return "?" if tokens is None else f"{mark}{tokens}"


def _speed(metrics: StreamMetrics) -> str:
    speed = f"first content {metrics.first_content_s:.1f} s"
    if metrics.output_tokens_per_s is not None:
        speed += f", {metrics.output_tokens_per_s:.1f} tokens/s"
    return speed if metrics.attempts <= 1 else f"{speed}, {metrics.attempts} attempts"
