"""The public entry, over a provider that needs no network."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from headwater import (
    ChatRequest,
    ChatResponse,
    Event,
    Finished,
    FinishReason,
    Health,
    InvalidRequest,
    Message,
    MissingKey,
    ModelId,
    ModelInfo,
    PluginError,
    Provenance,
    ProviderInfo,
    Runner,
    Started,
    StreamInterrupted,
    TextDelta,
    UnknownProvider,
    UnsupportedFeature,
    Usage,
    hookimpl,
    user,
)
from headwater.wire.transport import Transport


class Streams:
    """Implement `stream_chat` alone."""

    info = ProviderInfo("Streams")

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        yield TextDelta(request.messages[-1].text)
        yield Finished(FinishReason.STOP)


class Chats:
    """Implement `chat`, and everything else but streaming."""

    def __init__(self, usage: Usage = Usage(), models: Any = (ModelInfo("m"),)) -> None:  # noqa: B008  # frozen
        self._usage = usage
        self._models = models

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        return ChatResponse(
            Message("assistant", request.messages[-1].text),
            finish_reason=FinishReason.STOP,
            usage=self._usage,
            model="m-1",
        )

    @hookimpl
    async def count_usage(self, request: ChatRequest, transport: Transport) -> Usage:
        return Usage(5)

    @hookimpl
    async def list_models(self, transport: Transport) -> Sequence[ModelInfo]:
        if isinstance(self._models, Exception):
            raise self._models
        return self._models  # type: ignore[no-any-return]  # may be wrong on purpose


class Unfinished:
    """Answer whole, and do not say why that is all."""

    info = ProviderInfo("Unfinished")

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        return ChatResponse(Message("assistant", "a"), usage=Usage(1, 1))


class Healthy(Streams):
    """Say how it is."""

    @hookimpl
    async def check_health(self, transport: Transport) -> Health:
        return Health(True, "well")


class Healthless(Streams):
    """Say it wrongly."""

    @hookimpl
    async def check_health(self, transport: Transport) -> str:
        return "well"


def runner_of(provider: object) -> Runner:
    """Make a runner with one provider."""
    return Runner(providers={"p": provider})


async def test_chat_is_derived_from_a_stream() -> None:
    """A provider that streams can be asked for the whole."""
    response = await runner_of(Streams()).chat("p/m", "Hi")
    assert (response.text, response.finish_reason) == ("Hi", FinishReason.STOP)


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "chat"])
async def test_a_whole_answer_without_an_end_mark_was_cut(*, streamed: bool) -> None:
    """Nobody says that it is complete."""
    runner = runner_of(Unfinished())
    with pytest.raises(StreamInterrupted, match="end mark"):
        await (
            runner.stream_chat("p/m", "Hi", attempts=1).collect()
            if streamed
            else runner.chat("p/m", "Hi", attempts=1)
        )


async def test_a_stream_is_derived_from_chat() -> None:
    """A provider that answers whole can be streamed from, and says so."""
    events = [event async for event in runner_of(Chats()).stream_chat("p/m", "Hi")]
    assert events[0] == Started("m-1", is_whole=True)
    assert [type(event) for event in events[1:]] == [TextDelta, Finished]


@pytest.mark.parametrize("provider", [Streams(), Chats()], ids=["stream", "chat"])
async def test_a_usage_that_nobody_reports_is_estimated(provider: object) -> None:
    """Streamed or not, and said to be so."""
    response = await runner_of(provider).chat("p/m", "Hi there")
    assert response.usage == Usage(6, 2, provenance=Provenance.ESTIMATED)


async def test_a_usage_that_is_reported_is_kept() -> None:
    """As it was."""
    assert (await runner_of(Chats(Usage(7, 8))).chat("p/m", "Hi")).usage == Usage(7, 8)


async def test_a_count_is_the_providers_or_an_estimate() -> None:
    """Where the provider cannot count, the core says what it thinks."""
    assert await runner_of(Chats()).count_usage("p/m", "Hi") == Usage(5)
    assert await runner_of(Streams()).count_usage("p/m", "Hi") == Usage(
        5, provenance=Provenance.ESTIMATED
    )


async def test_models_are_listed() -> None:
    """As the provider lists them."""
    assert await runner_of(Chats()).list_models("p") == [ModelInfo("m")]


async def test_a_provider_without_a_list_says_so() -> None:
    """By its title; no model is named, as none was."""
    with pytest.raises(UnsupportedFeature, match="Streams has no list of its models") as caught:
        await runner_of(Streams()).list_models("p")
    assert (caught.value.provider, caught.value.model) == ("p", None)


@pytest.mark.parametrize("models", ["m", {"m": 1}, ["m"], 5, None])
async def test_a_list_of_something_else_is_named(models: object) -> None:
    """What is no list of models is a PluginError."""
    with pytest.raises(PluginError, match="'p' of the object Chats"):
        await runner_of(Chats(models=models)).list_models("p")


@pytest.mark.parametrize(
    ("provider", "health"),
    [
        (Healthy(), Health(True, "well")),
        (Streams(), Health(True, "nothing to check: the provider has no health or model list")),
        (Chats(), Health(True, "1 models")),
        (Chats(models=MissingKey("no key")), Health(False, "no key")),
    ],
    ids=["said", "nothing to check", "by its list", "no key"],
)
async def test_health_is_an_answer(provider: object, health: Health) -> None:
    """Said by the provider, or told from its list of models; a failure is an answer too."""
    assert await runner_of(provider).check_health("p") == health


async def test_a_health_of_something_else_is_an_answer_too() -> None:
    """A broken plugin is not well."""
    health = await runner_of(Healthless()).check_health("p")
    assert (health.is_ok, "expected a Health, got str" in health.detail) == (False, True)


async def test_the_health_of_nobody_is_an_error() -> None:
    """There is no such provider to be well or not."""
    with pytest.raises(UnknownProvider):
        await Runner().check_health("no-such-provider")


async def test_a_model_may_be_given_taken_apart() -> None:
    """And a conversation whole."""
    assert (await runner_of(Streams()).chat(ModelId("p", "m"), [user("Hi")])).text == "Hi"


def test_what_is_wrong_in_itself_is_refused_as_a_stream_is_made() -> None:
    """Not at its first event."""
    runner = runner_of(Streams())
    with pytest.raises(InvalidRequest, match="provider/model"):
        runner.stream_chat("m", "Hi")
    with pytest.raises(InvalidRequest, match="prompt is empty"):
        runner.stream_chat("p/m", "")
    options: Any = {"temprature": 1}
    with pytest.raises(TypeError, match="no option is called temprature"):
        runner.stream_chat("p/m", "Hi", **options)


async def test_an_error_names_the_call() -> None:
    """Provider, model and attempts, whoever raised it."""

    class Cut(Streams):
        @hookimpl
        async def stream_chat(
            self, request: ChatRequest, transport: Transport
        ) -> AsyncGenerator[Event, None]:
            yield TextDelta("a")

    with pytest.raises(StreamInterrupted) as caught:
        await runner_of(Cut()).stream_chat("p/m", "Hi").collect()
    assert (caught.value.provider, caught.value.model, caught.value.attempts) == ("p", "p/m", 1)


def test_the_layers_of_a_runner_can_be_seen() -> None:
    """Who wants to know what stands round a call reads it, outermost first."""
    layers = [type(layer).__name__ for layer in Runner().middleware]
    assert layers == ["Log", "Deadline", "Retry", "Timeout"]
    assert Runner(middleware=[]).middleware == ()


class Endless:
    """Answer without an end, and without a connection."""

    def __init__(self) -> None:
        self.is_left = False

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Go on until somebody leaves."""
        try:
            while True:
                yield TextDelta("a")
        finally:
            self.is_left = True


async def test_a_runner_that_is_closed_ends_what_needs_no_connection() -> None:
    """There is none whose end would end the stream."""
    endless = Endless()
    runner = Runner(providers={"endless": endless})
    stream = runner.stream_chat("endless/m", "Hi")
    await anext(stream)
    await runner.aclose()
    assert endless.is_left
    with pytest.raises(StreamInterrupted):
        await anext(stream)
