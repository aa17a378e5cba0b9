"""Liars about what an answer says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from headwater import (
    ChatRequest,
    ChatResponse,
    Event,
    Finished,
    FinishReason,
    Message,
    Part,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    ToolResult,
    Usage,
)
from headwater.parts import Media, Reasoning
from headwater.wire.calls import finished_call

from .honest import Decoder, Honest
from .lying import liar, misread


@misread("answers_are_read")
class LosesTheLastPiece(Decoder):
    """Hold each piece of text back until the next one."""

    held = ""

    def take_say(self, value: dict[str, Any]) -> Iterator[Event]:
        if self.held:
            yield TextDelta(self.held)
        self.held = value.get("text", "")


@misread("answers_are_read")
class CallsACutAStop(Decoder):
    """Know one reason to stop."""

    def finished(self) -> Finished:
        return Finished(FinishReason.STOP, self.why, self.usage)


@misread("answers_are_read")
class LosesItsOwnWord(Decoder):
    """Drop the provider's own reason."""

    def finished(self) -> Finished:
        return attrs.evolve(super().finished(), raw_reason=None)


@misread("answers_are_read")
class StopsAtTheFirstCall(Decoder):
    """Take one call alone."""

    def take_end(self, value: dict[str, Any]) -> Iterator[Event]:
        yield from list(super().take_end(value))[:1]


@misread("answers_are_read")
class RenamesTools(Decoder):
    """Write names as it likes them."""

    def take_call(self, value: dict[str, Any]) -> Iterator[Event]:
        yield from super().take_call({**value, "name": value["name"].title()})


@misread("reasoning_is_no_text")
class ThinksAloud(Decoder):
    """Give reasoning as text."""

    def take_think(self, value: dict[str, Any]) -> Iterator[Event]:
        yield TextDelta(value["text"])


@misread("sealed_reasoning_goes_back")
class LosesTheSeal(Decoder):
    """Pass over the seal."""

    def take_seal(self, value: dict[str, Any]) -> Iterator[Event]:
        yield from ()


@liar("sealed_reasoning_goes_back")
class KeepsTheSeal(Honest):
    """Read the seal, and do not send it back."""

    def part(self, part: Part | Media, message: Message) -> dict[str, Any]:
        if isinstance(part, Reasoning):
            part = attrs.evolve(part, replay=None)
        return super().part(part, message)


@liar("chat_is_the_folded_stream")
class SaysLessAtOnce(Honest):
    """Forget the tool calls of a whole answer."""

    def whole(self, request: ChatRequest, body: Any) -> ChatResponse:
        return super().whole(request, {**body, "calls": []})


@liar("chat_is_the_folded_stream")
class CountsOtherwiseAtOnce(Honest):
    """Count the cached tokens twice, in whole answers alone."""

    def whole(self, request: ChatRequest, body: Any) -> ChatResponse:
        answer = super().whole(request, body)
        return attrs.evolve(answer, usage=answer.usage + Usage(1, 0))


@misread("calls_are_kept_apart")
class GluesCalls(Decoder):
    """Give all arguments to the call that began last."""

    def take_args(self, value: dict[str, Any]) -> Iterator[Event]:
        yield from super().take_args({**value, "n": max(self.open)})


@misread("broken_arguments_stay_broken")
class MendsArguments(Decoder):
    """Make an empty object of what is broken."""

    def take_end(self, value: dict[str, Any]) -> Iterator[Event]:
        for event in super().take_end(value):
            if isinstance(event, ToolCallFinished) and not event.is_valid:
                event = attrs.evolve(event, arguments={}, is_valid=True)
            yield event


@misread("call_ids_are_unique")
class TrustsIds(Decoder):
    """Take the name where there is no id."""

    def take_call(self, value: dict[str, Any]) -> Iterator[Event]:
        call_id = value.get("id") or value["name"]
        self.open[value["n"]] = (call_id, value["name"], [])
        yield ToolCallStarted(call_id, value["name"])

    def take_args(self, value: dict[str, Any]) -> Iterator[Event]:
        call_id, name, pieces = self.open.get(value["n"], ("", "", []))
        yield ToolCallDelta(call_id, value["text"])
        pieces.append(value["text"])
        if "}" in value["text"]:
            yield finished_call(call_id, name, "".join(pieces))
            del self.open[value["n"]]


@liar("tool_results_are_sent")
class ForgetsResults(Honest):
    """Send that there was a result, and not which."""

    def part(self, part: Part | Media, message: Message) -> dict[str, Any]:
        if isinstance(part, ToolResult):
            return {"result": part.call_id}
        return super().part(part, message)


@misread("usage_is_counted")
class CountsCachedTwice(Decoder):
    """Add what is contained already."""

    def count(self, value: dict[str, Any]) -> Usage:
        usage = super().count(value)
        more = (usage.input_tokens or 0) + (usage.cached_input_tokens or 0)
        return attrs.evolve(usage, input_tokens=more)


@misread("usage_is_counted")
class CountsNoThoughts(Decoder):
    """Count the output as the wire does."""

    def count(self, value: dict[str, Any]) -> Usage:
        return attrs.evolve(super().count(value), output_tokens=value["said"])


@misread("usage_is_counted")
class LeavesBeforeTheCount(Decoder):
    """End at the reason, before the count that follows it."""

    def take_end(self, value: dict[str, Any]) -> Iterator[Event]:
        yield from super().take_end(value)
        yield from self.take_over(value)


@misread("unknown_counts_stay_unknown")
class CountsNothingAsZero(Decoder):
    """Say 0 where nothing was said."""

    def finished(self) -> Finished:
        return attrs.evolve(super().finished(), usage=self.usage or Usage(0, 0))
