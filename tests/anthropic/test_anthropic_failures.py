"""What goes wrong on the way, over real HTTP."""

from __future__ import annotations

import pytest

from headwater import (
    AuthenticationError,
    FinishReason,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    RateLimited,
    StreamInterrupted,
    Tool,
    UnsupportedFeature,
)

from .events import START, TEXT, block, ended, said
from .running import EVENTS, STREAM, failed, running
from .server import Answer, sse


async def test_a_key_of_another_vendor_is_refused_with_what_to_do() -> None:
    """The provider's words, the request's id and the variable to check."""
    sent = failed(401, "authentication_error", "invalid x-api-key", x_should_retry="false")
    async with running(sent) as (runner, _):
        with pytest.raises(AuthenticationError, match=r"invalid x-api-key.*ANTHROPIC") as caught:
            await runner.chat("claude/m", "Hello")
    assert (caught.value.request_id, caught.value.attempts) == ("req_1", 1)


async def test_a_model_that_does_not_exist_is_not_found() -> None:
    """The message says where the names are."""
    async with running(failed(404, "not_found_error", "model: m")) as (runner, _):
        with pytest.raises(ModelNotFound, match="headwater models claude"):
            await runner.chat("claude/m", "Hello")


async def test_a_schema_that_is_refused_is_our_callers_fault() -> None:
    """The provider says what is wrong with it."""
    words = "output_config.format.schema: For 'number' type, property 'minimum' is not supported"
    async with running(failed(400, "invalid_request_error", words)) as (runner, _):
        with pytest.raises(InvalidRequest, match="'minimum' is not supported"):
            await runner.chat("claude/m", "Hello", response_format={"type": "object"})


async def test_what_is_unsupported_is_never_sent() -> None:
    """The refusal comes before the connection."""
    async with running(STREAM) as (runner, server):
        with pytest.raises(UnsupportedFeature, match="takes no seed"):
            await runner.stream_chat("claude/m", "Hello", seed=1).collect()
    assert server.asked == []


async def test_what_is_no_json_is_refused() -> None:
    """Options that cannot be written are named."""
    tool = Tool("f", "Does.", {"type": object})
    async with running(STREAM) as (runner, _):
        with pytest.raises(InvalidRequest, match="cannot be written as JSON"):
            await runner.chat("claude/m", "Hello", tools=[tool])


async def test_a_limit_says_how_long_to_wait() -> None:
    """What the header names is on the error."""
    sent = failed(429, "rate_limit_error", "Slow down.", retry_after="17")
    async with running(sent) as (runner, _):
        with pytest.raises(RateLimited) as caught:
            await runner.chat("claude/m", "Hello", attempts=1)
    assert caught.value.retry_after_s == 17


async def test_an_error_before_any_content_is_tried_again() -> None:
    """A 200 that fails before it says anything fails invisibly, once."""
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    broken = Answer(sse(START, {"type": "ping"}, overloaded), headers=EVENTS)
    async with running(broken, STREAM) as (runner, server):
        stream = runner.stream_chat("claude/m", "Hello")
        assert (await stream.collect()).text == "Hi"
    assert (len(server.asked), stream.metrics.attempts) == (2, 2)


async def test_an_error_after_content_is_raised_with_it() -> None:
    """What was shown is not shown twice."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    broken = Answer(sse(START, *block(0, TEXT, said("Hel")), error), headers=EVENTS)
    async with running(broken, STREAM) as (runner, server):
        with pytest.raises(Overloaded) as caught:
            await runner.stream_chat("claude/m", "Hello").collect()
    assert len(server.asked) == 1
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Hel"


async def test_a_stream_that_is_cut_is_no_answer() -> None:
    """Without a stop reason what came is partial."""
    cut = Answer(sse(START, *block(0, TEXT, said("Hel"))), headers=EVENTS)
    async with running(cut) as (runner, _):
        with pytest.raises(StreamInterrupted):
            await runner.stream_chat("claude/m", "Hello").collect()


async def test_a_stop_reason_without_an_end_mark_is_enough() -> None:
    """Only `message_stop` is missing: the answer is complete."""
    cut = Answer(sse(START, *block(0, TEXT, said("Hi")), ended()), headers=EVENTS)
    async with running(cut) as (runner, _):
        response = await runner.stream_chat("claude/m", "Hello").collect()
    assert response.finish_reason is FinishReason.STOP
