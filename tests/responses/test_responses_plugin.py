"""Tests of the provider object: what goes out, and what becomes of what comes back."""

from __future__ import annotations

import json

import pytest

from headwater import (
    ConfigurationError,
    InvalidRequest,
    MissingKey,
    ProtocolError,
    Provenance,
    ProviderInfo,
    Runner,
    Secret,
    StreamInterrupted,
    UnsupportedFeature,
    Usage,
)
from headwater_responses import Quirks, Responses

from .written import (
    Canned,
    added,
    arguments,
    call,
    completed,
    created,
    done,
    message,
    said,
    stream,
    thought,
    whole,
)

KEY = "sk-test-key"
URL = "https://h.example/v1"


def _runner(canned: Canned, provider: Responses | None = None) -> Runner:
    return Runner(providers={"p": provider or Responses(URL, KEY)}, transport=canned)


async def test_a_stream_is_asked_for_and_read() -> None:
    """One request goes out, with the key as a Bearer token; the answer is the folded stream."""
    canned = Canned(stream(created(), said("Hello"), completed()))
    async with _runner(canned) as runner, runner.stream_chat("p/m1", "Hi") as events:
        response = await events.collect()
    (request,) = canned.requests
    assert (request.method, request.url) == ("POST", f"{URL}/responses")
    assert request.headers["authorization"] == Secret(KEY, prefix="Bearer ")
    assert request.headers["accept"] == "text/event-stream"
    assert canned.bodies[0]["stream"] is True
    assert (response.text, response.usage) == ("Hello", Usage(9, 7))


async def test_a_whole_answer_is_asked_for_and_read() -> None:
    """Without streaming the body says so, and the answer is read whole."""
    canned = Canned(b" \n " + whole(message("Hello")))
    async with _runner(canned) as runner:
        response = await runner.chat("p/m1", "Hi")
    assert "stream" not in canned.bodies[0]
    assert response.text == "Hello"


async def test_headers_are_those_that_the_server_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key may have a header of its own, and variables may fill others."""
    monkeypatch.setenv("PROJECT", "p1")
    quirks = Quirks(key_header="api-key", header_variables={"x-project": "PROJECT", "x-o": "NONE"})
    canned = Canned(whole(message("a")))
    async with _runner(canned, Responses(URL, KEY, quirks=quirks)) as runner:
        await runner.chat("p/m1", "Hi")
    sent = canned.requests[0].headers
    assert (sent["api-key"], sent["x-project"]) == (Secret(KEY), "p1")
    assert not {"authorization", "x-o"} & set(sent)


async def test_nothing_is_read_before_the_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key or an address that is missing is told at the first use, by its variable."""
    monkeypatch.delenv("P_KEY", raising=False)
    info = ProviderInfo("P", key_variables=("P_KEY",), base_url_variable="P_URL")
    provider = Responses(info=info, needs_key=True, default_base_url=URL)
    async with _runner(Canned(b""), provider) as runner:
        with pytest.raises(MissingKey, match="P_KEY"):
            await runner.chat("p/m1", "Hi")
    async with _runner(Canned(b""), Responses(info=info)) as runner:
        with pytest.raises(ConfigurationError, match="P_URL"):
            await runner.chat("p/m1", "Hi")


async def test_the_key_shows_nowhere() -> None:
    """Neither the provider object nor an error that repeats the key shows it."""
    canned = Canned(json.dumps({"error": {"message": f"bad key {KEY}"}}).encode(), 401)
    provider = Responses(URL, KEY)
    async with _runner(canned, provider) as runner:
        with pytest.raises(Exception, match="bad key") as caught:
            await runner.chat("p/m1", "Hi")
    assert KEY not in repr(provider) + str(caught.value)


async def test_tokens_are_counted_by_the_server() -> None:
    """The count is the server's own, of what the model would read."""
    canned = Canned(b'{"object": "response.input_tokens", "input_tokens": 51}')
    async with _runner(canned) as runner:
        usage = await runner.count_usage("p/m1", "Hi", max_output_tokens=1, seed=1)
    assert canned.requests[0].url == f"{URL}/responses/input_tokens"
    assert usage == Usage(51)
    assert usage.provenance is Provenance.REPORTED


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"input_tokens": "x"}', b"<"], ids=repr)
async def test_a_count_that_is_none_is_a_protocol_error(body: bytes) -> None:
    """What is no count is told so."""
    async with _runner(Canned(body)) as runner:
        with pytest.raises(ProtocolError, match="a count of input tokens"):
            await runner.count_usage("p/m1", "Hi")


async def test_models_are_listed_and_health_is_that() -> None:
    """The list names the models; that it comes shows that the key is taken."""
    canned = Canned(b'{"data": [{"id": "m1"}, {"id": "m2", "context_length": 8}]}')
    async with _runner(canned) as runner:
        models = await runner.list_models("p")
        health = await runner.check_health("p")
    assert [(model.name, model.max_input_tokens) for model in models] == [("m1", None), ("m2", 8)]
    assert (health.is_ok, health.detail) == (True, "2 models")


async def test_what_a_server_has_not_is_told() -> None:
    """A server that counts nothing or lists nothing is declared so."""
    provider = Responses(URL, KEY, quirks=Quirks(count_path=None, models_path=None))
    async with _runner(Canned(b"{}"), provider) as runner:
        with pytest.raises(UnsupportedFeature, match="does not count tokens"):
            await runner.count_usage("p/m1", "Hi")
        with pytest.raises(UnsupportedFeature, match="no list of its models"):
            await runner.list_models("p")


async def test_a_body_that_is_no_json_is_told() -> None:
    """What cannot be written as JSON is ours to mend."""
    async with _runner(Canned(b"")) as runner:
        with pytest.raises(InvalidRequest, match=r"check tools, .*response_format and extra"):
            await runner.chat("p/m1", "Hi", extra={"a": object()})  # type: ignore[dict-item]  # on purpose


FRAMES = (
    created(),
    said("Hm.", 0, "reasoning_summary_text"),
    done(0, **thought("Hm.", encrypted_content="s")),
    added(1, **message(id="msg1")),
    said("Hel", 1),
    said("lo", 1),
    done(1, **message("Hello")),
    added(2, **call("")),
    arguments("{}", 2),
    done(2, **call("{}")),
    completed(),
)


@pytest.mark.parametrize("count", range(len(FRAMES)))
async def test_a_cut_stream_is_never_a_success(count: int) -> None:
    """Cut at any event the stream raises, with what had come and no more."""
    canned = Canned(stream(*FRAMES[:count], "[DONE]"))
    async with _runner(canned) as runner, runner.stream_chat("p/m1", "Hi", attempts=1) as events:
        with pytest.raises(StreamInterrupted) as caught:
            await events.collect()
    partial = caught.value.partial
    assert partial is not None
    assert partial.finish_reason is None
    assert partial.reasoning == ("Hm." if count > 1 else "")
    assert partial.text == ("Hello" if count > 5 else "Hel" if count > 4 else "")
    assert len(partial.tool_calls) == (count > 9)
