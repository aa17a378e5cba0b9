"""Tests of the provider object and of the servers known by name."""

from __future__ import annotations

import asyncio
import json

import pytest

from headwater import (
    ConfigurationError,
    ContextTooLong,
    FinishReason,
    InvalidRequest,
    Message,
    MissingKey,
    ModelInfo,
    ProtocolError,
    ProviderInfo,
    Reasoning,
    Role,
    Runner,
    Secret,
    StreamInterrupted,
    UnsupportedFeature,
    Usage,
    user,
)
from headwater_chat_completions import ChatCompletions, Quirks, Service
from headwater_chat_completions.local_services import compatible, llamacpp, lmstudio, vllm

from .frames import DONE, answer, chunk, delta, end
from .scripted import Answer, Scripted, streamed

URL = "https://h.example/v1"
USAGE = {"prompt_tokens": 9, "completion_tokens": 7}
HELLO = streamed(delta(content="Hel"), delta(content="lo"), end(usage=USAGE), DONE)
REFUSED = Answer(400, b'{"error":{"message":"Unknown parameter: stream_options","param":"x"}}')


def _runner(provider: object, *answers: Answer) -> tuple[Runner, Scripted]:
    transport = Scripted(answers)
    return Runner(providers={"p": provider}, transport=transport), transport


async def test_a_stream_is_posted_and_read() -> None:
    """A request goes to the address with the key, and its answer comes out in events."""
    runner, transport = _runner(ChatCompletions(URL, "k1"), HELLO)
    async with runner.stream_chat("p/m1", "Hi", temperature=0.5) as stream:
        response = await stream.collect()
    (request,) = transport.sent
    assert (request.method, request.url) == ("POST", f"{URL}/chat/completions")
    assert request.headers["authorization"] == Secret("k1").bearer()
    assert request.headers["accept"] == "text/event-stream"
    assert transport.bodies[0]["model"] == "m1"
    assert transport.bodies[0]["temperature"] == 0.5
    assert (response.text, response.usage) == ("Hello", Usage(9, 7))


async def test_a_whole_answer_is_asked_for_as_such() -> None:
    """Without streaming the body says nothing of it, and the answer is the same."""
    runner, transport = _runner(
        ChatCompletions(URL), Answer(200, answer({"content": "Hello"}, usage=USAGE))
    )
    response = await runner.chat("p/m1", "Hi")
    assert "stream" not in transport.bodies[0]
    assert "authorization" not in transport.sent[0].headers
    assert (response.text, response.usage) == ("Hello", Usage(9, 7))
    assert response.message.origin == "chat-completions"


async def test_an_error_inside_a_whole_answer_is_raised() -> None:
    """A 200 that holds an error is no success."""
    body = json.dumps({"error": {"message": "no", "code": 400}}).encode()
    runner, _ = _runner(ChatCompletions(URL), Answer(200, body))
    with pytest.raises(InvalidRequest, match="no"):
        await runner.chat("p/m1", "Hi")


async def test_a_cut_stream_is_no_success() -> None:
    """Bytes that end before reason and end mark interrupt, with what had come."""
    runner, _ = _runner(ChatCompletions(URL), streamed(delta(content="Hel")))
    async with runner.stream_chat("p/m1", "Hi") as stream:
        with pytest.raises(StreamInterrupted) as caught:
            await stream.collect()
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Hel"


async def test_nothing_is_awaited_after_the_end_mark() -> None:
    """A connection that stays open after [DONE] does not hold the answer up."""
    runner, _ = _runner(
        ChatCompletions(URL), streamed(delta(content="a"), end(), DONE, stays_open=True)
    )
    async with asyncio.timeout(0.5), runner.stream_chat("p/m1", "Hi") as stream:
        assert (await stream.collect()).text == "a"


@pytest.mark.slow
async def test_a_missing_end_mark_costs_a_second_at_most() -> None:
    """After the reason a connection that stays open and silent completes the answer."""
    runner, _ = _runner(ChatCompletions(URL), streamed(delta(content="a"), end(), stays_open=True))
    async with asyncio.timeout(2), runner.stream_chat("p/m1", "Hi") as stream:
        response = await stream.collect()
    assert response.finish_reason is FinishReason.STOP
    assert response.usage.provenance == "partial"


async def test_a_body_in_place_of_a_stream_is_read() -> None:
    """A server that does not stream answers all the same."""
    runner, _ = _runner(ChatCompletions(URL), Answer(200, answer({"content": "a"}, usage=USAGE)))
    async with runner.stream_chat("p/m1", "Hi") as stream:
        response = await stream.collect()
    assert (response.text, response.usage) == ("a", Usage(9, 7))


@pytest.mark.parametrize("status", [400, 422])
async def test_a_server_that_refuses_to_be_asked_for_usage_is_asked_without(status: int) -> None:
    """The refusal is learned, for this provider object, and is no retry."""
    refused = Answer(status, REFUSED.body)
    runner, transport = _runner(ChatCompletions(URL), refused, HELLO, HELLO)
    for _ in range(2):
        async with runner.stream_chat("p/m1", "Hi", attempts=1) as stream:
            assert (await stream.collect()).text == "Hello"
            assert stream.metrics.attempts == 1
    asked = ["stream_options" in body for body in transport.bodies]
    assert asked == [True, False, False]


async def test_an_error_that_repeats_the_request_teaches_nothing() -> None:
    """Where the second refusal shows that the first had another cause, nothing is learned."""
    other = Answer(422, b'{"detail":[{"msg":"bad","input":{"stream_options":{}}}]}')
    runner, transport = _runner(ChatCompletions(URL), other, other, HELLO)
    async with runner.stream_chat("p/m1", "Hi") as stream:
        with pytest.raises(InvalidRequest, match="bad"):
            await stream.collect()
    async with runner.stream_chat("p/m1", "Hi") as stream:
        await stream.collect()
    assert ["stream_options" in body for body in transport.bodies] == [True, False, True]


async def test_a_refusal_of_something_else_is_raised_at_once() -> None:
    """Only an error that names the field is asked again without it."""
    body = b'{"error":{"message":"too long","code":"context_length_exceeded"}}'
    runner, transport = _runner(ChatCompletions(URL), Answer(400, body))
    async with runner.stream_chat("p/m1", "Hi") as stream:
        with pytest.raises(ContextTooLong):
            await stream.collect()
    assert len(transport.sent) == 1


async def test_what_cannot_be_sent_is_refused_before_anything_is() -> None:
    """Nothing goes out of a request that the server cannot take."""
    runner, transport = _runner(ChatCompletions(URL, quirks=Quirks(seed_field=None)))
    with pytest.raises(UnsupportedFeature, match="p/m1 takes no seed"):
        await runner.chat("p/m1", "Hi", seed=1)
    assert transport.sent == []


async def test_what_is_no_json_is_refused() -> None:
    """A value that no JSON can hold is the caller's to mend."""
    runner, _ = _runner(ChatCompletions(URL))
    with pytest.raises(InvalidRequest, match="cannot be written as JSON"):
        await runner.chat("p/m1", "Hi", extra={"a": object()})  # type: ignore[dict-item]  # the promise


async def test_what_was_dropped_stands_in_the_response() -> None:
    """An application can tell that a part of its conversation was not sent."""
    foreign = Message(Role.ASSISTANT, (Reasoning("Hm"), *user("a").parts), origin="google")
    conversation = [user("Hi"), foreign, user("Go on.")]
    runner, _ = _runner(ChatCompletions(URL), HELLO, Answer(200, answer({"content": "a"})))
    async with runner.stream_chat("p/m1", conversation) as stream:
        assert (await stream.collect()).dropped == ("reasoning of google",)
    assert (await runner.chat("p/m1", conversation)).dropped == ("reasoning of google",)


@pytest.mark.parametrize(
    ("body", "models"),
    [
        (
            {
                "object": "list",
                "data": [{"id": "a"}, {"id": "b", "context_length": 8, "name": "B"}],
            },
            [ModelInfo("a"), ModelInfo("b", description="B", max_input_tokens=8)],
        ),
        ([{"id": "a"}], [ModelInfo("a")]),
        ({"data": [{"id": "a", "max_model_len": 8}]}, [ModelInfo("a", max_input_tokens=8)]),
        (
            {"data": [{"id": "a", "meta": {"n_ctx_train": 9, "n_ctx": 8}}]},
            [ModelInfo("a", max_input_tokens=8)],
        ),
    ],
    ids=["openai", "bare", "vllm", "llamacpp"],
)
async def test_models_are_listed(body: object, models: list[ModelInfo]) -> None:
    """The list of models is read in the shapes that servers give it."""
    runner, transport = _runner(ChatCompletions(URL), Answer(200, json.dumps(body).encode()))
    assert list(await runner.list_models("p")) == models
    assert (transport.sent[0].method, transport.sent[0].url) == ("GET", f"{URL}/models")


async def test_a_list_of_no_models_is_told() -> None:
    """What is no list is an error, and so is a server without one."""
    runner, _ = _runner(ChatCompletions(URL), Answer(200, b'{"data":{}}'))
    with pytest.raises(ProtocolError, match="a list of models"):
        await runner.list_models("p")
    runner, _ = _runner(ChatCompletions(URL, quirks=Quirks(models_path=None)))
    with pytest.raises(UnsupportedFeature, match="no list"):
        await runner.list_models("p")


async def test_health_is_the_servers_own_where_it_has_one() -> None:
    """Health stands at the server's root, not under the version; else the models are listed."""
    runner, transport = _runner(llamacpp(base_url=URL), Answer(200, b'{"status":"ok"}'))
    assert (await runner.check_health("p")).is_ok
    assert transport.sent[0].url == "https://h.example/health"
    runner, transport = _runner(lmstudio(base_url=URL), Answer(200, b'{"data":[{"id":"a"}]}'))
    health = await runner.check_health("p")
    assert (health.is_ok, health.detail) == (True, "1 models")


async def test_a_server_that_loads_its_model_is_not_healthy_yet() -> None:
    """A refusal is an answer to the question of health."""
    body = b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}'
    runner, _ = _runner(llamacpp(), Answer(503, body))
    health = await runner.check_health("p")
    assert not health.is_ok
    assert "Loading model" in health.detail


@pytest.mark.parametrize(
    ("service", "address"),
    [
        (llamacpp, "http://127.0.0.1:8080/v1"),
        (vllm, "http://localhost:8000/v1"),
        (lmstudio, "http://localhost:1234/v1"),
    ],
    ids=["llamacpp", "vllm", "lmstudio"],
)
async def test_local_servers_are_found_without_settings(
    service: Service, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A local server is asked at its usual address, without a key."""
    for variable in (*service.key_variables, str(service.base_url_variable)):
        monkeypatch.delenv(variable, raising=False)
    runner, transport = _runner(service(), HELLO)
    async with runner.stream_chat("p/m1", "Hi") as stream:
        await stream.collect()
    assert transport.sent[0].url == f"{address}/chat/completions"
    assert "authorization" not in transport.sent[0].headers


async def test_the_environment_sets_address_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider reached by its name takes both from its own variables."""
    monkeypatch.setenv("HEADWATER_COMPATIBLE_BASE_URL", URL)
    monkeypatch.setenv("HEADWATER_COMPATIBLE_API_KEY", "k1")
    transport = Scripted([HELLO])
    async with Runner(transport=transport).stream_chat("compatible/m1", "Hi") as stream:
        await stream.collect()
    assert transport.sent[0].url == f"{URL}/chat/completions"
    assert transport.sent[0].headers["authorization"] == Secret("k1").bearer()


async def test_a_server_without_an_address_says_how_to_give_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The generic provider has no address of its own."""
    monkeypatch.delenv("HEADWATER_COMPATIBLE_BASE_URL", raising=False)
    runner, _ = _runner(compatible())
    with pytest.raises(ConfigurationError, match="HEADWATER_COMPATIBLE_BASE_URL"):
        await runner.chat("p/m1", "Hi")


async def test_a_service_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of one's own needs a row: address, variables, what it calls differently."""
    row = Service(
        "Mine",
        URL,
        key_variables=("MINE_KEY",),
        needs_key=True,
        quirks=Quirks(key_header="api-key", header_variables={"x-team": "MINE_TEAM"}),
    )
    provider = row()
    assert provider.info == ProviderInfo("Mine", key_variables=("MINE_KEY",))
    monkeypatch.delenv("MINE_KEY", raising=False)
    runner, _ = _runner(provider)
    with pytest.raises(MissingKey, match="MINE_KEY"):
        await runner.chat("p/m1", "Hi")
    monkeypatch.setenv("MINE_KEY", "k1")
    monkeypatch.setenv("MINE_TEAM", "t1")
    runner, transport = _runner(provider, HELLO)
    async with runner.stream_chat("p/m1", "Hi") as stream:
        await stream.collect()
    assert transport.sent[0].headers["api-key"] == Secret("k1")
    assert transport.sent[0].headers["x-team"] == "t1"


def test_a_provider_object_shows_no_key() -> None:
    """The key stands in no `repr`, and a malformed one is refused as it is given."""
    assert "k1-secret" not in repr(ChatCompletions(URL, "k1-secret"))
    with pytest.raises(ConfigurationError) as caught:
        ChatCompletions(URL, "k1 secret\x00")
    assert "secret\x00" not in str(caught.value)


async def test_one_object_serves_many_calls_at_once() -> None:
    """Calls under way at the same time do not mix."""
    texts = [f"text{n}" for n in range(5)]
    answers = [streamed(delta(content=text), end(), DONE) for text in texts]
    runner, _ = _runner(ChatCompletions(URL), *answers)

    async def one() -> str:
        async with runner.stream_chat("p/m1", "Hi") as stream:
            return (await stream.collect()).text

    assert sorted(await asyncio.gather(*(one() for _ in texts))) == texts


@pytest.mark.slow
async def test_an_error_before_content_may_be_retried() -> None:
    """An error frame before any content is as good as a refusal, and tried again."""
    failed = streamed(delta(role="assistant"), chunk(error={"message": "no", "code": 503}))
    runner, transport = _runner(ChatCompletions(URL), failed, HELLO)
    async with runner.stream_chat("p/m1", "Hi") as stream:
        assert (await stream.collect()).text == "Hello"
    assert len(transport.sent) == 2
