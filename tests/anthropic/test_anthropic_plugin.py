"""The provider object over real HTTP: what it sends, and what it makes of the answers."""

from __future__ import annotations

import pytest

from headwater import (
    ConfigurationError,
    FinishReason,
    Message,
    MissingKey,
    ModelInfo,
    ProtocolError,
    Reasoning,
    Role,
    Runner,
    Text,
    Usage,
    user,
)
from headwater_anthropic import Anthropic

from .events import TEXT, answer, block, said
from .running import STREAM, WHOLE, failed, given, running
from .server import serving


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of this machine out."""
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"HEADWATER_{name}", raising=False)


async def test_a_stream_is_asked_for_and_read() -> None:
    """One POST with key and version; the answer is the folded events."""
    async with running(STREAM) as (runner, server):
        response = await runner.stream_chat("claude/m", "Hello").collect()
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/v1/messages")
    assert asked.headers["x-api-key"] == "test-key"
    assert asked.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in asked.headers
    assert "anthropic-beta" not in asked.headers
    assert asked.body["stream"] is True
    assert response == answer(block(0, TEXT, said("Hi")))


async def test_a_whole_answer_is_asked_for_and_read() -> None:
    """Without streaming the answer is the same."""
    async with running(given(WHOLE)) as (runner, server):
        response = await runner.chat("claude/m", "Hello")
    assert "stream" not in server.asked[0].body
    assert (response.text, response.finish_reason) == ("Hi", FinishReason.STOP)
    assert response.usage == Usage(14, 1, cached_input_tokens=5)


async def test_what_was_dropped_is_on_the_answer() -> None:
    """Who goes on with another provider's conversation learns what could not be sent."""
    foreign = Message(Role.ASSISTANT, (Reasoning("Well"), Text("Yes.")), origin="chat-completions")
    for sent in (STREAM, given(WHOLE)):
        async with running(sent) as (runner, _):
            messages = [user("a"), foreign, user("b")]
            response = (
                await runner.stream_chat("claude/m", messages).collect()
                if sent is STREAM
                else await runner.chat("claude/m", messages)
            )
        assert response.dropped == ("reasoning of chat-completions",)


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
async def test_the_address_may_hold_the_version(path: str) -> None:
    """Its version counts once."""
    async with serving(given(WHOLE)) as server:
        provider = Anthropic("test-key", server.url + path)
        async with Runner(providers={"claude": provider}) as runner:
            await runner.chat("claude/m", "Hello")
    assert server.asked[0].path == "/v1/messages"


async def test_what_is_beta_is_named() -> None:
    """Names go in one header."""
    async with running(given(WHOLE), betas=("a-1", "b-2")) as (runner, server):
        await runner.chat("claude/m", "Hello")
    assert server.asked[0].headers["anthropic-beta"] == "a-1,b-2"


@pytest.mark.parametrize(
    ("environment", "settings", "header", "value"),
    [
        pytest.param({"API_KEY": "env"}, {}, "x-api-key", "env", id="key-of-environment"),
        pytest.param(
            {"AUTH_TOKEN": "t"}, {}, "authorization", "Bearer t", id="token-of-environment"
        ),
        pytest.param(
            {"API_KEY": "env", "AUTH_TOKEN": "t"}, {}, "x-api-key", "env", id="key-before-token"
        ),
        pytest.param(
            {"API_KEY": "env"}, {"auth_token": "t"}, "authorization", "Bearer t", id="given-token"
        ),
        pytest.param(
            {"API_KEY": "env"}, {"api_key": "given"}, "x-api-key", "given", id="given-key"
        ),
    ],
)
async def test_a_key_is_found(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    settings: dict[str, str],
    header: str,
    value: str,
) -> None:
    """What was given counts before the environment, a key before a token; one of them is sent."""
    for name, text in environment.items():
        monkeypatch.setenv(f"ANTHROPIC_{name}", text)
    async with running(given(WHOLE), **{"api_key": None, **settings}) as (runner, server):
        await runner.chat("claude/m", "Hello")
    headers = server.asked[0].headers
    assert headers[header] == value
    assert len({"x-api-key", "authorization"} & set(headers)) == 1


async def test_the_environment_gives_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read when it is first needed."""
    provider = Anthropic("test-key")
    async with serving(given(WHOLE)) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        async with Runner(providers={"claude": provider}) as runner:
            assert (await runner.chat("claude/m", "Hello")).text == "Hi"


async def test_the_entry_point_finds_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installed provider goes by the name `anthropic`."""
    async with serving(given(WHOLE)) as server:
        monkeypatch.setenv("HEADWATER_ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("HEADWATER_ANTHROPIC_API_KEY", "own")
        async with Runner() as runner:
            await runner.chat("anthropic/claude-sonnet-4-5", "Hello")
    assert server.asked[0].headers["x-api-key"] == "own"


async def test_a_missing_key_is_said_at_the_first_use() -> None:
    """The message names both variables, and making the provider needs none."""
    async with Runner(providers={"claude": Anthropic()}) as runner:
        with pytest.raises(MissingKey, match="ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN"):
            await runner.chat("claude/m", "Hello")


async def test_a_key_does_not_travel_in_the_open() -> None:
    """Plain http to another machine is refused."""
    provider = Anthropic("test-key", "http://example.org")
    async with Runner(providers={"claude": provider}) as runner:
        with pytest.raises(ConfigurationError, match="plain http"):
            await runner.chat("claude/m", "Hello")


def test_a_key_does_not_show() -> None:
    """Neither key nor token is in the text of the provider."""
    assert "secret" not in repr(Anthropic("secret-1", auth_token="secret-2"))


async def test_a_count_is_exact() -> None:
    """The API counts, and is asked without what it refuses there."""
    async with running(given({"input_tokens": 43})) as (runner, server):
        usage = await runner.count_usage("claude/m", "Hello", system="Be kind.", temperature=1)
    assert usage == Usage(43)
    assert server.asked[0].path == "/v1/messages/count_tokens"
    assert set(server.asked[0].body) == {"model", "messages", "system"}


async def test_a_count_of_another_form_is_malformed() -> None:
    """No count is made up."""
    async with running(given({"tokens": 43})) as (runner, _):
        with pytest.raises(ProtocolError, match="a count of tokens"):
            await runner.count_usage("claude/m", "Hello")


async def test_models_are_listed_page_by_page() -> None:
    """Each page is asked for by the last model of the one before."""
    pages = [
        {"data": [{"id": "a", "display_name": "A", "max_input_tokens": 9, "max_tokens": 5}]}
        | {"has_more": True, "last_id": "a&1"},
        {"data": [{"id": "b", "type": "model"}], "has_more": False, "last_id": "b"},
    ]
    async with running(*map(given, pages)) as (runner, server):
        models = await runner.list_models("claude")
    assert models == [
        ModelInfo("a", description="A", max_input_tokens=9, max_output_tokens=5),
        ModelInfo("b"),
    ]
    assert [asked.path for asked in server.asked] == [
        "/v1/models?limit=1000",
        "/v1/models?limit=1000&after_id=a%261",
    ]


async def test_a_list_that_turns_in_a_circle_ends() -> None:
    """A page that says that it is followed by itself is the last."""
    page = given({"data": [{"id": "a"}], "has_more": True, "last_id": "a"})
    async with running(page) as (runner, server):
        await runner.list_models("claude")
    assert len(server.asked) == 2


async def test_health_is_told_without_cost() -> None:
    """A model list tells whether the key is taken."""
    async with running(
        given({"data": []}), failed(401, "authentication_error", "invalid x-api-key")
    ) as (
        runner,
        server,
    ):
        good, bad = await runner.check_health("claude"), await runner.check_health("claude")
    assert server.asked[0].path == "/v1/models?limit=1"
    assert (good.is_ok, bad.is_ok) == (True, False)
    assert "invalid x-api-key" in bad.detail
