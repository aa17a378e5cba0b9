"""What an answer costs."""

from __future__ import annotations

import socket
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from headwater import ConfigurationError, Usage
from headwater.prices import cost_of, load_prices

COUNTED = Usage(1_000_000, 1_000_000)


def test_a_known_model_has_a_price() -> None:
    """Input and output are priced, and a part out of the cache for less."""
    cost = cost_of("openai/gpt-4o", COUNTED, at=datetime(2026, 1, 1, tzinfo=UTC))
    assert cost == Decimal("12.5")
    cached = cost_of("openai/gpt-4o", Usage(1_000_000, 1_000_000, cached_input_tokens=500_000))
    assert cached is not None
    assert cached < cost


@pytest.mark.parametrize(
    ("model", "usage"),
    [
        ("openai/no-such-model", COUNTED),
        ("ollama/llama3.2:1b", COUNTED),
        ("llamacpp/gpt-4o", COUNTED),
        ("demo/eliza", COUNTED),
        ("work/gpt-4o", COUNTED),
        ("openai/gpt-4o", Usage(10, None)),
        ("openai/gpt-4o", Usage(None, 10)),
        ("openai/gpt-4o", Usage()),
        ("openai/gpt-4o", Usage(10, 10, cached_input_tokens=20)),
    ],
    ids=["model", "own", "local", "demo", "name", "no output", "no input", "none", "impossible"],
)
def test_what_is_not_known_is_none(model: str, usage: Usage) -> None:
    """And never 0."""
    assert cost_of(model, usage) is None


def test_a_model_that_is_listed_without_prices_is_none() -> None:
    """That nobody has noted its price does not make it free."""
    from genai_prices.data_snapshot import get_snapshot
    from genai_prices.types import ModelPrice

    unpriced = [
        f"{provider.id}/{model.id}"
        for provider in get_snapshot().providers
        for model in provider.models
        if model.prices == ModelPrice()
    ]
    assert unpriced
    assert {cost_of(model, COUNTED) for model in unpriced[:20]} == {None}


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The prices are those that are installed."""

    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert cost_of("anthropic/claude-sonnet-4-5", COUNTED) is not None


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lacks it is told what to install, when a cost is asked for."""
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    with pytest.raises(ConfigurationError, match=r"pip install \"headwater\[prices\]\""):
        load_prices()
    with pytest.raises(ConfigurationError, match=r"pip install \"headwater\[prices\]\""):
        cost_of("openai/gpt-4o", COUNTED)
