"""Liars about what the server refuses."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any

from headwater import (
    ChatRequest,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    PermissionDenied,
    ServerError,
    TextDelta,
    hookimpl,
)
from headwater.wire.transport import Transport

from .honest import Decoder, Honest
from .lying import liar, misread


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
