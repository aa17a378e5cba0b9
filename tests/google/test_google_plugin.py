"""Tests of the provider object: what it sends where, with which key, and what it reads."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import attrs
import pytest

from headwater import (
    AuthenticationError,
    InvalidRequest,
    Message,
    MissingKey,
    ModelInfo,
    Overloaded,
    ProtocolError,
    Reasoning,
    Role,
    Runner,
    Secret,
    StreamInterrupted,
    TextDelta,
    Tool,
    Usage,
    hookimpl,
    user,
)
from headwater.wire.transport import HTTPRequest, ReadError, Response
from headwater_google import Google

T = TypeVar("T")
KEY = "AIza-secret-key"
VERTEX = "https://l-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google"
ANSWER = {
    "candidates": [{"content": {"parts": [{"text": "Hello"}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1},
    "modelVersion": "gemini-x",
}
COUNT = {"totalTokens": 8, "cachedContentTokenCount": 3}


def _sse(*chunks: object) -> bytes:
    return "".join(f"data: {json.dumps(chunk)}\r\n\r\n" for chunk in chunks).encode()


@attrs.define
class Wire:
    """Answer each request with the next of some replies, and keep what was sent."""

    replies: list[tuple[int, bytes]]
    media_type: str = "text/event-stream"
    sent: list[HTTPRequest] = attrs.field(factory=list)

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Answer; a status of 400 and more is left to the caller, as on the real wire."""
        self.sent.append(request)
        status, body = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        chunks: Iterator[bytes] = iter((body, b""))

        async def read_chunk() -> bytes:
            return next(chunks, b"")

        yield Response(status, {"content-type": self.media_type}, read_chunk)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait."""
        return await awaitable

    @property
    def body(self) -> Any:
        """The JSON that was sent last."""
        return json.loads(self.sent[-1].body or b"null")


def _json(*values: object) -> Wire:
    return Wire([(200, json.dumps(value).encode()) for value in values], "application/json")


def _runner(wire: Wire, google: Google | None = None) -> Runner:
    return Runner(providers={"google": google or Google(KEY)}, transport=wire)


def test_settings_are_optional_and_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """To make a provider asks for no key and no address."""
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert Google().api_key is None
    assert KEY not in repr(Google(KEY, access_token="ya29.secret"))
    assert "secret" not in repr(Google(KEY, access_token="ya29.secret"))


async def test_a_stream_is_asked_for_as_events() -> None:
    """The model stands in the path, the key in a header, and alt=sse in the query."""
    wire = Wire([(200, _sse(ANSWER))])
    async with _runner(wire).stream_chat("google/gemini-x", "Hi") as stream:
        events = [event async for event in stream]
    (sent,) = wire.sent
    assert (
        sent.url
        == "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:streamGenerateContent?alt=sse"
    )
    assert sent.headers["x-goog-api-key"] == Secret(KEY)
    assert "authorization" not in sent.headers
    assert TextDelta("Hello") in events
    assert stream.response.usage == Usage(1, 1)
    assert stream.response.message.origin == "gemini"


async def test_a_whole_answer_has_its_own_method() -> None:
    """The same body goes to generateContent."""
    wire = _json(ANSWER)
    response = await _runner(wire).chat("google/tunedModels/mine", "Hi", seed=1)
    assert wire.sent[0].url.endswith("/v1beta/tunedModels/mine:generateContent")
    assert wire.body["generationConfig"] == {"seed": 1}
    assert (response.text, response.model) == ("Hello", "gemini-x")


async def test_the_environment_gives_key_and_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """GOOGLE_API_KEY wins over GEMINI_API_KEY, as in Google's own SDK."""
    monkeypatch.setenv("GOOGLE_API_KEY", "first\n")
    monkeypatch.setenv("GEMINI_API_KEY", "second")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "https://proxy.example/gemini")
    wire = _json(ANSWER)
    await _runner(wire, Google()).chat("google/m", "Hi")
    assert wire.sent[0].headers["x-goog-api-key"] == Secret("first")
    assert wire.sent[0].url == "https://proxy.example/gemini/v1beta/models/m:generateContent"


async def test_without_a_key_the_variables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent, and the error says what to set."""
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    wire = _json(ANSWER)
    with pytest.raises(MissingKey, match="GOOGLE_API_KEY or GEMINI_API_KEY"):
        await _runner(wire, Google()).chat("google/m", "Hi")
    assert wire.sent == []


async def test_vertex_takes_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bearer token goes to the address of a project, and no key; a new one can be assigned."""
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    google = Google(base_url=VERTEX, access_token="old")
    google.access_token = "new"  # type: ignore[assignment]  # converted, as at construction
    wire = _json(ANSWER)
    await _runner(wire, google).chat("google/m", "Hi")
    assert wire.sent[0].url == f"{VERTEX}/models/m:generateContent"
    assert wire.sent[0].headers["authorization"] == Secret("new").bearer()
    assert "x-goog-api-key" not in wire.sent[0].headers


@pytest.mark.parametrize(
    ("base_url", "holder"),
    [(None, "generateContentRequest"), (VERTEX, None)],
    ids=["gemini-api", "vertex"],
)
async def test_a_count_is_exact(base_url: str | None, holder: str | None) -> None:
    """The provider counts, with system prompt and tools."""
    wire = _json(COUNT)
    tool = Tool("f", "Does it.", {"type": "object"})
    usage = await _runner(wire, Google(KEY, base_url)).count_usage(
        "google/m", "Hi", system="Be kind.", tools=[tool]
    )
    assert usage == Usage(8, cached_input_tokens=3)
    counted = wire.body[holder] if holder else wire.body
    assert {"contents", "systemInstruction", "tools"} <= counted.keys()
    assert wire.sent[0].url.endswith("/models/m:countTokens")


async def test_models_are_listed_page_by_page() -> None:
    """All pages, each model by the name that a model id takes."""
    first = {"models": [{"name": "models/a", "inputTokenLimit": 9}], "nextPageToken": "t/2"}
    second = {"models": [{"name": "tunedModels/b", "displayName": "B", "outputTokenLimit": 5}]}
    wire = _json(first, second)
    assert await _runner(wire).list_models("google") == [
        ModelInfo("a", max_input_tokens=9),
        ModelInfo("tunedModels/b", description="B", max_output_tokens=5),
    ]
    queries = [request.url.partition("?")[2] for request in wire.sent]
    assert queries == ["pageSize=1000", "pageSize=1000&pageToken=t%2F2"]


async def test_vertex_lists_the_models_of_the_publisher() -> None:
    """They stand under another address and name."""
    wire = _json({"publisherModels": [{"name": "publishers/google/models/gemini-x"}]})
    google = Google(base_url=VERTEX, access_token="t")
    assert await _runner(wire, google).list_models("google") == [ModelInfo("gemini-x")]
    assert "/v1beta1/publishers/google/models?" in wire.sent[0].url


BAD_KEY = (
    b'{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",'
    b' "details": [{"reason": "API_KEY_INVALID"}]}}'
)


async def test_health_tells_whether_the_key_is_taken() -> None:
    """One model is asked for; a bad key is an answer."""
    good, bad = _json({"models": []}), Wire([(400, BAD_KEY)])
    assert (await _runner(good).check_health("google")).is_ok
    assert good.sent[0].url.endswith("/v1beta/models?pageSize=1")
    health = await _runner(bad).check_health("google")
    assert not health.is_ok
    assert "API key not valid" in health.detail


async def test_a_bad_key_is_an_authentication_error() -> None:
    """A 400 that says so; the message names the variables to check."""
    with pytest.raises(AuthenticationError, match="GOOGLE_API_KEY or GEMINI_API_KEY") as caught:
        await _runner(Wire([(400, BAD_KEY)])).chat("google/m", "Hi")
    assert caught.value.status == 400


async def test_an_error_before_content_is_retried() -> None:
    """A 200 that begins with an overload is tried again, and the caller sees one answer."""
    busy = {"error": {"code": 503, "status": "UNAVAILABLE", "message": "busy"}}
    wire = Wire([(200, _sse(busy)), (200, _sse(ANSWER))])
    provider = Google(KEY)
    async with Runner(providers={"google": provider}, transport=wire) as runner:
        response = await runner.stream_chat("google/m", "Hi", attempts=2).collect()
    assert response.text == "Hello"
    assert len(wire.sent) == 2


async def test_an_error_in_mid_stream_keeps_what_came() -> None:
    """After content the error is raised, with the partial answer."""
    half = {"candidates": [{"content": {"parts": [{"text": "Half"}]}}]}
    busy = {"error": {"code": 503, "status": "UNAVAILABLE", "message": "busy"}}
    with pytest.raises(Overloaded) as caught:
        await _runner(Wire([(200, _sse(half, busy))])).stream_chat("google/m", "Hi").collect()
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Half"


async def test_what_could_not_be_sent_is_named() -> None:
    """The answer says which parts of a foreign conversation it never saw."""
    foreign = Message(Role.ASSISTANT, (Reasoning("Hm."),), origin="chat-completions")
    wire = Wire([(200, _sse(ANSWER))])
    stream = _runner(wire).stream_chat("google/m", [user("Hi"), foreign, user("?")])
    assert (await stream.collect()).dropped == ("reasoning of chat-completions",)


@pytest.mark.parametrize(
    "answer",
    [{**ANSWER, "candidates": [{"content": {"parts": [{"text": "Hel"}]}}]}, {"usageMetadata": {}}],
    ids=["no-end-mark", "nothing"],
)
async def test_a_whole_answer_without_its_end_is_none(answer: dict[str, object]) -> None:
    """A body without a finish reason is no success, streamed or not."""
    with pytest.raises(StreamInterrupted):
        await _runner(_json(answer)).chat("google/m", "Hi", attempts=1)
    with pytest.raises(StreamInterrupted):
        await _runner(_json(answer)).stream_chat("google/m", "Hi", attempts=1).collect()


async def test_an_answer_that_is_no_count_says_so() -> None:
    """Another API at the address is named as such."""
    with pytest.raises(ProtocolError, match="a count of tokens"):
        await _runner(_json({"input_tokens": 8})).count_usage("google/m", "Hi")


async def test_what_is_no_json_is_refused_before_it_is_sent() -> None:
    """Extra fields that cannot be written are the caller's to change."""
    wire = _json(ANSWER)
    with pytest.raises(InvalidRequest, match="extra"):
        await _runner(wire).chat("google/m", "Hi", extra={"x": object()})  # type: ignore[dict-item]  # on purpose
    assert wire.sent == []


def test_every_hook_is_implemented() -> None:
    """All that the contract asks for, optional hooks included."""
    names = ("stream_chat", "chat", "count_usage", "list_models", "check_health")
    marker = f"{hookimpl.project_name}_impl"
    assert all(hasattr(getattr(Google, name), marker) for name in names)
