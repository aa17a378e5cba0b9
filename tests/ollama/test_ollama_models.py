"""The models that the server has, and whether it answers."""

from __future__ import annotations

import json

import pytest

from headwater import ModelInfo, ProtocolError

from .loopback import Answer, asking

DETAILS = {"family": "llama", "parameter_size": "1.2B", "quantization_level": "Q8_0", "x": 1}


@pytest.mark.parametrize(
    ("listed", "models"),
    [
        (
            [{"name": "a:1b", "model": "a:1b", "size": 1_321_098_329, "details": DETAILS}],
            [ModelInfo("a:1b", description="llama, 1.2B, Q8_0, 1.3 GB")],
        ),
        ([{"name": "b"}], [ModelInfo("b")]),
        ([{"name": "b", "details": {"family": "llama"}}], [ModelInfo("b", description="llama")]),
        (None, []),
    ],
    ids=["described", "bare", "partly", "none"],
)
async def test_models_are_those_that_were_pulled(listed: object, models: list[ModelInfo]) -> None:
    """Each model comes with what the server says it is, in one request."""
    answer = Answer(json.dumps({"models": listed}).encode(), media_type="application/json")
    async with asking(answer) as (server, runner):
        assert await runner.list_models("p") == models
    assert [asked.target for asked in server.asked] == ["GET /api/tags"]


async def test_a_list_that_is_none_is_an_error() -> None:
    """What is no list of models is shown."""
    async with asking(Answer(b'{"models": 7}')) as (_, runner):
        with pytest.raises(ProtocolError, match="a list of models"):
            await runner.list_models("p")


@pytest.mark.parametrize(
    ("answer", "is_ok", "words"),
    [
        (Answer(b'{"version": "0.12.3"}'), True, "Ollama 0.12.3"),
        (Answer(b'{"error": "broken"}', 500), False, "broken"),
        (Answer(b"<html>", media_type="text/html"), False, "web page"),
    ],
    ids=["well", "failing", "another"],
)
async def test_health_is_whether_the_server_answers(
    answer: Answer, is_ok: bool, words: str
) -> None:
    """The version is asked for, which costs nothing; a failure is an answer here."""
    async with asking(answer) as (server, runner):
        health = await runner.check_health("p")
    assert health.is_ok is is_ok
    assert words in health.detail
    assert server.asked[0].target == "GET /api/version"
