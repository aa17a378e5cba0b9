"""What every provider is asked for: sent in its own terms or refused, never passed over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from headwater import (
    Provenance,
    ReasoningEffort,
    Tool,
    ToolChoice,
    UnsupportedFeature,
)

from .receivers import RECEIVERS, Receiver, each_receiver

BY_NAME = {receiver.name: receiver for receiver in RECEIVERS}
NO_SCHEMA = {"deepseek"}
NO_JSON = {"anthropic", "perplexity"}
NO_FORCED_TOOLS = {"ollama"}
# Families that differ from the model that stands for their provider, and the efforts they take.
FAMILIES: Mapping[tuple[str, str], str] = {
    ("anthropic", "claude-3-5-haiku-latest"): "none",
    ("anthropic", "claude-opus-4-8"): "none minimal low medium high",
    ("anthropic", "claude-opus-5-5"): "minimal low medium high",
    ("google", "gemini-2.0-flash"): "none",
    ("google", "gemini-2.5-flash"): "none minimal low medium high",
    ("google", "gemini-2.5-pro"): "minimal low medium high",
    ("google", "gemini-3-pro-preview"): "low high",
    ("groq", "qwen/qwen3-32b"): "none minimal low medium high",
    ("openai", "gpt-4o"): "none",
    ("together", "zai-org/glm-4.7"): "none minimal low medium high",
    ("xai", "grok-3-mini"): "low high",
    ("xai-responses", "grok-4-0709"): "",
}
# They do not think, so that there is nothing to send in order not to.
THOUGHTLESS = {"claude-3-5-haiku-latest", "gemini-2.0-flash", "gpt-4o"}
# What the models of `RECEIVERS` take, where it is not every effort.
EFFORTS: Mapping[str, str] = {
    "cerebras": "minimal low medium high",
    "google": "minimal low medium high",
    "groq": "minimal low medium high",
    "perplexity": "minimal low medium high",
    "together": "minimal low medium high",
}
ASKED = [
    *((one, one.model, EFFORTS.get(one.name, " ".join(ReasoningEffort))) for one in RECEIVERS),
    *((BY_NAME[name], model, efforts) for (name, model), efforts in FAMILIES.items()),
]


@attrs.define
class River:
    """What a structured answer holds."""

    name: str
    length_km: int


def tide(harbour: str, days: int = 1) -> str:
    """Tell when the water is high in a harbour."""
    return f"{harbour} {days}"


async def _body(receiver: Receiver, model: str | None = None, **asked: Any) -> dict[str, Any]:
    """Ask, and give the body that was sent."""
    transport = receiver.answers()
    model_id = f"p/{model}" if model else receiver.model_id
    async with receiver.runner(transport) as runner:
        await runner.chat(model_id, "Hi", **asked)
    return transport.sent


async def _refusal(receiver: Receiver, model: str | None = None, **asked: Any) -> str:
    """Ask for what the provider cannot do, and give what it says; nothing is sent."""
    transport = receiver.answers()
    model_id = f"p/{model}" if model else receiver.model_id
    async with receiver.runner(transport) as runner:
        with pytest.raises(UnsupportedFeature) as caught:
            await runner.chat(model_id, "Hi", **asked)
    assert transport.requests == []
    assert model_id in caught.value.message
    return caught.value.message


@each_receiver
async def test_the_input_is_counted(receiver: Receiver) -> None:
    """By the provider where it can, tools and all; else by an estimate that says it is one."""
    transport = receiver.answers(receiver.counted or {})
    async with receiver.runner(transport) as runner:
        usage = await runner.count_usage(
            receiver.model_id,
            "How deep is the river?",
            tools=[Tool.from_function(tide)] if receiver.takes_tools else [],
        )
    assert usage.output_tokens is None
    if receiver.counted is None:
        assert (usage.provenance, transport.requests) == (Provenance.ESTIMATED, [])
        assert usage.input_tokens is not None
        assert 4 <= usage.input_tokens <= 100
        return
    assert (usage.input_tokens, usage.provenance) == (21, Provenance.REPORTED)
    (sent,) = transport.requests
    assert "count" in sent.url.lower() or sent.url.endswith("/input_tokens")
    assert b"How deep" in (sent.body or b"")
    assert b"tide" in (sent.body or b"")


@pytest.mark.parametrize(
    ("receiver", "model", "efforts"), ASKED, ids=[f"{one}-{model}" for one, model, _ in ASKED]
)
@pytest.mark.parametrize("effort", list(ReasoningEffort), ids=str)
async def test_an_effort_is_sent_or_refused(
    receiver: Receiver, model: str, efforts: str, effort: ReasoningEffort
) -> None:
    """Each effort is in the body in the model's own terms, or is refused with those there are."""
    if effort not in efforts.split():
        said = await _refusal(receiver, model, reasoning=effort)
        assert "reason" in said
        return
    plain = await _body(receiver, model)
    body = await _body(receiver, model, reasoning=effort)
    is_nothing_to_send = effort is ReasoningEffort.NONE and model in THOUGHTLESS
    assert (body == plain) == is_nothing_to_send


@pytest.mark.parametrize(
    ("receiver", "model", "efforts"), ASKED, ids=[f"{one}-{model}" for one, model, _ in ASKED]
)
async def test_not_to_think_is_none_of_the_efforts(
    receiver: Receiver, model: str, efforts: str
) -> None:
    """No effort that asks for thoughts amounts to asking for none."""
    taken = efforts.split()
    bodies = {effort: await _body(receiver, model, reasoning=effort) for effort in taken}
    silent = bodies.pop("none", None)
    assert silent not in list(bodies.values())


@each_receiver
async def test_a_class_is_the_form_of_the_answer(receiver: Receiver) -> None:
    """The schema of a class is in the body outside the conversation, or is refused."""
    if receiver.name in NO_SCHEMA:
        assert "schema" in await _refusal(receiver, response_format=River)
        return
    body = await _body(receiver, response_format=River)
    schema = json.dumps(_beside_the_conversation(body))
    assert '"length_km": {"type": "integer"}' in schema
    assert '"required": ["name", "length_km"]' in schema


@each_receiver
async def test_json_of_any_shape_is_asked_for_or_refused(receiver: Receiver) -> None:
    """JSON alone is asked for in the provider's words, where it has them."""
    if receiver.name in NO_JSON:
        assert "schema" in await _refusal(receiver, response_format="json")
        return
    body = await _body(receiver, response_format="json")
    assert "json" in json.dumps(_beside_the_conversation(body))


def _beside_the_conversation(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: body[key] for key in body if key not in ("messages", "input", "contents", "model")}


@each_receiver
async def test_a_function_is_a_tool(receiver: Receiver) -> None:
    """Its name, its docstring and its arguments are in the body, or tools are refused."""
    tools = [Tool.from_function(tide)]
    if not receiver.takes_tools:
        assert "tools" in await _refusal(receiver, tools=tools)
        return
    (sent,) = (await _body(receiver, tools=tools))["tools"]
    text = json.dumps(sent)
    assert '"name": "tide"' in text
    assert '"description": "Tell when the water is high in a harbour."' in text
    assert '"harbour": {"type": "string"}' in text
    assert '"required": ["harbour"]' in text


@each_receiver
@pytest.mark.parametrize("choice", ["none", "required", "tide"])
async def test_a_choice_of_tools_is_sent_or_refused(receiver: Receiver, choice: str) -> None:
    """Whether a tool may or must be called changes the body, or is refused."""
    tools = [Tool.from_function(tide)]
    if not receiver.takes_tools:
        await _refusal(receiver, tools=tools, tool_choice=choice)
        return
    if receiver.name in NO_FORCED_TOOLS and choice != ToolChoice.NONE:
        assert choice in await _refusal(receiver, tools=tools, tool_choice=choice)
        return
    free = await _body(receiver, tools=tools)
    assert await _body(receiver, tools=tools, tool_choice=choice) != free
