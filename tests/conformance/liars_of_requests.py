"""Liars about what is sent, and what must not be told."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from headwater import (
    ChatRequest,
    Event,
    HeadwaterError,
    Message,
    Part,
    Role,
    Secret,
    ToolResult,
    UnsupportedFeature,
)
from headwater.parts import Image, Media
from headwater.wire.transport import HTTPRequest

from .honest import Decoder, Honest
from .lying import KEY, liar, misread


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
