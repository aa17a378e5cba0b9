"""Tests of OpenAI's settings over the two dialects."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeVar

import attrs
import pytest

from headwater import (
    Audio,
    AuthenticationError,
    ConfigurationError,
    InvalidRequest,
    Message,
    MissingKey,
    Reasoning,
    Role,
    Runner,
    Secret,
    Text,
    UnsupportedFeature,
    Usage,
    user,
)
from headwater.wire.transport import HTTPRequest, ReadError, Response
from headwater_openai import OpenAI

T = TypeVar("T")

VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID")
RESPONSE = {
    "id": "r1",
    "object": "response",
    "model": "gpt-x",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}],
    "usage": {"input_tokens": 9, "output_tokens": 7},
}
CHAT_ANSWER = {
    "id": "r1",
    "model": "gpt-x",
    "choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 7},
}


class _One:
    """A transport that gives one answer to all, and remembers what it was sent."""

    def __init__(self, status: int = 200, body: object = RESPONSE) -> None:
        self.sent: list[HTTPRequest] = []
        self._status = status
        self._body = json.dumps(body).encode()

    @property
    def body(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.sent[-1].body or b"{}")
        return decoded

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        self.sent.append(request)
        chunks = iter([self._body])

        async def read_chunk() -> bytes:
            return next(chunks, b"")

        yield Response(self._status, {"content-type": "application/json"}, read_chunk)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        return await awaitable


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without any of the variables that count."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"HEADWATER_{name}", raising=False)


async def test_key_address_and_names_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The variables are those of OpenAI's own SDK."""
    values = ("k1", "https://proxy.example/v1", "org1", "proj1")
    for name, value in zip(VARIABLES, values, strict=True):
        monkeypatch.setenv(name, value)
    transport = _One()
    response = await Runner(transport=transport).chat("openai/gpt-x", "Hi")
    (request,) = transport.sent
    assert response.text == "Hello"
    assert request.url == "https://proxy.example/v1/responses"
    assert request.headers["authorization"] == Secret("k1").bearer()
    assert request.headers["openai-organization"] == "org1"
    assert request.headers["openai-project"] == "proj1"


async def test_what_is_given_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments count for more than the environment."""
    monkeypatch.setenv("OPENAI_API_KEY", "k1")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://proxy.example/v1")
    transport = _One()
    provider = OpenAI("k2", "https://mine.example/v1")
    await Runner(providers={"work": provider}, transport=transport).chat("work/gpt-x", "Hi")
    assert transport.sent[0].url == "https://mine.example/v1/responses"
    assert transport.sent[0].headers["authorization"] == Secret("k2").bearer()


async def test_openai_has_an_address_and_sends_no_empty_headers() -> None:
    """With a key alone the request goes to OpenAI, without names that nobody set."""
    transport = _One()
    await Runner(providers={"o": OpenAI("k1")}, transport=transport).chat("o/gpt-x", "Hi")
    (request,) = transport.sent
    assert request.url == "https://api.openai.com/v1/responses"
    assert set(request.headers) == {"accept", "authorization", "content-type"}


async def test_a_missing_key_is_named() -> None:
    """Without a key nothing is sent, and the error says where to put one."""
    transport = _One()
    with pytest.raises(MissingKey, match="OPENAI_API_KEY"):
        await Runner(transport=transport).chat("openai/gpt-x", "Hi")
    assert transport.sent == []


async def test_chat_completions_is_spoken_on_request() -> None:
    """With api="chat" the same request goes out, and is read, in the other dialect."""
    transport = _One(body=CHAT_ANSWER)
    runner = Runner(providers={"o": OpenAI("k1", api="chat")}, transport=transport)
    response = await runner.chat("o/gpt-x", "Hi", system="Be kind.", max_output_tokens=5, seed=1)
    assert response.text == "Hello"
    assert response.message.origin == "openai-chat"
    assert transport.sent[0].url == "https://api.openai.com/v1/chat/completions"
    assert transport.body["messages"][0] == {"role": "developer", "content": "Be kind."}
    assert transport.body["max_completion_tokens"] == 5


async def test_what_another_server_sealed_is_not_sent() -> None:
    """Reasoning of a server that just speaks Responses is dropped, and the answer says so."""
    thought = Reasoning("Hm", replay={"type": "reasoning", "encrypted_content": "sealed"})
    transport = _One()
    runner = Runner(providers={"o": OpenAI("k1")}, transport=transport)
    own = Message(Role.ASSISTANT, (thought, Text("a")), origin="openai-responses")
    foreign = attrs.evolve(own, origin="responses")
    conversation = [user("Hi"), own, user("And?"), foreign, user("Go on.")]
    response = await runner.chat("o/gpt-x", conversation)
    assert response.dropped == ("reasoning of responses",)
    assert [item.get("encrypted_content") for item in transport.body["input"]].count("sealed") == 1


async def test_openai_has_its_own_words() -> None:
    """The system is the developer, nothing is stored, and reasoning is asked for sealed."""
    transport = _One()
    runner = Runner(providers={"o": OpenAI("k1")}, transport=transport)
    await runner.chat("o/gpt-x", "Hi", system="Be kind.", max_output_tokens=16, reasoning="low")
    assert transport.body == {
        "model": "gpt-x",
        "input": [
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": "Hi"},
        ],
        "max_output_tokens": 16,
        "reasoning": {"effort": "low", "summary": "auto"},
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }


@pytest.mark.parametrize(
    ("model", "asks"),
    [
        ("gpt-4o", False),
        ("gpt-4.1-mini", False),
        ("ft:gpt-4o-mini:org::1", False),
        ("chatgpt-4o-latest", False),
        ("gpt-5-chat-latest", False),
        ("gpt-5-mini", True),
        ("gpt-5.6-luna", True),
        ("o4-mini", True),
        ("gpt-9", True),
    ],
    ids=str,
)
async def test_sealed_reasoning_is_asked_of_models_that_reason(model: str, asks: bool) -> None:
    """Models that do not reason refuse to be asked; one that nobody knows is tried."""
    transport = _One()
    runner = Runner(providers={"o": OpenAI("k1")}, transport=transport)
    await runner.chat(f"o/{model}", "Hi")
    assert ("include" in transport.body) is asks


async def test_sound_goes_to_models_for_sound() -> None:
    """Sound is sent to the family that hears; for others the error says so."""
    transport = _One()
    runner = Runner(providers={"o": OpenAI("k1")}, transport=transport)
    heard = user(Audio.from_bytes(b"a", "audio/wav"))
    await runner.chat("o/gpt-audio", heard)
    assert transport.body["input"][0]["content"][0]["type"] == "input_audio"
    with pytest.raises(UnsupportedFeature, match="only a model for sound"):
        await runner.chat("o/gpt-5-mini", heard)


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_tokens_are_counted_by_openai(api: Literal["responses", "chat"]) -> None:
    """The count is exact, whichever API is spoken."""
    transport = _One(body={"object": "response.input_tokens", "input_tokens": 51})
    runner = Runner(providers={"o": OpenAI("k1", api=api)}, transport=transport)
    usage = await runner.count_usage("o/gpt-x", "Hi", stop="a")
    assert usage == Usage(51)
    assert transport.sent[0].url == "https://api.openai.com/v1/responses/input_tokens"


async def test_models_and_health_are_told() -> None:
    """The list of models is OpenAI's, and health is whether it answers."""
    transport = _One(body={"data": [{"id": "gpt-x", "created": 1, "owned_by": "openai"}]})
    runner = Runner(providers={"o": OpenAI("k1")}, transport=transport)
    assert [model.name for model in await runner.list_models("o")] == ["gpt-x"]
    assert (await runner.check_health("o")).is_ok


async def test_a_refused_key_is_told_with_its_variable() -> None:
    """Who has a wrong key learns where it came from, and never sees it."""
    body = {"error": {"message": "Incorrect API key: k1-secret", "code": "invalid_api_key"}}
    runner = Runner(providers={"o": OpenAI("k1-secret")}, transport=_One(401, body))
    with pytest.raises(AuthenticationError, match="OPENAI_API_KEY") as caught:
        await runner.chat("o/gpt-x", "Hi")
    assert "k1-secret" not in str(caught.value)


async def test_codes_and_not_words_tell_of_too_long_an_input() -> None:
    """OpenAI has a code for too long an input, so its words are not searched."""
    body = {"error": {"message": "the maximum context length", "code": "other"}}
    runner = Runner(providers={"o": OpenAI("k1")}, transport=_One(400, body))
    with pytest.raises(InvalidRequest) as caught:
        await runner.chat("o/gpt-x", "Hi")
    assert type(caught.value) is InvalidRequest


def test_an_api_that_openai_has_not_is_refused() -> None:
    """Another API is refused as the object is made; Responses is the default."""
    assert OpenAI().api == "responses"
    with pytest.raises(ConfigurationError, match='api="responses" or api="chat"'):
        OpenAI(api="realtime")  # type: ignore[arg-type]  # the promise


def test_reasoning_models_get_their_time() -> None:
    """The first content may take five minutes."""
    assert OpenAI.info.limits.first_content_s == 300
    assert "k1-secret" not in repr(OpenAI("k1-secret"))
