"""Tests of OpenAI's settings over the dialect."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from headwater import (
    AuthenticationError,
    ConfigurationError,
    InvalidRequest,
    MissingKey,
    Runner,
    Secret,
)
from headwater.wire.transport import HTTPRequest, ReadError, Response
from headwater_openai import OpenAI

T = TypeVar("T")

VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID")
ANSWER = {
    "id": "r1",
    "model": "gpt-x",
    "choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 7},
}


class _One:
    """A transport that gives one answer to all, and remembers what it was sent."""

    def __init__(self, status: int = 200, body: object = ANSWER) -> None:
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
    assert request.url == "https://proxy.example/v1/chat/completions"
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
    assert transport.sent[0].url == "https://mine.example/v1/chat/completions"
    assert transport.sent[0].headers["authorization"] == Secret("k2").bearer()


async def test_openai_has_an_address_and_sends_no_empty_headers() -> None:
    """With a key alone the request goes to OpenAI, without names that nobody set."""
    transport = _One()
    await Runner(providers={"o": OpenAI("k1")}, transport=transport).chat("o/gpt-x", "Hi")
    (request,) = transport.sent
    assert request.url == "https://api.openai.com/v1/chat/completions"
    assert set(request.headers) == {"accept", "authorization", "content-type"}


async def test_a_missing_key_is_named() -> None:
    """Without a key nothing is sent, and the error says where to put one."""
    transport = _One()
    with pytest.raises(MissingKey, match="OPENAI_API_KEY"):
        await Runner(transport=transport).chat("openai/gpt-x", "Hi")
    assert transport.sent == []


async def test_openai_has_its_own_words() -> None:
    """The system is the developer, and the limit counts what is thought as well."""
    transport = _One()
    runner = Runner(providers={"o": OpenAI("k1")}, transport=transport)
    await runner.chat("o/gpt-x", "Hi", system="Be kind.", max_output_tokens=5, reasoning="low")
    assert transport.body["messages"][0] == {"role": "developer", "content": "Be kind."}
    assert transport.body["max_completion_tokens"] == 5
    assert transport.body["reasoning_effort"] == "low"


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


def test_only_chat_completions_is_spoken() -> None:
    """Another API is refused as the object is made."""
    assert OpenAI(api="chat").api == "chat"
    with pytest.raises(ConfigurationError, match='api="chat"'):
        OpenAI(api="realtime")  # type: ignore[arg-type]  # the promise


def test_reasoning_models_get_their_time() -> None:
    """The first content may take five minutes."""
    assert OpenAI.info.limits.first_content_s == 300
    assert "k1-secret" not in repr(OpenAI("k1-secret"))
