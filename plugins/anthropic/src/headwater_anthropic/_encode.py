"""A request as the JSON body of the Messages API; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from headwater import (
    ChatRequest,
    InvalidRequest,
    ReasoningEffort,
    ResponseFormat,
    Tool,
    ToolChoice,
    UnsupportedFeature,
)
from headwater.schemas import closed_schema

from ._messages import MAX_BREAKPOINTS, Conversation, cache_control
from ._models import Family, Thinking, family_of

__all__ = ["Encoded", "encode_count", "encode_request"]

_MIN_BUDGET: Final = 1024
_BUDGETS: Final[Mapping[ReasoningEffort, int]] = {
    ReasoningEffort.MINIMAL: _MIN_BUDGET,
    ReasoningEffort.LOW: 2_048,
    ReasoningEffort.MEDIUM: 8_192,
    ReasoningEffort.HIGH: 24_576,
}
_EFFORTS: Final[Mapping[ReasoningEffort, str]] = {
    ReasoningEffort.MINIMAL: "low",
    ReasoningEffort.LOW: "low",
    ReasoningEffort.MEDIUM: "medium",
    ReasoningEffort.HIGH: "high",
}
# What the count of tokens depends on; the rest of a body is refused there.
_COUNTED: Final = (
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "context_management",
    "mcp_servers",
)


@attrs.frozen
class Encoded:
    """Hold a body, and what of the conversation is not in it.

    Attributes:
        body: The JSON object to send.
        dropped: What could not be sent, in words.
    """

    body: dict[str, object]
    dropped: tuple[str, ...] = ()


def encode_request(request: ChatRequest, *, is_stream: bool) -> Encoded:
    """Write a request as the API takes it.

    Shapes:
        {"model", "max_tokens", "messages": [{"role", "content": [blocks]}], "system": [blocks],
         "stream": true, …}; what the caller did not set is not there, but for `max_tokens`

    Args:
        request: What is asked.
        is_stream: Whether the answer is to come as a stream.

    Raises:
        InvalidRequest: The API has a rule that the request breaks; the message names it.
        UnsupportedFeature: The model cannot do what is asked; the message names it.

    Source:
        FORMATS 4.1.
    """
    conversation = Conversation(request.model)
    family = family_of(request.model.name)
    max_tokens = request.max_output_tokens or family.max_tokens
    body: dict[str, object] = {"model": request.model.name, "max_tokens": max_tokens}
    system = conversation.system(request.messages)
    if system:
        body["system"] = system
    body["messages"] = conversation.encode(request.messages)
    if is_stream:
        body["stream"] = True
    body.update(_settings(request))
    if request.tools:
        body.update(_tools(request))
    body.update(_cache(request, conversation))
    if request.reasoning is not None:
        body.update(_thinking(request, family, request.reasoning, max_tokens))
    config = {**_effort(request, family), **_format(request)}
    if config:
        body["output_config"] = config
    body.update(request.extra)
    return Encoded(body, tuple(conversation.dropped))


def encode_count(request: ChatRequest) -> dict[str, object]:
    """Write a request as the API counts it: what does not bear on the input is left out."""
    body = encode_request(request, is_stream=False).body
    return {name: body[name] for name in _COUNTED if name in body}


def _settings(request: ChatRequest) -> dict[str, object]:
    if request.seed is not None:
        raise UnsupportedFeature(f"{request.model} takes no seed")
    settings: dict[str, object] = {}
    if request.temperature is not None:
        settings["temperature"] = request.temperature
    if request.top_p is not None:
        settings["top_p"] = request.top_p
    if request.stop:
        settings["stop_sequences"] = list(request.stop)
    return settings


def _tools(request: ChatRequest) -> dict[str, object]:
    encoded: dict[str, object] = {"tools": [_tool(tool) for tool in request.tools]}
    match request.tool_choice:
        case None:
            return encoded
        case ToolChoice.AUTO | ToolChoice.NONE:
            encoded["tool_choice"] = {"type": str(request.tool_choice)}
            return encoded
        case ToolChoice.REQUIRED:
            encoded["tool_choice"] = {"type": "any"}
        case name:
            encoded["tool_choice"] = {"type": "tool", "name": name}
    if request.reasoning not in (None, ReasoningEffort.NONE):
        raise UnsupportedFeature(
            f"{request.model} cannot be made to call a tool while it reasons: leave out "
            'tool_choice, or ask for reasoning="none"'
        )
    return encoded


def _tool(tool: Tool) -> dict[str, object]:
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.parameters,
    }


def _cache(request: ChatRequest, conversation: Conversation) -> dict[str, object]:
    """Encode caching of the whole prompt, and hold all of it to what the API allows."""
    breakpoints = conversation.breakpoints + (request.cache is not None)
    if breakpoints > MAX_BREAKPOINTS:
        raise InvalidRequest(
            f"{request.model} caches a prompt up to {MAX_BREAKPOINTS} places at most, and the "
            f"request marks {breakpoints}: keep the marks that stand last"
        )
    return {"cache_control": cache_control(request.cache)} if request.cache is not None else {}


def _thinking(
    request: ChatRequest, family: Family, effort: ReasoningEffort, max_tokens: int
) -> dict[str, object]:
    """Encode whether to think, in the terms of the model's family."""
    if effort is ReasoningEffort.NONE:
        if not family.can_rest:
            raise UnsupportedFeature(
                f'{request.model} cannot be told not to reason: ask for reasoning="minimal"'
            )
        return {"thinking": {"type": "disabled"}} if family.thinking is not Thinking.NONE else {}
    match family.thinking:
        case Thinking.NONE:
            raise UnsupportedFeature(f"{request.model} does not reason: leave out reasoning")
        case Thinking.BUDGET:
            budget = _budget(request, effort, max_tokens)
            return {"thinking": {"type": "enabled", "budget_tokens": budget}}
        case Thinking.ADAPTIVE:
            shown = {} if family.shows_thoughts else {"display": "summarized"}
            return {"thinking": {"type": "adaptive", **shown}}


def _budget(request: ChatRequest, effort: ReasoningEffort, max_tokens: int) -> int:
    """Choose a budget that leaves at least half of the tokens, where it can, to the answer."""
    if max_tokens <= _MIN_BUDGET:
        raise InvalidRequest(
            f"{request.model} reasons with {_MIN_BUDGET} tokens at least, which count as output: "
            f"raise max_output_tokens above {_MIN_BUDGET}, or leave out reasoning"
        )
    return max(_MIN_BUDGET, min(_BUDGETS[effort], max_tokens // 2))


def _effort(request: ChatRequest, family: Family) -> dict[str, object]:
    effort = request.reasoning
    if effort is None or effort is ReasoningEffort.NONE or family.thinking is not Thinking.ADAPTIVE:
        return {}
    return {"effort": _EFFORTS[effort]}


def _format(request: ChatRequest) -> dict[str, object]:
    wanted: ResponseFormat | None = request.response_format
    if wanted is None:
        return {}
    if wanted.schema is None:
        raise UnsupportedFeature(
            f"{request.model} cannot be held to JSON of any shape: give response_format a schema "
            "or a class, or ask for JSON in the prompt"
        )
    schema = closed_schema(wanted.schema, closes_bare=True)
    return {"format": {"type": "json_schema", "schema": schema}}
