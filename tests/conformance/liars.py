"""Providers that break a promise, each a small variant of the honest one, with what must trip it.

`@liar("check")` is for a provider; `@misread("check")` for a decoder that a provider is given.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import socket
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

import attrs

from headwater import (
    ChatRequest,
    ChatResponse,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    InvalidRequest,
    Message,
    Part,
    PermissionDenied,
    ProviderInfo,
    Role,
    Secret,
    ServerError,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    ToolResult,
    TransportError,
    UnsupportedFeature,
    Usage,
    hookimpl,
)
from headwater.parts import Image, Media, Reasoning
from headwater.testing.conformance import ProviderConformance
from headwater.wire.calls import finished_call
from headwater.wire.transport import HTTPRequest, Response, Transport

from .honest import Decoder, Honest

__all__ = ["LIARS", "Liar"]

KEY: Final = ProviderConformance.key


@attrs.frozen
class Liar:
    """Name a provider that lies, and the check that must find out.

    Attributes:
        name: What it does.
        check: The check's name.
        make: Makes the provider object.
    """

    name: str
    check: str
    make: Callable[[], object]


LIARS: Final[list[Liar]] = []
P = TypeVar("P", bound=type[Honest])
D = TypeVar("D", bound=type[Decoder])


def liar(check: str) -> Callable[[P], P]:
    """Add a provider to the liars."""

    def add(kind: P) -> P:
        LIARS.append(Liar(kind.__name__, check, lambda: kind(KEY)))
        return kind

    return add


def misread(check: str) -> Callable[[D], D]:
    """Add a provider with this decoder to the liars."""

    def add(kind: D) -> D:
        class Misreading(Honest):
            make_decoder = kind

        LIARS.append(Liar(kind.__name__, check, lambda: Misreading(KEY)))
        return kind

    return add


# What an answer says.


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


# How events come.


@misread("events_keep_the_grammar")
class FinishesTwice(Decoder):
    """Say it again."""

    def take_over(self, value: dict[str, Any]) -> Iterator[Event]:
        yield from super().take_over(value)
        yield self.finished()


@misread("events_keep_the_grammar")
class SpeaksAfterTheEnd(Decoder):
    """Add a word."""

    def take_over(self, value: dict[str, Any]) -> Iterator[Event]:
        yield from super().take_over(value)
        yield TextDelta("bye")


@misread("events_keep_the_grammar")
class SaysNothingAtLength(Decoder):
    """Give a delta for each frame, empty ones too."""

    def take_begin(self, value: dict[str, Any]) -> Iterator[Event]:
        yield from super().take_begin(value)
        yield TextDelta("")


@misread("calls_are_kept_apart")
@misread("events_keep_the_grammar")
class KeepsPiecesOfArguments(Decoder):
    """Give fewer pieces than the whole has."""

    def take_args(self, value: dict[str, Any]) -> Iterator[Event]:
        list(super().take_args(value))
        yield from ()


@misread("events_keep_the_grammar")
class LeavesCallsOpen(Decoder):
    """Begin a call, and not end it."""

    def take_end(self, value: dict[str, Any]) -> Iterator[Event]:
        list(super().take_end(value))
        yield from ()


@liar("is_live")
class ReadsItAllFirst(Honest):
    """Read the whole answer before the first word of it goes out."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        events = [event async for event in super().stream_chat(request, transport)]
        for event in events:
            yield event


@liar("is_live")
class LagsBehind(Honest):
    """Read the next frame before this one goes out."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        held = None
        async for frame in super().frames(response):
            if held is not None:
                yield held
            held = frame
        if held is not None:
            yield held


class OwnFraming(Honest):
    """Take the stream apart with framing of its own."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        name, text = "message", ""
        async for line in self.lines(response):
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                text += line[5:]
            elif not line and text:
                yield name, text
                name, text = "message", ""

    async def lines(self, response: Response) -> AsyncGenerator[str, None]:
        """Give the lines."""
        rest = b""
        while chunk := await response.read_chunk():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line.decode().removesuffix("\r")


@liar("odd_characters_pass")
class SplitsAtAnySeparator(OwnFraming):
    """Split lines as Python splits text, at U+2028 too."""

    async def lines(self, response: Response) -> AsyncGenerator[str, None]:
        async for line in super().lines(response):
            for piece in line.splitlines() or [""]:
                yield piece


@liar("odd_characters_pass")
class DecodesEachChunk(OwnFraming):
    """Decode bytes as they come, also those that are half a letter."""

    async def lines(self, response: Response) -> AsyncGenerator[str, None]:
        rest = ""
        while chunk := await response.read_chunk():
            *lines, rest = (rest + chunk.decode("utf-8", "replace")).split("\n")
            for line in lines:
                yield line.removesuffix("\r")


@liar("slicing_does_not_matter")
class TakesChunksForFrames(OwnFraming):
    """Believe that a chunk ends where a line does."""

    async def lines(self, response: Response) -> AsyncGenerator[str, None]:
        while chunk := await response.read_chunk():
            for line in chunk.decode().split("\n"):
                yield line


@liar("slicing_does_not_matter")
class JoinsWhatComesTogether(OwnFraming):
    """Make one piece of text of those that come in one chunk."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        said = ""
        async for name, data in super().frames(response):
            if name == "say" and len(self.chunk) > 200:
                said += json.loads(data)["text"]
                continue
            if said:
                yield "say", json.dumps({"text": said})
                said = ""
            yield name, data

    async def lines(self, response: Response) -> AsyncGenerator[str, None]:
        rest = b""
        while chunk := await response.read_chunk():
            self.chunk = chunk
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line.decode()


@liar("spelling_does_not_matter")
class KnowsOneLineEnd(OwnFraming):
    """Take LF alone for the end of a line."""

    async def lines(self, response: Response) -> AsyncGenerator[str, None]:
        rest = b""
        while chunk := await response.read_chunk():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line.decode()


@misread("spelling_does_not_matter")
class ReadsOneLineOfData(Decoder):
    """Take the first line of the data alone."""

    def parse(self, data: str) -> dict[str, Any]:
        return super().parse(data.partition("\n")[0])


@liar("keep_alives_change_nothing")
class TakesPingsForWords(OwnFraming):
    """Show comments as text."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        name = "message"
        async for line in self.lines(response):
            if line.startswith(":") and name != "message":
                yield "say", json.dumps({"text": line[1:]})
            elif line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                yield name, line[5:]


@misread("unknown_frames_change_nothing")
class KnowsItAll(Decoder):
    """Refuse what it does not know."""

    def feed(self, name: str, data: str) -> list[Event]:
        if not hasattr(self, f"take_{name}"):
            raise InvalidRequest(f"no event is called {name}")
        return super().feed(name, data)


@misread("unknown_fields_change_nothing")
class KnowsAllFields(Decoder):
    """Refuse a frame with a field more."""

    def parse(self, data: str) -> dict[str, Any]:
        value = super().parse(data)
        if "conformance_new" in value:
            raise InvalidRequest("an unknown field")
        return value


@misread("damage_raises")
class SkipsDamage(Decoder):
    """Pass over what is no JSON."""

    def feed(self, name: str, data: str) -> list[Event]:
        with suppress(ValueError, RecursionError):
            json.loads(data)
            return super().feed(name, data)
        return []


@misread("damage_raises")
class CrashesOnDamage(Decoder):
    """Let the exception of the JSON library out."""

    def parse(self, data: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(data)
        return value


@misread("any_stream_is_read")
class DropsBlankPieces(Decoder):
    """Think that a blank piece of text says nothing."""

    def take_say(self, value: dict[str, Any]) -> Iterator[Event]:
        if value["text"].strip():
            yield from super().take_say(value)


@misread("any_stream_is_read")
class RefusesOddWords(Decoder):
    """Believe that nobody says such things."""

    def take_say(self, value: dict[str, Any]) -> Iterator[Event]:
        if set(value["text"]) & set('\u2028\x85"{\t'):
            raise InvalidRequest("an odd word")
        yield from super().take_say(value)


@misread("any_stream_is_read")
class CountsUpTo(Decoder):
    """Stop counting at some point."""

    def count(self, value: dict[str, Any]) -> Usage:
        usage = super().count(value)
        return attrs.evolve(usage, input_tokens=min(usage.input_tokens or 0, 200))


@liar("any_whole_answer_is_read")
class TidiesWholeAnswers(Honest):
    """Strip what was said."""

    def whole(self, request: ChatRequest, body: Any) -> ChatResponse:
        return super().whole(request, {**body, "text": body["text"].strip()})


@misread("disorder_crashes_nothing")
class TrustsTheOrder(Decoder):
    """Believe that a call has begun when its arguments come."""

    def feed(self, name: str, data: str) -> list[Event]:
        return list(getattr(self, f"take_{name}", lambda _: ())(self.parse(data)))


@misread("no_bytes_crash_it")
class TrustsItsNumbers(Decoder):
    """Believe that what should be a number is one."""

    def feed(self, name: str, data: str) -> list[Event]:
        if "{" not in data:
            raise KeyError(name)
        return super().feed(name, data)


# Tool calls.


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


# Ends.


@misread("a_cut_answer_is_no_success")
class InventsAReason(Decoder):
    """Call it done when the bytes end."""

    def close(self) -> list[Event]:
        self.why = self.why or "done"
        return super().close()


@misread("a_cut_answer_is_no_success")
class CallsACutMalformed(Decoder):
    """Complain of the bytes when they end."""

    def close(self) -> list[Event]:
        if self.why is None:
            raise InvalidRequest("the answer is malformed")
        return super().close()


@misread("a_cut_keeps_what_came")
class ApologisesForACut(Decoder):
    """Add words that the model never said."""

    def close(self) -> list[Event]:
        return super().close() or [TextDelta(" [cut off]")]


@misread("no_bytes_crash_it")
@misread("a_cut_answer_is_no_success")
class EndsBeforeTheEndMark(Decoder):
    """Finish whatever came, for another reason."""

    def close(self) -> list[Event]:
        return [] if self.is_over else [Finished(FinishReason.OTHER)]


@liar("a_broken_connection_is_no_success")
class TakesABreakForTheEnd(Honest):
    """Take a broken connection for the end of an answer."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        try:
            async for event in super().stream_chat(request, transport):
                yield event
        except TransportError:
            yield Finished(FinishReason.STOP)


@misread("a_cut_keeps_what_came")
class SpeaksAtTheEnd(Decoder):
    """Keep all text until the answer is over."""

    said = ""

    def take_say(self, value: dict[str, Any]) -> Iterator[Event]:
        self.said += value.get("text", "")
        yield from ()

    def take_end(self, value: dict[str, Any]) -> Iterator[Event]:
        if self.said:
            yield TextDelta(self.said)
        yield from super().take_end(value)


@liar("it_ends_with_the_end_mark")
class WaitsForTheHangUp(Honest):
    """Read until the server closes the connection."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        frames = [frame async for frame in super().frames(response)]
        for frame in frames:
            yield frame


# Counts.


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


# Errors.


@liar("statuses_have_their_class")
class CallsThrottlingAFailure(Honest):
    """Take 429 for any failure."""

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
        error = super().read_error(status, headers, body)
        return ServerError(error.message) if status == 429 else error


@liar("statuses_have_their_class")
class RepeatsBadRequests(Honest):
    """Think that a bad request is worth another attempt."""

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
        error = super().read_error(status, headers, body)
        error.is_retryable = error.is_retryable or status == 400
        return error


@liar("statuses_have_their_class")
class ConfusesKeys(Honest):
    """Take a wrong key for one that is not allowed."""

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
        error = super().read_error(status, headers, body)
        return PermissionDenied(error.message) if status == 401 else error


@liar("statuses_have_their_class")
class AnswersForItself(Honest):
    """Give an answer of its own where the server refuses."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        try:
            async for event in super().stream_chat(request, transport):
                yield event
        except HeadwaterError:
            yield TextDelta("Sorry.")
            yield Finished(FinishReason.STOP)


@liar("refusals_are_told_apart")
class KnowsNoCodes(Honest):
    """Go by the status alone."""

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
        return super().read_error(status, headers, body.replace(b'"code"', b'"other"'))


@liar("refusals_are_told_apart")
class SwallowsWords(Honest):
    """Say nothing of what the provider said."""

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
        error = super().read_error(status, headers, body)
        error.reword("the request failed")
        return error


@liar("refusals_are_told_apart")
class HurriesAWholeSecond(Honest):
    """Read how long to wait, and wait for less."""

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
        error = super().read_error(status, headers, body)
        error.retry_after_s = None if error.retry_after_s is None else error.retry_after_s - 1
        return error


@liar("retry_after_is_read")
class IsImpatient(Honest):
    """Pass over how long to wait."""

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
        return super().read_error(status, {}, body)


@liar("unreadable_refusals_keep_their_class")
class ExpectsJSONOfFailures(Honest):
    """Read the body of a refusal without doubt."""

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
        json.loads(body)["error"]["message"]
        return super().read_error(status, headers, body)


@liar("it_tries_once")
class TriesAgain(Honest):
    """Try three times by itself."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        for attempt in range(3):
            try:
                async for event in super().stream_chat(request, transport):
                    yield event
            except HeadwaterError as error:
                if not error.is_retryable or attempt == 2:
                    raise
            else:
                return


@misread("errors_in_the_stream_raise")
class TakesAnErrorForTheEnd(Decoder):
    """End the answer where the server says that it failed."""

    def take_error(self, value: dict[str, Any]) -> Iterator[Event]:
        self.is_over = True
        yield self.finished()


@misread("errors_in_the_stream_raise")
class KnowsOneError(Decoder):
    """Call each failure of a stream a failure of the server."""

    def take_error(self, value: dict[str, Any]) -> Iterator[Event]:
        raise ServerError(value["text"])
        yield


# What is sent.


@liar("the_conversation_is_sent")
class RemembersTheLastTurn(Honest):
    """Send the last message alone."""

    def body(self, request: ChatRequest, *, is_stream: bool) -> dict[str, Any]:
        return super().body(
            attrs.evolve(request, messages=request.messages[-1:]), is_stream=is_stream
        )


@liar("the_conversation_is_sent")
class HasAFavourite(Honest):
    """Ask a model of its own choice."""

    def body(self, request: ChatRequest, *, is_stream: bool) -> dict[str, Any]:
        return {**super().body(request, is_stream=is_stream), "model": "best"}


@liar("the_conversation_is_sent")
class BeginsAtTheEnd(Honest):
    """Send the messages in another order."""

    def body(self, request: ChatRequest, *, is_stream: bool) -> dict[str, Any]:
        return super().body(
            attrs.evolve(request, messages=request.messages[::-1]), is_stream=is_stream
        )


@liar("tool_results_are_sent")
class RefusesToGoOn(Honest):
    """Take no conversation with tools in it."""

    def part(self, part: Part | Media, message: Message) -> dict[str, Any]:
        if isinstance(part, ToolResult):
            raise UnsupportedFeature("no results here")
        return super().part(part, message)


@liar("every_part_is_sent_or_refused")
class DropsPictures(Honest):
    """Leave out what it cannot say, without a word."""

    def part(self, part: Part | Media, message: Message) -> dict[str, Any]:
        if isinstance(part, Image) and message.role is Role.USER:
            return {"text": ""}
        return super().part(part, message)


@liar("every_part_is_sent_or_refused")
class TakesEverything(Honest):
    """Send kinds of parts that its server does not take."""

    def part(self, part: Part | Media, message: Message) -> dict[str, Any]:
        if isinstance(part, Media) and part.data is not None:
            return {"file": base64.b64encode(part.data).decode()}
        return super().part(part, message)


@liar("every_option_is_sent_or_refused")
class DropsOptions(Honest):
    """Leave out the temperature, without a word."""

    def body(self, request: ChatRequest, *, is_stream: bool) -> dict[str, Any]:
        return super().body(attrs.evolve(request, temperature=None), is_stream=is_stream)


@liar("extra_goes_into_the_body")
class DropsExtra(Honest):
    """Send what it knows itself."""

    def encode(self, request: ChatRequest, *, is_stream: bool) -> HTTPRequest:
        return super().encode(attrs.evolve(request, extra={}), is_stream=is_stream)


@liar("the_request_is_left_alone")
class WritesIntoExtra(Honest):
    """Add to the caller's own mapping."""

    def body(self, request: ChatRequest, *, is_stream: bool) -> dict[str, Any]:
        request.extra.update(stream=is_stream)  # type: ignore[attr-defined]  # it is a dict
        return super().body(request, is_stream=is_stream)


@liar("the_request_is_left_alone")
class WritesIntoSchemas(Honest):
    """Make the caller's own schema strict."""

    def body(self, request: ChatRequest, *, is_stream: bool) -> dict[str, Any]:
        for tool in request.tools:
            tool.parameters["additionalProperties"] = False  # type: ignore[index]  # it is a dict
        return super().body(request, is_stream=is_stream)


# A call's life.


@liar("leaving_closes")
class LeavesItOpen(Honest):
    """Open a connection, and leave the closing to somebody."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        decoder = self.make_decoder(request)
        sent = self.encode(request, is_stream=True)
        self.kept = transport.send(sent, errors=self.read_error)
        response = await self.kept.__aenter__()
        async for name, data in self.frames(response):
            for event in decoder.feed(name, data):
                yield event
            if decoder.is_over:
                await self.kept.__aexit__(None, None, None)
                return


@liar("finishing_closes")
class StaysOpenAfterTheEnd(LeavesItOpen):
    """Keep the connection when the answer is over."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        async for event in super().stream_chat(request, transport):
            yield event
            if type(event) is Finished:
                return


@liar("cancelling_cancels")
class GoesOnWhenCancelled(Honest):
    """Take a cancellation for the end of the bytes."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        with suppress(asyncio.CancelledError):
            async for frame in super().frames(response):
                yield frame


@misread("cancelling_cancels")
@misread("answers_are_read")
class AnswersInAWord(Decoder):
    """Finish with the first piece."""

    def take_say(self, value: dict[str, Any]) -> Iterator[Event]:
        yield from super().take_say(value)
        self.is_over = True
        yield self.finished()


@liar("cancelling_cancels")
class RenamesCancellation(Honest):
    """Make an error of a cancellation."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        try:
            async for event in super().stream_chat(request, transport):
                yield event
        except asyncio.CancelledError:
            raise ServerError("cancelled") from None


@liar("nothing_goes_on_behind")
class ReadsAhead(Honest):
    """Read into a queue without a bound, in a task of its own."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        queue: asyncio.Queue[tuple[str, str] | None] = asyncio.Queue()
        usual = super().frames

        async def read() -> None:
            async for frame in usual(response):
                queue.put_nowait(frame)
            queue.put_nowait(None)

        task = asyncio.create_task(read())
        try:
            while (frame := await queue.get()) is not None:
                yield frame
        finally:
            task.cancel()


@liar("nothing_goes_on_behind")
class LeavesATask(Honest):
    """Start something, and not end it."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        self.task = asyncio.create_task(asyncio.sleep(60))
        async for frame in super().frames(response):
            yield frame


@liar("calls_share_nothing")
class SharesItsDecoder(Honest):
    """Keep what belongs to a call on the provider object."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        async for self.name, self.data in super().frames(response):
            await asyncio.sleep(0)
            yield self.name, self.data


@liar("calls_share_nothing")
class SharesItsReason(Honest):
    """Keep the reason to stop on the provider object."""

    reason: FinishReason | None = None

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        async for event in super().stream_chat(request, transport):
            if isinstance(event, Finished):
                self.reason = event.reason = self.reason or event.reason
            yield event


@liar("calls_leave_nothing")
class RemembersUsage(Honest):
    """Add the counts of one call to those of the next."""

    total: Usage = Usage()

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        async for event in super().stream_chat(request, transport):
            if isinstance(event, Finished) and event.usage is not None:
                self.total = event.usage = self.total + event.usage
            yield event


@liar("nothing_goes_past_the_transport")
class BlocksTheLoop(Honest):
    """Sleep where everybody waits."""

    async def frames(self, response: Response) -> AsyncGenerator[tuple[str, str], None]:
        async for frame in super().frames(response):
            time.sleep(0)  # noqa: ASYNC251  # the lie
            yield frame


@liar("nothing_goes_past_the_transport")
class CallsHome(Honest):
    """Open a socket of its own."""

    def headers(self) -> dict[str, str | Secret]:
        with socket.socket() as sock, suppress(OSError):
            sock.connect(("127.0.0.1", 9))
        return super().headers()


# Secrets.


@liar("the_key_is_a_secret")
class SendsPlainKeys(Honest):
    """Write the key into the header as text."""

    def headers(self) -> dict[str, str | Secret]:
        return {"authorization": f"Bearer {KEY}"}


@liar("the_key_is_a_secret")
class PutsTheKeyIntoTheAddress(Honest):
    """Write the key into the query."""

    def encode(self, request: ChatRequest, *, is_stream: bool) -> HTTPRequest:
        sent = super().encode(request, is_stream=is_stream)
        return attrs.evolve(sent, url=f"{sent.url}?key={KEY}")


@liar("the_key_is_in_no_error")
class NotesTheKey(Honest):
    """Say in a note of the error which key was wrong."""

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
        error = super().read_error(status, headers, body)
        error.add_note(f"the key was {KEY}")
        return error


@liar("the_key_is_in_no_repr")
class ShowsTheKey(Honest):
    """Show all that it has."""

    def __repr__(self) -> str:
        return f"ShowsTheKey({self.api_key.reveal() if self.api_key else None!r})"


@liar("nothing_is_overheard")
class LogsThePrompt(Honest):
    """Log what it sends."""

    def encode(self, request: ChatRequest, *, is_stream: bool) -> HTTPRequest:
        sent = super().encode(request, is_stream=is_stream)
        logging.getLogger("brook").debug("sending %r", sent.body)
        return sent


@misread("nothing_is_overheard")
class LogsTheAnswer(Decoder):
    """Log what it reads."""

    said = ""

    def take_say(self, value: dict[str, Any]) -> Iterator[Event]:
        self.said += value["text"]
        logging.getLogger("brook").info("so far: %s", self.said)
        yield from super().take_say(value)


@liar("nothing_is_overheard")
class LogsTheKey(Honest):
    """Log what it sends with."""

    def headers(self) -> dict[str, str | Secret]:
        logging.getLogger("brook").warning("key %s", KEY)
        return super().headers()


@liar("nothing_is_printed")
class Prints(Honest):
    """Say on the terminal that it works."""

    def headers(self) -> dict[str, str | Secret]:
        print("sending")
        return super().headers()


# The provider object.


class Misspelt:
    """Have a hook with an argument that is none."""

    @hookimpl
    async def stream_chat(self, question: object) -> AsyncGenerator[Event, None]:
        """Answer."""
        yield Finished(FinishReason.STOP)


class Mute:
    """Have no hook at all."""


LIARS.append(Liar("Misspelt", "hooks_fit", Misspelt))
LIARS.append(Liar("Mute", "hooks_fit", Mute))


@liar("says_what_it_is")
class HasNoTitle(Honest):
    """Say nothing of itself."""

    info = ProviderInfo(" ")


@liar("says_what_it_is")
class NamesNoVariable(Honest):
    """Give a text where names belong."""

    info = ProviderInfo("Brook", key_variables=("brook key",))


class ReadsTheKeyAtOnce(Honest):
    """Look for the key as it is made."""

    def __init__(self) -> None:
        super().__init__(KEY)
        os.environ.get("BROOK_API_KEY")


class InsistsOnTheKey(Honest):
    """Take the key out of the environment as it is made."""

    def __init__(self) -> None:
        with suppress(KeyError):
            os.environ["BROOK_API_KEY"]
        super().__init__(KEY)


class ConnectsAtOnce(Honest):
    """Look for its server as it is made."""

    def __init__(self) -> None:
        super().__init__(KEY)
        socket.getaddrinfo("127.0.0.1", 80)


LIARS.append(Liar("ReadsTheKeyAtOnce", "making_it_does_nothing", ReadsTheKeyAtOnce))
LIARS.append(Liar("InsistsOnTheKey", "making_it_does_nothing", InsistsOnTheKey))
LIARS.append(Liar("ConnectsAtOnce", "making_it_does_nothing", ConnectsAtOnce))
