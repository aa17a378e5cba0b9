"""The API as an application writes it: never run, only type-checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never, assert_type

from headwater import (
    ChatOptions,
    ChatResponse,
    ChatStream,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    Health,
    Image,
    LimitPassed,
    ModelId,
    ModelInfo,
    ProviderEvent,
    RateLimited,
    RawFrame,
    ReasoningDelta,
    ReasoningEffort,
    RefusalDelta,
    ResponseFormat,
    Runner,
    Started,
    TextDelta,
    Tool,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    ToolChoice,
    Usage,
    UsageUpdated,
    assistant,
    system,
    tool_result,
    user,
)
from headwater.middleware import Deadline, Log, Retry, Timeout
from headwater.wire.http import HTTPTransport


@dataclass
class City:
    name: str


def weather(city: str, days: int = 1) -> str:
    """Tell the weather."""
    return f"{city} {days}"


def show(event: Event) -> str:  # noqa: C901  # every event there is
    match event:
        case TextDelta(text=text) | ReasoningDelta(text=text) | RefusalDelta(text=text):
            return text
        case Started(model=model):
            return model or "?"
        case ToolCallStarted(name=name) | ToolCallFinished(name=name):
            return name
        case ToolCallDelta(arguments=arguments):
            return arguments
        case UsageUpdated(usage=usage):
            return str(usage.total_tokens)
        case ProviderEvent(type=kind):
            return kind
        case RawFrame(data=data):
            return data.decode()
        case Finished(reason=reason):
            return reason.value
        case _ as never:
            assert_never(never)


async def stream() -> None:
    async with Runner() as runner:
        async with runner.stream_chat("openai/gpt-5-mini", "Hi") as stream:
            assert_type(stream, ChatStream)
            async for event in stream:
                print(show(event))
        assert_type(stream.response, ChatResponse)
        assert_type(stream.response.usage, Usage)
        assert_type(stream.response.finish_reason, FinishReason | None)
        assert_type(stream.metrics.first_content_s, float | None)
        async for text in runner.stream_chat("demo/eliza", "Hi").text():
            assert_type(text, str)
        assert_type(await runner.stream_chat("demo/eliza", "Hi").collect(), ChatResponse)


async def all_options(runner: Runner, picture: Path) -> ChatResponse:
    conversation = [system("Be kind."), user("Look:", Image.from_path(picture)), assistant("Nice.")]
    first = await runner.chat(
        ModelId("openai", "gpt-5-mini"),
        [*conversation, user("And?")],
        system="Be brief.",
        max_output_tokens=100,
        temperature=0.5,
        top_p=1,
        stop=["END"],
        seed=7,
        tools=[Tool.from_function(weather), Tool("time", "Tell the time.", {"type": "object"})],
        tool_choice=ToolChoice.AUTO,
        response_format=City,
        reasoning="low",
        cache=True,
        extra={"service_tier": "flex"},
        raw=True,
        connect_s=5,
        first_content_s=math.inf,
        idle_s=10.0,
        content_gap_s=None,
        total_s=60,
        attempts=5,
        middleware=[Log(), Deadline(30), Retry(attempts=2), Timeout(idle_s=5)],
    )
    results = [tool_result(call.call_id, "rain") for call in first.tool_calls]
    return await runner.chat("openai/gpt-5-mini", [user("And?"), first.message, *results])


async def options_that_are_kept(runner: Runner) -> None:
    options: ChatOptions = {"temperature": 0, "reasoning": ReasoningEffort.HIGH}
    options["response_format"] = ResponseFormat({"type": "object"}, name="city")
    assert_type(await runner.chat("p/m", user("Hi"), **options), ChatResponse)
    assert_type(await runner.count_usage("p/m", "Hi", **options), Usage)
    assert_type(await runner.check_health("p"), Health)
    for model in await runner.list_models("p"):
        assert_type(model, ModelInfo)


async def wrong(runner: Runner) -> None:
    runner.stream_chat("p/m", "Hi", temprature=1)  # type: ignore[call-arg]  # no such option
    runner.stream_chat("p/m", "Hi", reasoning="huge")  # type: ignore[arg-type]  # no such effort
    runner.stream_chat("p/m", [{"role": "user"}])  # type: ignore[list-item]  # no message


async def errors(runner: Runner) -> str:
    try:
        return (await runner.chat("p/m", "Hi")).text
    except RateLimited as error:
        assert_type(error.retry_after_s, float | None)
        return ""
    except LimitPassed as error:
        assert_type(error.limit_s, float)
        return ""
    except HeadwaterError as error:
        assert_type(error.partial, ChatResponse | None)
        return error.partial.text if error.partial else ""


def settings() -> Runner:
    transport = HTTPTransport(ca_file=Path("ca.pem"), proxy="http://proxy:3128", allow_http={"llm"})
    return Runner(transport=transport, max_event_bytes=2**20, middleware=())
