"""A provider that answers by a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from headwater import (
    ChatRequest,
    ChatResponse,
    Finished,
    FinishReason,
    Message,
    Overloaded,
    Provenance,
    RateLimited,
    Reasoning,
    Runner,
    Started,
    StreamInterrupted,
    Text,
    TextDelta,
    ToolCall,
    Usage,
    user,
)
from headwater.testing import FakeProvider, Pause, assert_stream
from headwater.testing.fake import FakeStep

CALL = ToolCall("c1", "weigh", arguments={"what": "stone"}, raw_arguments='{"what": "stone"}')


async def texts(fake: FakeProvider, count: int) -> list[str]:
    """Ask so many times, and give the answers."""
    async with Runner(providers={"fake": fake}) as runner:
        return [(await runner.chat("fake/any", "Hi")).text for _ in range(count)]


@pytest.fixture
async def runner() -> AsyncGenerator[Runner, None]:
    """Make a runner, to which tests add their own."""
    async with Runner() as made:
        yield made


async def test_it_answers_call_by_call() -> None:
    """Each call gets the next answer, and those that follow the last."""
    assert await texts(FakeProvider("one", "two"), 3) == ["one", "two", "two"]
    assert await texts(FakeProvider(), 1) == ["Hello."]


async def test_it_keeps_the_requests() -> None:
    """A test sees what its application asked."""
    fake = FakeProvider("one")
    async with Runner(providers={"fake": fake}) as runner:
        await runner.chat("fake/small", [user("Hi")], temperature=0.5)
    (request,) = fake.requests
    assert (request.model.name, request.messages, request.temperature) == (
        "small",
        (user("Hi"),),
        0.5,
    )


async def test_a_text_comes_word_by_word(runner: Runner) -> None:
    """What is streamed comes in pieces, and loses no blank."""
    runner.add_provider("fake", FakeProvider("  The river\nruns. "))
    async with runner.stream_chat("fake/any", "Hi") as stream:
        words = [word async for word in stream.text()]
    assert words == ["  The ", "river\n", "runs. "]
    assert stream.response.usage.provenance is Provenance.ESTIMATED


@pytest.mark.parametrize("answer", ["", " "], ids=["nothing", "a blank"])
async def test_an_empty_text_is_an_answer(runner: Runner, answer: str) -> None:
    """A model may say nothing."""
    runner.add_provider("fake", FakeProvider(answer))
    response = await runner.chat("fake/any", "Hi")
    assert (response.text, response.finish_reason) == (answer, FinishReason.STOP)


async def test_a_tool_call_is_asked_for(runner: Runner) -> None:
    """A tool call alone ends the answer for its sake."""
    runner.add_provider("fake", FakeProvider(CALL))
    stream = runner.stream_chat("fake/any", "Hi")
    calls = [("weigh", {"what": "stone"})]
    await assert_stream(stream, tool_calls=calls, finish_reason="tool_calls")


async def test_a_message_or_a_response_is_given_as_it_is(runner: Runner) -> None:
    """What a provider once answered can be answered again."""
    message = Message("assistant", [Reasoning("Hm."), Text("Yes."), CALL], origin="brook")
    whole = ChatResponse(
        message, finish_reason=FinishReason.LENGTH, raw_reason="full", usage=Usage(3, 4), model="m"
    )
    runner.add_provider("fake", FakeProvider(message, whole))
    first = await runner.chat("fake/any", "Hi")
    assert (first.message, first.finish_reason) == (message, FinishReason.TOOL_CALLS)
    assert await runner.chat("fake/any", "Hi") == whole


async def test_an_error_is_raised_each_time(runner: Runner) -> None:
    """An error scripted once is raised by each attempt, a new one each time."""
    fake = FakeProvider(RateLimited("slow down", retry_after_s=7.0))
    runner.add_provider("fake", fake)
    caught = []
    for _ in range(2):
        with pytest.raises(RateLimited, match="slow down") as error:
            await runner.chat("fake/any", "Hi", attempts=1)
        caught.append(error.value)
    assert caught[0] is not caught[1]
    assert caught[1].retry_after_s == 7.0
    assert len(fake.requests) == 2


async def test_steps_are_taken_as_they_are(runner: Runner) -> None:
    """Events, waits and an error come in their order; after content nothing is tried again."""
    steps: list[FakeStep] = [Started("m"), TextDelta("Half "), Pause(0.001), Overloaded("no room")]
    fake = FakeProvider(steps, [TextDelta("cut")])
    runner.add_provider("fake", fake)
    stream = runner.stream_chat("fake/any", "Hi")
    await assert_stream(stream, text="Half ", raises=Overloaded)
    await assert_stream(runner.stream_chat("fake/any", "Hi"), text="cut", raises=StreamInterrupted)
    assert len(fake.requests) == 2


async def test_it_may_fall_silent(runner: Runner) -> None:
    """A pause without an end is ended by whoever reads."""
    runner.add_provider("fake", FakeProvider([TextDelta("one"), Pause()]))
    async with runner.stream_chat("fake/any", "Hi") as stream:
        shown = [await anext(stream), await anext(stream)]
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        await stream.aclose()
        with pytest.raises(StreamInterrupted):
            await waiting
    assert shown[1] == TextDelta("one")


async def test_a_function_answers_by_the_request(runner: Runner) -> None:
    """An answer may depend on the question."""

    def echo(request: ChatRequest) -> str:
        return request.messages[-1].text[::-1]

    runner.add_provider("fake", FakeProvider(echo))
    assert (await runner.chat("fake/any", "abc")).text == "cba"


async def test_one_script_serves_several_calls(runner: Runner) -> None:
    """What the core completes on an event is not kept for the next call."""
    script: list[FakeStep] = [TextDelta("a"), Finished(FinishReason.STOP)]
    runner.add_provider("fake", FakeProvider(script))
    one, other = [await runner.chat("fake/any", "Hi " * n) for n in (1, 100)]
    assert one.usage.input_tokens != other.usage.input_tokens
    assert script[-1] == Finished(FinishReason.STOP)
