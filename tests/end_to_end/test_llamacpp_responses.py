"""A real llama.cpp server, spoken to by Responses."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from headwater import (
    ContextTooLong,
    Finished,
    Provenance,
    Runner,
    Started,
    TextDelta,
    assistant,
    system,
    user,
)
from headwater_responses import Quirks, Responses

pytestmark = pytest.mark.slow  # a server of another maker is started

MODEL = "local/tiny"


@pytest.fixture
async def runner(llamacpp_url: str) -> AsyncGenerator[Runner, None]:
    """Run calls with the dialect as a library gives it, for a server that has no least."""
    provider = Responses(llamacpp_url, quirks=Quirks(min_output_tokens=None))
    async with Runner(providers={"local": provider}) as made:
        yield made


async def test_an_answer_streams_by_responses(runner: Runner) -> None:
    """Text comes in deltas, with one start and one end, and the server's own count."""
    async with runner.stream_chat(MODEL, "Say something.", max_output_tokens=12) as stream:
        events = [event async for event in stream]
    deltas = [event.text for event in events if isinstance(event, TextDelta) and event.text]
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    assert len(deltas) > 3
    assert "".join(deltas) == stream.response.text
    assert stream.response.raw_reason == "completed"
    assert stream.response.usage.provenance is Provenance.REPORTED
    assert stream.response.usage.output_tokens == 12


async def test_the_whole_answer_by_responses_is_the_streamed_one(runner: Runner) -> None:
    """At temperature 0 a model says the same whole as it does bit by bit, after a history."""
    asked = [system("Be brief."), user("Speak."), assistant("So be it."), user("Go on.")]
    whole = await runner.chat(MODEL, asked, max_output_tokens=8, temperature=0)
    async with runner.stream_chat(MODEL, asked, max_output_tokens=8, temperature=0) as stream:
        streamed = await stream.collect()
    assert whole.text
    assert whole.text == streamed.text
    assert whole.usage.output_tokens == streamed.usage.output_tokens == 8


async def test_an_answer_by_responses_can_be_sent_back(runner: Runner) -> None:
    """The server takes its own answer as the history of the next turn."""
    first = await runner.chat(MODEL, "Speak.", max_output_tokens=4)
    history = [user("Speak."), first.message, user("Go on.")]
    second = await runner.chat(MODEL, history, max_output_tokens=4)
    assert second.text
    assert second.dropped == ()
    assert (second.usage.input_tokens or 0) > (first.usage.input_tokens or 0)


async def test_too_long_an_input_by_responses_is_told_apart(runner: Runner) -> None:
    """More than the model reads is an error of its own, with the server's words."""
    async with runner.stream_chat(MODEL, "x" * 3000) as stream:
        with pytest.raises(ContextTooLong, match="exceeds the available context size"):
            await stream.collect()


async def test_the_server_counts_what_it_would_read(runner: Runner) -> None:
    """The count of a request is the one that the answer to it reports."""
    counted = await runner.count_usage(MODEL, "Say something.")
    answered = await runner.chat(MODEL, "Say something.", max_output_tokens=4)
    assert counted.provenance is Provenance.REPORTED
    assert counted.input_tokens == answered.usage.input_tokens
