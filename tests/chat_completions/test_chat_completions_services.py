"""Tests of the hosted services by name: keys, addresses, lists of models, health."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headwater import (
    HeadwaterError,
    MissingKey,
    Runner,
    Secret,
    UnsupportedFeature,
)

from .frames import DONE, delta, end
from .hosted import HOSTED, service_of
from .scripted import Answer, Scripted, streamed

AZURE = "https://r.openai.azure.com"
every = pytest.mark.parametrize("name", [*HOSTED, "azure"])


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without any key or address in the environment."""
    others = ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION")
    keys = [variable for variable, _ in HOSTED.values()]
    for variable in (*keys, *others, "GROQ_BASE_URL", "OPENROUTER_APP_URL", "OPENROUTER_APP_TITLE"):
        monkeypatch.delenv(variable, raising=False)
    for name in (*HOSTED, "azure"):
        monkeypatch.delenv(f"HEADWATER_{name.upper()}_API_KEY", raising=False)
        monkeypatch.delenv(f"HEADWATER_{name.upper()}_BASE_URL", raising=False)


async def _asked(model: str, **options: Any) -> Scripted:
    """Ask a provider by its name for a stream; gives the transport that was asked."""
    transport = Scripted([streamed(delta(content="a"), end(), DONE)])
    async with (
        Runner(transport=transport) as runner,
        runner.stream_chat(model, "Hi", **options) as stream,
    ):
        await stream.collect()
    return transport


@pytest.mark.parametrize(
    ("name", "variable", "address"),
    [(name, *row) for name, row in HOSTED.items()],
    ids=list(HOSTED),
)
async def test_a_service_needs_its_key_and_nothing_else(
    name: str, variable: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the key in its variable a service is asked at its own address, as a Bearer."""
    monkeypatch.setenv(variable, "k1")
    (request,) = (await _asked(f"{name}/m1")).sent
    assert request.url == f"{address}/chat/completions"
    assert request.headers["authorization"] == Secret("k1").bearer()


@every
async def test_a_missing_key_names_its_variable(name: str) -> None:
    """Without a key nothing is sent, and the error says which variable to set."""
    variable = HOSTED[name][0] if name in HOSTED else "AZURE_OPENAI_API_KEY"
    transport = Scripted([])
    provider = service_of(name)(base_url="https://h.example")
    async with Runner(providers={name: provider}, transport=transport) as runner:
        with pytest.raises(MissingKey, match=variable):
            await runner.chat(f"{name}/m1", "Hi")
    assert transport.sent == []


@every
async def test_the_environment_moves_aservice_of(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service reached by its name is asked where its own variables say."""
    monkeypatch.setenv(f"HEADWATER_{name.upper()}_BASE_URL", "https://h.example/v1")
    monkeypatch.setenv(f"HEADWATER_{name.upper()}_API_KEY", "k1")
    (request,) = (await _asked(f"{name}/m1")).sent
    assert request.url == "https://h.example/v1/chat/completions"


@pytest.mark.parametrize(
    ("endpoint", "version", "url"),
    [
        (AZURE, "", "/openai/v1/chat/completions"),
        (f"{AZURE}/", "", "/openai/v1/chat/completions"),
        (f"{AZURE}/openai/v1/", "2024-10-21", "/openai/v1/chat/completions"),
        (
            AZURE,
            "2024-10-21",
            "/openai/deployments/m%201/chat/completions?api-version=2024-10-21",
        ),
        (
            f"{AZURE}?api-version=2024-06-01",
            "2024-10-21",
            "/openai/deployments/m%201/chat/completions?api-version=2024-06-01",
        ),
        (
            f"{AZURE}/openai/deployments/d",
            "2024-10-21",
            "/openai/deployments/d/chat/completions?api-version=2024-10-21",
        ),
        (
            f"{AZURE}/openai/deployments/d/chat/completions?api-version=2024-06-01",
            "",
            "/openai/deployments/d/chat/completions?api-version=2024-06-01",
        ),
        (
            f"{AZURE}/models?api-version=2024-05-01-preview",
            "",
            "/models/chat/completions?api-version=2024-05-01-preview",
        ),
    ],
    ids=["host", "slash", "v1", "variable", "query", "deployment", "whole", "inference"],
)
async def test_azure_is_asked_where_its_endpoint_says(
    endpoint: str, version: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endpoint leads to the newer API, or with a version to the deployment of that name."""
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", endpoint)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "k1")
    monkeypatch.setenv("OPENAI_API_VERSION", version)
    (request,) = (await _asked("azure/m 1")).sent
    assert request.url == AZURE + url
    assert request.headers["api-key"] == Secret("k1")
    assert "authorization" not in request.headers


async def test_groq_is_found_where_its_sdk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable of Groq's own SDK holds a host alone."""
    monkeypatch.setenv("GROQ_API_KEY", "k1")
    monkeypatch.setenv("GROQ_BASE_URL", "https://api.groq.com")
    (request,) = (await _asked("groq/m1")).sent
    assert request.url == "https://api.groq.com/openai/v1/chat/completions"


async def test_openrouter_is_told_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """An application that wants to be named says so in the environment, and else is not."""
    monkeypatch.setenv("OPENROUTER_API_KEY", "k1")
    (request,) = (await _asked("openrouter/m1")).sent
    assert not {"http-referer", "x-title"} & set(request.headers)
    monkeypatch.setenv("OPENROUTER_APP_URL", "https://h.example")
    monkeypatch.setenv("OPENROUTER_APP_TITLE", "Mine")
    (request,) = (await _asked("openrouter/m1")).sent
    assert request.headers["http-referer"] == "https://h.example"
    assert request.headers["x-title"] == "Mine"


@every
async def test_usage_is_asked_for_where_it_does_not_come_by_itself(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mistral refuses the question, and Perplexity counts in every chunk."""
    monkeypatch.setenv(f"HEADWATER_{name.upper()}_BASE_URL", "https://h.example/v1")
    monkeypatch.setenv(f"HEADWATER_{name.upper()}_API_KEY", "k1")
    (body,) = (await _asked(f"{name}/m1")).bodies
    assert ("stream_options" in body) == (name not in ("mistral", "perplexity"))


@pytest.mark.parametrize("name", sorted(HOSTED.keys() - {"perplexity"}))
async def test_a_service_lists_its_models(name: str) -> None:
    """Models are listed with their own address and key."""
    transport = Scripted([Answer(200, b'{"data":[{"id":"a"}]}')])
    provider = service_of(name)("k1")
    async with Runner(providers={name: provider}, transport=transport) as runner:
        assert [model.name for model in await runner.list_models(name)] == ["a"]
    assert transport.sent[0].url == f"{HOSTED[name][1]}/models"


@pytest.mark.parametrize("name", ["azure", "perplexity"])
async def test_a_service_without_a_list_says_so(name: str) -> None:
    """Perplexity has no list, and Azure none of what was deployed."""
    async with Runner(providers={name: service_of(name)("k1", AZURE)}) as runner:
        with pytest.raises(UnsupportedFeature, match="no list of its models"):
            await runner.list_models(name)


@pytest.mark.parametrize(
    ("name", "base_url", "url"),
    [
        ("openrouter", None, "https://openrouter.ai/api/v1/key"),
        ("azure", AZURE, f"{AZURE}/openai/v1/models"),
        ("azure", f"{AZURE}/openai/deployments/d?api-version=v", f"{AZURE}/openai/v1/models"),
        ("groq", None, "https://api.groq.com/openai/v1/models"),
    ],
    ids=["openrouter", "azure", "azure-deployment", "groq"],
)
async def test_health_proves_the_key(name: str, base_url: str | None, url: str) -> None:
    """Health is asked at no cost, where an answer means that the key was taken."""
    transport = Scripted([Answer(200, b'{"data":[{"id":"a"}]}')])
    provider = service_of(name)("k1", base_url)
    async with Runner(providers={name: provider}, transport=transport) as runner:
        assert (await runner.check_health(name)).is_ok
    assert transport.sent[0].url == url


async def test_health_that_cannot_be_asked_is_not_guessed() -> None:
    """Perplexity has nothing to ask at no cost; a key that is not there is told all the same."""
    async with Runner(providers={"p": service_of("perplexity")("k1")}) as runner:
        assert "nothing to ask" in (await runner.check_health("p")).detail
    async with Runner(providers={"p": service_of("perplexity")()}) as runner:
        assert not (await runner.check_health("p")).is_ok


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (401, "invalid_api_key", "check GROQ_API_KEY"),
        (402, None, "top up the account"),
        (400, "context_length_exceeded", "shorten the conversation"),
        (404, "model_not_found", "headwater models groq"),
    ],
    ids=["key", "quota", "context", "model"],
)
async def test_a_refusal_says_what_to_do(status: int, code: str | None, advice: str) -> None:
    """A refusal has the service's words, its request id, and what to do about it."""
    body = json.dumps({"error": {"message": "Its own words.", "code": code}}).encode()
    transport = Scripted([Answer(status, body, {"x-request-id": "r1"})])
    async with Runner(providers={"groq": service_of("groq")("k1")}, transport=transport) as runner:
        with pytest.raises(HeadwaterError, match=f"^Its own words.*{advice}") as caught:
            await runner.chat("groq/m1", "Hi")
    assert (caught.value.request_id, caught.value.status) == ("r1", status)
