"""Tests of xAI's provider object: its settings, what its families refuse, its two dialects."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from typing import Any, Literal, TypeVar

import pytest

from headwater import (
    AuthenticationError,
    ConfigurationError,
    ContextTooLong,
    InvalidRequest,
    MissingKey,
    Overloaded,
    Provenance,
    ProviderEvent,
    QuotaExceeded,
    RateLimited,
    Runner,
    Secret,
    UnsupportedFeature,
    Usage,
)
from headwater.wire.transport import HTTPRequest, ReadError, Response
from headwater_xai import XAI

T = TypeVar("T")
Api = Literal["chat", "responses"]

KEY = "xai-test-key"


class _Canned:
    """Answer every request with one body, and keep what was asked."""

    def __init__(self, body: object, status: int = 200) -> None:
        self.requests: list[HTTPRequest] = []
        self._body = json.dumps(body).encode()
        self._status = status

    @property
    def sent(self) -> dict[str, Any]:
        """Give the last body that was sent."""
        read: dict[str, Any] = json.loads(self.requests[-1].body or b"null")
        return read

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        self.requests.append(request)
        chunks = iter([self._body])

        async def read_chunk() -> bytes:
            return next(chunks, b"")

        yield Response(self._status, {}, read_chunk)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        return await awaitable


def _chat_answer(**fields: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}
    return {"id": "x1", "model": "grok-4.3", "choices": [choice], **fields}


RESPONSE = {"id": "r1", "object": "response", "model": "grok-4.3", "status": "completed"}
ANSWERS: dict[Api, dict[str, Any]] = {
    "chat": _chat_answer(),
    "responses": {**RESPONSE, "output": []},
}
each_api = pytest.mark.parametrize("api", ["chat", "responses"])


def _runner(canned: _Canned, api: Api = "chat") -> Runner:
    return Runner(providers={"xai": XAI(KEY, api=api)}, transport=canned)


def test_the_name_leads_here() -> None:
    """`xai/…` is this provider, by its entry point."""
    (found,) = entry_points(group="headwater", name="xai")
    assert found.load() is XAI


@pytest.mark.parametrize(
    ("api", "url"),
    [
        ("chat", "https://api.x.ai/v1/chat/completions"),
        ("responses", "https://api.x.ai/v1/responses"),
    ],
    ids=["chat", "responses"],
)
async def test_each_api_has_its_address(api: Api, url: str) -> None:
    """The api decides where a request goes; the key goes as a Bearer token."""
    canned = _Canned(ANSWERS[api])
    async with _runner(canned, api) as runner:
        await runner.chat("xai/grok-4.3", "Hi")
    assert canned.requests[0].url == url
    assert canned.requests[0].headers["authorization"] == Secret(KEY, prefix="Bearer ")


async def test_the_environment_is_read_at_the_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Key and address come from the variables of xAI's own SDK."""
    provider = XAI()
    monkeypatch.setenv("XAI_API_KEY", "xai-of-the-environment")
    monkeypatch.setenv("XAI_BASE_URL", "https://h.example/v1/")
    canned = _Canned(ANSWERS["chat"])
    async with Runner(providers={"xai": provider}, transport=canned) as runner:
        await runner.chat("xai/grok-4.3", "Hi")
    assert canned.requests[0].url == "https://h.example/v1/chat/completions"
    sent = canned.requests[0].headers["authorization"]
    assert sent == Secret("xai-of-the-environment", prefix="Bearer ")


@each_api
async def test_a_key_is_needed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key the first use says which variable to set."""
    monkeypatch.delenv("XAI_API_KEY", raising=False)
    async with Runner(providers={"xai": XAI(api=api)}, transport=_Canned({})) as runner:
        with pytest.raises(MissingKey, match="XAI_API_KEY"):
            await runner.chat("xai/grok-4.3", "Hi")


def test_an_api_that_is_none_is_refused() -> None:
    """There are two, and the message names them; the key shows in no `repr`."""
    with pytest.raises(ConfigurationError, match='"chat" or "responses", got \'grpc\''):
        XAI(api="grpc")  # type: ignore[arg-type]  # on purpose
    assert KEY not in repr(XAI(KEY))


@pytest.mark.parametrize(
    ("model", "effort"),
    [
        ("grok-3-mini", "medium"),
        ("grok-3-mini-fast", "none"),
        ("grok-3", "low"),
        ("grok-2-1212", "low"),
        ("grok-4", "low"),
        ("grok-4-0709", "high"),
        ("grok-4-1-fast", "high"),
    ],
    ids=str,
)
@each_api
async def test_an_effort_that_a_family_refuses_is_refused(
    api: Api, model: str, effort: Literal["none", "low", "medium", "high"]
) -> None:
    """What the model is known not to take is told before anything is sent."""
    canned = _Canned({})
    async with _runner(canned, api) as runner:
        with pytest.raises(
            UnsupportedFeature, match=f'xai/{model} takes no reasoning effort "{effort}"'
        ):
            await runner.chat(f"xai/{model}", "Hi", reasoning=effort)
        async with runner.stream_chat(f"xai/{model}", "Hi", reasoning=effort) as stream:
            with pytest.raises(UnsupportedFeature):
                await stream.collect()
    assert canned.requests == []


@pytest.mark.parametrize("model", ["grok-3-mini", "grok-4.3", "grok-9"])
async def test_an_effort_is_sent_where_it_may_be_taken(model: str) -> None:
    """Families that take it, and models that nobody knows, are sent the effort in both dialects."""
    chat, responses = _Canned(ANSWERS["chat"]), _Canned(ANSWERS["responses"])
    for canned, api in ((chat, "chat"), (responses, "responses")):
        async with _runner(canned, api) as runner:  # type: ignore[arg-type]  # one of the two
            await runner.chat(f"xai/{model}", "Hi", reasoning="high")
    assert chat.sent["reasoning_effort"] == "high"
    assert responses.sent["reasoning"] == {"effort": "high"}


async def test_stop_texts_are_refused_where_they_are_known_to_be() -> None:
    """Grok 4 takes no stop texts; others do."""
    canned = _Canned(ANSWERS["chat"])
    async with _runner(canned) as runner:
        with pytest.raises(UnsupportedFeature, match="no stop texts"):
            await runner.chat("xai/grok-4", "Hi", stop="a")
        await runner.chat("xai/grok-4.3", "Hi", stop="a")
    assert canned.sent["stop"] == ["a"]


@pytest.mark.parametrize(
    ("total", "output"),
    [(19, 10), (None, 10), (16, 7)],
    ids=["beside", "no-total", "within"],
)
async def test_reasoning_is_part_of_the_output(total: int | None, output: int) -> None:
    """XAI counts it beside; a total that says otherwise is believed."""
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 7,
        "completion_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": total,
    }
    async with _runner(_Canned(_chat_answer(usage=usage))) as runner:
        response = await runner.chat("xai/grok-4.3", "Hi")
    assert response.usage == Usage(9, output, reasoning_tokens=3)


async def test_what_was_found_is_passed_on() -> None:
    """Live search is asked for by extra, and its sources arrive as a provider event."""
    canned = _Canned(_chat_answer(citations=["https://h.example"]))
    async with _runner(canned) as runner:
        response = await runner.chat(
            "xai/grok-4.3", "Hi", extra={"search_parameters": {"mode": "on"}}
        )
    assert canned.sent["search_parameters"] == {"mode": "on"}
    expected = ProviderEvent("citations", {"citations": ["https://h.example"]})
    assert expected in response.provider_events


@pytest.mark.parametrize(
    ("status", "code", "words", "kind", "is_retryable"),
    [
        (400, "invalid-argument", "Incorrect API key provided.", AuthenticationError, False),
        (
            400,
            "Client specified an invalid argument",
            "This model's maximum prompt length is 8 but the request contains 9 tokens.",
            ContextTooLong,
            False,
        ),
        (400, "invalid-argument", "no", InvalidRequest, False),
        (429, "resource-exhausted", "You used all available credits.", QuotaExceeded, False),
        (403, "permission-denied", "You have run out of credits.", QuotaExceeded, False),
        (429, "resource-exhausted", "Too many requests.", RateLimited, True),
        (503, "The service is currently unavailable", "busy", Overloaded, True),
    ],
    ids=["key", "context", "argument", "credits", "no-credits", "rate", "unavailable"],
)
@each_api
async def test_flat_errors_have_their_class(
    api: Api, status: int, code: str, words: str, kind: type[Exception], is_retryable: bool
) -> None:
    """XAI's errors are flat, and one code stands for several of them."""
    async with _runner(_Canned({"code": code, "error": words}, status), api) as runner:
        with pytest.raises(kind, match=words[:20]) as caught:
            await runner.chat("xai/grok-4.3", "Hi", attempts=1)
    error: Any = caught.value
    assert (error.status, error.code, error.is_retryable) == (status, code, is_retryable)


@each_api
async def test_tokens_are_estimated(api: Api) -> None:
    """XAI counts no conversation, so the core estimates and says so."""
    async with _runner(_Canned({}), api) as runner:
        usage = await runner.count_usage("xai/grok-4.3", "Hi")
    assert usage.provenance is Provenance.ESTIMATED


@each_api
async def test_the_models_of_xai_are_listed(api: Api) -> None:
    """The list tells what there is, and that the key is taken."""
    canned = _Canned({"data": [{"id": "grok-4.3"}]})
    async with _runner(canned, api) as runner:
        assert [model.name for model in await runner.list_models("xai")] == ["grok-4.3"]
        assert (await runner.check_health("xai")).is_ok
    assert canned.requests[0].url == "https://api.x.ai/v1/models"
