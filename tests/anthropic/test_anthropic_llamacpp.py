"""A real llama.cpp server, which speaks the Messages API as well."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from headwater import (
    ContextTooLong,
    Finished,
    FinishReason,
    Provenance,
    Runner,
    Started,
    TextDelta,
    assistant,
    user,
)
from headwater_anthropic import Anthropic

pytestmark = pytest.mark.slow  # a server of another maker is started

MODEL = "claude/tiny"


@pytest.fixture
async def runner(llamacpp_url: str) -> AsyncGenerator[Runner, None]:
    """Run calls; the server wants no key, and takes any."""
    provider = Anthropic("any", llamacpp_url)
    async with Runner(providers={"claude": provider}) as made:
        yield made


async def test_an_answer_streams(runner: Runner) -> None:
    """Deltas come one by one, between one start and one end."""
    async with runner.stream_chat(MODEL, "Say something.", max_output_tokens=12) as stream:
        events = [event async for event in stream]
    deltas = [event.text for event in events if isinstance(event, TextDelta)]
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    assert len(deltas) > 3
    assert "".join(deltas) == stream.response.text
    assert stream.response.finish_reason is FinishReason.LENGTH
    assert stream.response.raw_reason == "max_tokens"
    assert stream.response.model == "tiny"


async def test_a_whole_answer_comes(runner: Runner) -> None:
    """A conversation with a system prompt is answered whole, its usage reported."""
    conversation = [user("Speak."), assistant("So be it."), user("Go on.")]
    response = await runner.chat(MODEL, conversation, system="Be brief.", max_output_tokens=8)
    assert response.text
    assert response.usage.provenance is Provenance.REPORTED
    assert response.usage.output_tokens == 8


async def test_an_answer_goes_back(runner: Runner) -> None:
    """The answer's message is a turn of the next request."""
    first = await runner.chat(MODEL, "Speak.", max_output_tokens=6)
    again = [user("Speak."), first.message, user("Go on.")]
    async with runner.stream_chat(MODEL, again, max_output_tokens=6) as stream:
        assert (await stream.collect()).text


async def test_the_count_is_the_one_of_the_answer(runner: Runner) -> None:
    """What the server counts beforehand is what it reads."""
    counted = await runner.count_usage(MODEL, "How long is this?")
    response = await runner.chat(MODEL, "How long is this?", max_output_tokens=4)
    assert counted.provenance is Provenance.REPORTED
    assert counted.input_tokens == response.usage.input_tokens


async def test_a_prompt_that_is_too_long_has_its_class(runner: Runner) -> None:
    """The server's own word for it is known."""
    with pytest.raises(ContextTooLong):
        await runner.chat(MODEL, "on and " * 2000, max_output_tokens=4)


async def test_the_model_is_listed(runner: Runner) -> None:
    """The list is read although it is another vendor's."""
    assert [model.name for model in await runner.list_models("claude")] == ["tiny"]
    assert (await runner.check_health("claude")).is_ok
