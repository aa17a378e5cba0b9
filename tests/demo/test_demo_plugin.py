"""The demo provider, by its name and through a runner."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

import msgspec
import pytest

from headwater import (
    FinishReason,
    Image,
    InvalidRequest,
    ModelNotFound,
    Provenance,
    Runner,
    TextDelta,
    Tool,
    ToolChoice,
    UnsupportedFeature,
    tool_result,
    user,
)
from headwater_demo import Demo

WEATHER = Tool(
    "weather",
    "Tell the weather.",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
    },
)


@pytest.fixture
async def runner() -> AsyncGenerator[Runner, None]:
    """Run calls against a demo that does not wait."""
    async with Runner(providers={"demo": Demo(delay_s=0)}) as made:
        yield made


async def test_it_is_found_by_its_name() -> None:
    """The installed plugin answers, and needs nothing."""
    async with Runner() as runner:
        response = await runner.chat("demo/echo", "one two", extra={"delay_s": 0})
    assert response.text == "one two"


async def test_words_stream_one_by_one(runner: Runner) -> None:
    """Each word is a delta, with the white space before it, and nothing is lost."""
    async with runner.stream_chat("demo/echo", "one  two\nthree ") as stream:
        words = [event.text async for event in stream if isinstance(event, TextDelta)]
    assert words == ["one", "  two", "\nthree "]


async def test_a_token_is_a_word(runner: Runner) -> None:
    """Usage is reported, the system prompt included."""
    response = await runner.chat("demo/echo", "one two", system="be brief")
    usage = response.usage
    assert (usage.input_tokens, usage.output_tokens) == (4, 2)
    assert usage.provenance is Provenance.REPORTED


async def test_counting_is_what_the_answer_costs(runner: Runner) -> None:
    """`count_usage` gives the input tokens that the answer then reports."""
    counted = await runner.count_usage("demo/echo", "one two three")
    assert counted.input_tokens == 3


async def test_it_thinks_when_it_is_asked_to(runner: Runner) -> None:
    """Reasoning comes before the text, and counts as output."""
    response = await runner.chat("demo/echo", "one two", reasoning="low")
    assert response.reasoning == "They said 2 words. I shall answer them."
    assert response.usage.reasoning_tokens == 8
    assert response.usage.output_tokens == 10


@pytest.mark.parametrize("choice", [ToolChoice.REQUIRED, "weather"], ids=["required", "named"])
async def test_it_calls_a_tool_when_it_must(runner: Runner, choice: str) -> None:
    """A call has arguments that fit the tool's schema."""
    response = await runner.chat("demo/echo", "Oslo", tools=[WEATHER], tool_choice=choice)
    (call,) = response.tool_calls
    assert call.arguments == {"city": "Oslo", "days": 2}
    assert response.finish_reason is FinishReason.TOOL_CALLS


async def test_it_calls_a_tool_that_is_named(runner: Runner) -> None:
    """With a free choice it calls the tool whose name was said, and else none."""
    called = await runner.chat("demo/echo", "use weather now", tools=[WEATHER])
    spoken = await runner.chat("demo/echo", "say hello", tools=[WEATHER])
    assert [bool(response.tool_calls) for response in (called, spoken)] == [True, False]


async def test_it_tells_a_tool_result(runner: Runner) -> None:
    """After the result the answer is the result, and two calls have two ids."""
    messages = [user("use weather")]
    first = await runner.chat("demo/eliza", messages, tools=[WEATHER])
    messages += [first.message, tool_result(first.tool_calls[0].call_id, "sunny")]
    second = await runner.chat("demo/eliza", messages, tools=[WEATHER])
    assert second.text == "sunny"
    messages += [second.message, user("weather again")]
    third = await runner.chat("demo/eliza", messages, tools=[WEATHER])
    assert third.tool_calls[0].call_id != first.tool_calls[0].call_id


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": "hi"}),
        ({"type": "array", "items": {"type": "boolean"}}, [True]),
        ({"type": ["null", "string"]}, None),
        ({"enum": ["x", "y"]}, "x"),
        ({"anyOf": [{"type": "number"}, {"type": "string"}]}, 0),
        ({"const": 7}, 7),
        ({"type": "object"}, {}),
        ({"type": "array"}, []),
    ],
    ids=["object", "array", "null", "enum", "any-of", "const", "bare-object", "bare-array"],
)
async def test_a_structured_answer_fits(
    runner: Runner, schema: dict[str, object], value: object
) -> None:
    """An answer held to a schema is JSON that fits it."""
    response = await runner.chat("demo/echo", "hi", response_format=msgspec.to_builtins(schema))
    assert json.loads(response.text) == value


async def test_any_json_is_an_object(runner: Runner) -> None:
    """Without a schema the answer is a JSON object."""
    response = await runner.chat("demo/echo", "hi", response_format="json")
    assert json.loads(response.text) == {"answer": "hi"}


async def test_length_and_stop_texts_end_it(runner: Runner) -> None:
    """A limit cuts with `length`, a stop text with `stop`."""
    limited = await runner.chat("demo/echo", "one two three", max_output_tokens=2)
    stopped = await runner.chat("demo/echo", "one two three", stop="three")
    assert (limited.text, limited.finish_reason) == ("one two", FinishReason.LENGTH)
    assert (stopped.text, stopped.finish_reason) == ("one two ", FinishReason.STOP)


async def test_echo_tells_what_it_was_sent(runner: Runner) -> None:
    """Files are described, whether they come as bytes or by their address."""
    sent = user(
        Image.from_bytes(b"12345", "image/png"), Image.from_url("https://example.org/a"), "hi"
    )
    told = "[image: image/png, 5 bytes] [image: of some type, by its address] hi"
    assert (await runner.chat("demo/echo", sent)).text == told


async def test_eliza_reads_text_alone(runner: Runner) -> None:
    """A picture is refused, naming the part and the model."""
    with pytest.raises(UnsupportedFeature, match=r"demo/eliza reads text alone, not Image"):
        await runner.chat("demo/eliza", user(Image.from_bytes(b"1", "image/png"), "hi"))


async def test_a_model_that_it_has_not_is_told(runner: Runner) -> None:
    """The error lists the models that there are."""
    with pytest.raises(ModelNotFound, match="eliza, echo"):
        await runner.chat("demo/other", "hi")


@pytest.mark.parametrize("delay", [-1, "fast", True], ids=repr)
async def test_a_delay_is_a_number(runner: Runner, delay: object) -> None:
    """A delay that is none is refused."""
    with pytest.raises(InvalidRequest, match="delay_s"):
        await runner.chat("demo/echo", "hi", extra={"delay_s": msgspec.to_builtins(delay)})


async def test_it_lists_itself_and_is_well(runner: Runner) -> None:
    """The models say what they are, ELIZA that it is no language model; health costs nothing."""
    models = {model.name: model.description for model in await runner.list_models("demo")}
    assert "no language model" in models["eliza"]
    assert (await runner.check_health("demo")).is_ok
