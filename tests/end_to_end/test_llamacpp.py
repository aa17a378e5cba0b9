"""A real llama.cpp server, reached by the name of its provider."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from headwater import (
    Category,
    ContextTooLong,
    Finished,
    FinishReason,
    InvalidRequest,
    Provenance,
    Runner,
    Started,
    TextDelta,
    assistant,
    user,
)

pytestmark = pytest.mark.slow  # a server of another maker is started

MODEL = "llamacpp/tiny"


@pytest.fixture
async def runner(
    llamacpp_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Runner, None]:
    """Run calls; the address comes from the environment alone."""
    monkeypatch.setenv("HEADWATER_LLAMACPP_BASE_URL", llamacpp_url)
    async with Runner() as made:
        yield made


async def test_an_answer_streams(runner: Runner) -> None:
    """A model named by its provider answers in deltas, with one start and one end."""
    async with runner.stream_chat(MODEL, "Say something.", max_output_tokens=12, seed=1) as stream:
        events = [event async for event in stream]
    deltas = [event.text for event in events if isinstance(event, TextDelta)]
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    assert len(deltas) > 3
    assert "".join(deltas) == stream.response.text
    assert stream.response.finish_reason is FinishReason.LENGTH
    assert stream.response.raw_reason == "length"
    assert stream.response.model == "tiny"


async def test_usage_is_reported(runner: Runner) -> None:
    """The server's own count arrives, the last thing in its stream."""
    async with runner.stream_chat(MODEL, "Say something.", max_output_tokens=12) as stream:
        usage = (await stream.collect()).usage
    assert usage.provenance is Provenance.REPORTED
    assert usage.output_tokens == 12
    assert usage.input_tokens is not None
    assert usage.input_tokens > 12


async def test_the_whole_answer_is_the_streamed_one(runner: Runner) -> None:
    """For one seed a model says the same whole as it does bit by bit."""
    conversation = [user("Speak."), assistant("So be it."), user("Go on.")]
    whole = await runner.chat(
        MODEL, conversation, system="Be brief.", max_output_tokens=8, seed=3, temperature=0
    )
    async with runner.stream_chat(
        MODEL, conversation, system="Be brief.", max_output_tokens=8, seed=3, temperature=0
    ) as stream:
        streamed = await stream.collect()
    assert whole.text
    assert whole.message == streamed.message
    assert (whole.finish_reason, whole.raw_reason) == (FinishReason.LENGTH, "length")
    assert whole.usage.output_tokens == streamed.usage.output_tokens == 8


async def test_the_model_is_listed(runner: Runner) -> None:
    """The list names what can be asked for, and how much it reads."""
    (model,) = await runner.list_models("llamacpp")
    assert model.name == "tiny"
    assert model.max_input_tokens == 512


async def test_the_server_is_healthy(runner: Runner) -> None:
    """The server's own health is asked, at no cost."""
    health = await runner.check_health("llamacpp")
    assert health.is_ok
    assert health.detail == "llama.cpp server is ready"


async def test_too_long_an_input_is_told_apart(runner: Runner) -> None:
    """More than the model reads is an error of its own, not retried, with the server's words."""
    with pytest.raises(ContextTooLong, match="exceeds the available context size") as caught:
        await runner.chat(MODEL, "x" * 3000)
    assert caught.value.status == 400
    assert caught.value.attempts == 1


async def test_too_long_an_input_ends_a_stream_before_it_begins(runner: Runner) -> None:
    """The same comes out of a stream, at its first event."""
    async with runner.stream_chat(MODEL, "x" * 3000) as stream:
        with pytest.raises(ContextTooLong):
            await stream.collect()


async def test_a_bad_request_is_ours_to_mend(runner: Runner) -> None:
    """What the server refuses as malformed is an InvalidRequest with its status."""
    with pytest.raises(InvalidRequest) as caught:
        await runner.chat(MODEL, "Hello", extra={"messages": "none"})
    assert caught.value.status == 400
    assert caught.value.category is Category.BAD_REQUEST
    assert not caught.value.is_retryable
