"""Liars about how an answer comes, and how it ends."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from typing import Any

import attrs

from headwater import (
    ChatRequest,
    ChatResponse,
    Event,
    Finished,
    FinishReason,
    InvalidRequest,
    ProtocolError,
    TextDelta,
    TransportError,
    Usage,
    hookimpl,
)
from headwater.wire.transport import Response, Transport

from .honest import Decoder, Honest
from .lying import liar, misread


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
class BlamesTheCaller(Decoder):
    """Say that the request was wrong, where the answer is."""

    def parse(self, data: str) -> dict[str, Any]:
        try:
            return super().parse(data)
        except ProtocolError as error:
            raise InvalidRequest(error.message) from None


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
