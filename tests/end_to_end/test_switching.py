"""Changing the provider is changing one text: the same program, through every wire.

The server is aimock, which speaks all of them and which nobody here wrote.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, nullcontext

import attrs
import msgspec
import pytest

from headwater import (
    Finished,
    FinishReason,
    Image,
    RateLimited,
    Runner,
    Started,
    StreamInterrupted,
    TextDelta,
    Tool,
    UnsupportedFeature,
    assistant,
    system,
    tool_result,
    user,
)

pytestmark = pytest.mark.slow  # a server of another maker is started

# each provider, and where the server has its wire
ADDRESSES = {
    "anthropic": "",
    "azure": "/openai/deployments/some-deployment?api-version=2024-10-21",
    "cerebras": "/v1",
    "compatible": "/v1",
    "deepseek": "/v1",
    "google": "",
    "groq": "/v1",
    "huggingface": "/v1",
    "lmstudio": "/v1",
    "mistral": "/v1",
    "ollama": "",
    "openai": "/v1",
    "openrouter": "/v1",
    "together": "/v1",
    "vllm": "/v1",
    "xai": "/v1",
    "zai": "/v1",
}
MODELS = (
    "anthropic/claude-sonnet-4-5",
    "azure/some-deployment",
    "cerebras/qwen-3-32b",
    "compatible/some-model",
    "deepseek/deepseek-chat",
    "google/gemini-2.5-flash",
    "groq/llama-3.3-70b-versatile",
    "huggingface/some/model",
    "lmstudio/some-model",
    "mistral/mistral-small-latest",
    "ollama/llama3.2",
    "openai/gpt-5-mini",
    "openrouter/some/model",
    "together/some/model",
    "vllm/some-model",
    "xai/grok-4",
    "zai/glm-4.7",
)
# What a service cannot do is refused before anything is sent, and the conversation goes on.
NO_IMAGES = {"deepseek/deepseek-chat"}
NO_SCHEMAS = {"deepseek/deepseek-chat", "zai/glm-4.7"}
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)

each_model = pytest.mark.parametrize("model", MODELS)


@attrs.define
class River:
    """What a structured answer holds."""

    name: str
    length_km: int


def weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"sunny in {city}"


@pytest.fixture
async def runner(aimock_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Runner, None]:
    """Run calls against the server; addresses and keys come from the environment alone."""
    for name, path in ADDRESSES.items():
        monkeypatch.setenv(f"HEADWATER_{name.upper()}_BASE_URL", aimock_url + path)
        monkeypatch.setenv(f"HEADWATER_{name.upper()}_API_KEY", "a-key-for-tests")
    async with Runner() as made:
        yield made


def _refusal(is_expected: bool, what: str) -> AbstractContextManager[object]:
    return pytest.raises(UnsupportedFeature, match=what) if is_expected else nullcontext()


@each_model
async def test_one_conversation_runs_everywhere(runner: Runner, model: str) -> None:
    """A system prompt, turns, a tool call and its result, an image and a structured answer."""
    tools = [Tool.from_function(weather)]
    messages = [system("Be brief."), user("hello")]

    first = await runner.chat(model, messages)
    assert first.text == "Hello there, traveller from afar."
    messages.append(first.message)

    messages.append(user("Tell me the weather, please."))
    asked = await runner.chat(model, messages, tools=tools)
    assert asked.finish_reason is FinishReason.TOOL_CALLS
    (call,) = asked.tool_calls
    assert call.arguments is not None
    assert (call.name, call.arguments, call.is_valid) == ("weather", {"city": "Lisbon"}, True)
    messages += [asked.message, tool_result(call.call_id, weather(str(call.arguments["city"])))]
    told = await runner.chat(model, messages, tools=tools)
    assert told.text == "It is sunny in Lisbon."
    messages.append(told.message)

    picture = user(Image.from_bytes(PIXEL, "image/png"), "Now, what is in the picture?")
    with _refusal(model in NO_IMAGES, "image"):
        seen = await runner.chat(model, [*messages, picture], tools=tools)
        assert seen.text == "A red square."
        messages += [picture, seen.message]

    messages.append(user("Give me a river as JSON."))
    with _refusal(model in NO_SCHEMAS, "JSON schema"):
        river = await runner.chat(model, messages, response_format=River)
        assert msgspec.json.decode(river.text, type=River) == River("Danube", 2850)


@each_model
async def test_an_answer_streams_everywhere(runner: Runner, model: str) -> None:
    """The same grammar of events, and the same text, whatever the wire."""
    async with runner.stream_chat(model, "hello") as stream:
        events = [event async for event in stream]
    deltas = [event.text for event in events if isinstance(event, TextDelta)]
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    assert len(deltas) > 1
    assert "".join(deltas) == "Hello there, traveller from afar."
    assert stream.response.finish_reason is FinishReason.STOP


@each_model
async def test_parallel_calls_stay_apart_everywhere(runner: Runner, model: str) -> None:
    """Two calls of one answer are two calls, each with its own arguments and id."""
    tools = [Tool.from_function(weather)]
    async with runner.stream_chat(model, "Weather in two cities", tools=tools) as stream:
        calls = (await stream.collect()).tool_calls
    assert [call.arguments for call in calls] == [{"city": "Lisbon"}, {"city": "Oslo"}]
    assert len({call.call_id for call in calls}) == 2


@each_model
async def test_a_cut_answer_is_none_everywhere(runner: Runner, model: str) -> None:
    """A connection that breaks in mid-answer raises, with what had come."""
    stream = runner.stream_chat(model, "This will be cut.")
    with pytest.raises(StreamInterrupted) as caught:
        await stream.collect()
    assert caught.value.partial is not None
    assert caught.value.partial.text
    assert "one two three four five six seven eight".startswith(caught.value.partial.text.strip())
    assert caught.value.partial.finish_reason is None


@each_model
async def test_too_many_requests_are_told_everywhere(runner: Runner, model: str) -> None:
    """A 429 is one class, with the wait that the server asks for and its request id."""
    with pytest.raises(RateLimited) as caught:
        await runner.chat(model, "too many", attempts=1)
    assert caught.value.is_retryable
    assert caught.value.status == 429
    assert caught.value.retry_after_s == 1
    assert caught.value.request_id


@each_model
async def test_a_conversation_goes_on_elsewhere(runner: Runner, model: str) -> None:
    """A history that no provider wrote, with a tool call in it, is taken by all."""
    messages = [user("Hi"), assistant("Hello."), user("hello")]
    assert (await runner.chat(model, messages)).text == "Hello there, traveller from afar."
