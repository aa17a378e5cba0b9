"""Retry is invisible or it does not happen, as the server counts it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from headwater import (
    Category,
    ChatOptions,
    HeadwaterError,
    Overloaded,
    ProviderError,
    RateLimited,
    Runner,
    ServerError,
)
from headwater.middleware import Retry
from headwater.testing.fault_server import LAST_CHUNK, End, FaultServer, Reset, Script, Wait

from .provider import Wire
from .wire import CHUNKED, refusal, said, whole

IN_STREAM: dict[str, Script] = {
    "an error frame": [CHUNKED + said("overloaded") + LAST_CHUNK],
    "an error frame after a start": [CHUNKED + said("begin", "overloaded") + LAST_CHUNK],
    "a cut before content": [CHUNKED + said("begin", "count"), End()],
    "a reset before content": [CHUNKED + said("begin"), Wait(0.02), Reset()],
    "a reset in place of an answer": [Reset()],
}


@pytest.mark.parametrize("script", IN_STREAM.values(), ids=IN_STREAM.keys())
async def test_a_failure_before_content_does_not_show(
    runner: Runner, server: FaultServer, script: Script
) -> None:
    """A 200 that fails before content is tried again; of the first attempt nothing shows."""
    server.answer_with(script, whole("begin", "a"))
    kinds = [type(event).__name__ async for event in runner.stream_chat("wire/m", "Hi")]
    assert kinds == ["Started", "TextDelta", "Finished"]


async def test_an_error_after_content_is_raised(runner: Runner, server: FaultServer) -> None:
    """After the first content nothing is repeated, however passing the failure."""
    server.answer_with([CHUNKED + said("a", "overloaded") + LAST_CHUNK])
    with pytest.raises(Overloaded) as caught:
        await runner.stream_chat("wire/m", "Hi").collect()
    assert caught.value.partial is not None
    assert (caught.value.partial.text, len(server.requests)) == ("a", 1)


async def test_giving_up_hands_over_what_was_held(runner: Runner, server: FaultServer) -> None:
    """The partial answer of the last attempt has its model and usage."""
    server.answer_with([CHUNKED + said("begin", "count", "overloaded") + LAST_CHUNK])
    with pytest.raises(Overloaded) as caught:
        await runner.stream_chat("wire/m", "Hi").collect()
    partial = caught.value.partial
    assert partial is not None
    assert (partial.model, partial.usage.input_tokens, len(server.requests)) == ("wire-1", 7, 3)


async def test_waits_grow_and_are_jittered(server: FaultServer) -> None:
    """Each wait is a share of a limit that doubles, up to the longest."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    server.answer_with(refusal(500))
    layers = [Retry(attempts=7, sleep=sleep, jitter=lambda: 0.5)]
    async with Runner(providers={"wire": Wire(server.url)}, middleware=layers) as runner:
        with pytest.raises(ServerError):
            await runner.chat("wire/m", "Hi")
    assert waited == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0]


HINTS = {
    "milliseconds": ("retry-after-ms: 1500", 1.5),
    "seconds": ("retry-after: 2", 2.0),
    "a fraction": ("retry-after: 0.7", 0.7),
}


@pytest.mark.parametrize(("header", "seconds"), HINTS.values(), ids=HINTS.keys())
async def test_what_the_server_asks_for_is_the_least(
    server: FaultServer, header: str, seconds: float
) -> None:
    """`Retry-After` is a minimum, with up to a tenth on top."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    server.answer_with(refusal(429, header), whole("a"))
    layers = [Retry(sleep=sleep, initial_wait_s=0.001, jitter=lambda: 1.0)]
    async with Runner(providers={"wire": Wire(server.url)}, middleware=layers) as runner:
        await runner.chat("wire/m", "Hi")
    assert waited == [pytest.approx(seconds * 1.1)]


async def test_a_date_is_understood(
    runner: Runner, server: FaultServer, waits: list[float]
) -> None:
    """`Retry-After` as an HTTP date counts from now."""
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    server.answer_with(refusal(503, f"retry-after: {until}"), whole("a"))
    await runner.chat("wire/m", "Hi")
    assert 17 < waits[0] < 23


async def test_a_long_wait_is_not_waited(
    runner: Runner, server: FaultServer, waits: list[float]
) -> None:
    """Beyond a minute the error is raised at once and says what was asked for."""
    server.answer_with(refusal(429, "retry-after: 3600"))
    with pytest.raises(RateLimited) as caught:
        await runner.chat("wire/m", "Hi")
    error = caught.value
    assert (error.retry_after_s, len(server.requests), waits) == (3600.0, 1, [])
    assert error.not_retried is not None
    assert "3600" in error.not_retried


async def test_a_wait_beyond_the_deadline_is_not_waited(
    runner: Runner, server: FaultServer, waits: list[float]
) -> None:
    """Where the wait would pass the deadline, the error comes now and not then."""
    server.answer_with(refusal(503, "retry-after: 5"))
    with pytest.raises(Overloaded) as caught:
        await runner.chat("wire/m", "Hi", total_s=2)
    assert (caught.value.not_retried, waits) == ("no time is left before the deadline", [])


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "chat"])
async def test_a_budget_keeps_an_outage_from_being_amplified(
    runner: Runner, server: FaultServer, streamed: bool
) -> None:
    """Thirty failing calls make at most forty requests, and the rest say why not."""
    server.answer_with(refusal(500))

    async def call() -> HeadwaterError:
        stream = runner.stream_chat("wire/m", "Hi")
        with pytest.raises(ServerError) as caught:
            await (stream.collect() if streamed else runner.chat("wire/m", "Hi"))
        return caught.value

    errors = await asyncio.gather(*(call() for _ in range(30)))
    assert len(server.requests) <= 40
    assert sum("budget" in (error.not_retried or "") for error in errors) >= 20


async def test_a_success_gives_a_tenth_back(runner: Runner, server: FaultServer) -> None:
    """Ten good answers earn one more retry."""
    server.answer_with(refusal(500))
    for _ in range(6):
        with pytest.raises(ServerError):
            await runner.chat("wire/m", "Hi")
    server.answer_with(whole("a"))
    for _ in range(11):
        await runner.chat("wire/m", "Hi")
    server.requests.clear()
    server.answer_with(refusal(500), refusal(500), whole("b"))
    with pytest.raises(ServerError):
        await runner.chat("wire/m", "Hi")
    assert len(server.requests) == 2


def test_an_unknown_error_is_not_retried() -> None:
    """An error is retried because it is known to pass, never because it is unknown."""
    error = ProviderError("something new")
    assert (error.is_retryable, error.category) == (False, Category.PROVIDER_STREAM)


OPTIONS: list[ChatOptions] = [{}, {"middleware": []}]


@pytest.mark.parametrize("options", OPTIONS, ids=["default", "none"])
async def test_without_layers_there_is_no_retry(
    runner: Runner, server: FaultServer, options: ChatOptions
) -> None:
    """An empty chain for one call leaves the bare attempt."""
    server.answer_with(refusal(500), whole("a"))
    stream = runner.stream_chat("wire/m", "Hi", **options)
    if options:
        with pytest.raises(ServerError):
            await stream.collect()
    else:
        await stream.collect()
    assert len(server.requests) == (1 if options else 2)
