"""A request as the JSON body of Responses; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from headwater import (
    ChatRequest,
    InvalidRequest,
    JSONObject,
    Message,
    ReasoningEffort,
    ResponseFormat,
    Role,
    Tool,
    ToolChoice,
    UnsupportedFeature,
)
from headwater.schemas import can_be_strict, closed_schema

from ._input import Conversation
from .quirks import Quirks

__all__ = ["Encoded", "encode_count", "encode_request"]

SEALED_REASONING: Final = "reasoning.encrypted_content"

# Where an option of ours is one field among several of the server's.
_SHARED: Final = frozenset({"reasoning", "text"})

# What the server counts; it refuses what has no bearing on the input.
_COUNTED: Final = frozenset(
    {
        "conversation",
        "input",
        "instructions",
        "model",
        "parallel_tool_calls",
        "previous_response_id",
        "reasoning",
        "text",
        "tool_choice",
        "tools",
        "truncation",
    }
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


def encode_request(request: ChatRequest, quirks: Quirks, *, is_stream: bool) -> Encoded:
    """Write a request as this server takes it.

    Nothing is stored unless `extra` says so; the reasoning comes sealed, to be sent back. With
    `previous_response_id` or `conversation` in `extra` the server knows what came before: only what
    follows the last answer is sent.

    Shapes:
        {"model", "input": [{"role", "content"}], "store": false,
         "include": ["reasoning.encrypted_content"], "stream": true, …}

    Args:
        request: What is asked.
        quirks: How the server deviates.
        is_stream: Whether the answer is to come as a stream.

    Raises:
        UnsupportedFeature: The server cannot do what is asked; the message names it.
        InvalidRequest: A setting is out of its range.

    Source:
        FORMATS 3.1.
    """
    if request.stop:
        raise UnsupportedFeature(f"{request.model} takes no stop texts by the Responses API")
    if request.seed is not None:
        raise UnsupportedFeature(f"{request.model} takes no seed by the Responses API")
    body, dropped = _asked(request, quirks)
    body["store"] = False
    if not request.model.name.startswith(quirks.plain_families):
        body["include"] = [SEALED_REASONING]
    if is_stream:
        body["stream"] = True
    body.update(_settings(request, quirks))
    _merge(body, request.extra)
    return Encoded(body, dropped)


def encode_count(request: ChatRequest, quirks: Quirks) -> dict[str, object]:
    """Write a request as one for the count of its input, without what bears on the answer alone.

    Raises:
        UnsupportedFeature: The server cannot do what is asked; the message names it.

    Source:
        FORMATS 11.
    """
    body, _ = _asked(request, quirks)
    _merge(body, request.extra)
    return {name: value for name, value in body.items() if name in _COUNTED}


def _asked(request: ChatRequest, quirks: Quirks) -> tuple[dict[str, object], tuple[str, ...]]:
    """Encode what the model reads, and how it should think of it."""
    extra = request.extra
    messages: Sequence[Message] = request.messages
    if extra.get("previous_response_id") or extra.get("conversation"):
        messages = _after_the_last_answer(messages)
    keeps_answers = extra.get("store") is True
    conversation = Conversation(request.model, quirks, keeps_answers)
    body: dict[str, object] = {
        "model": request.model.name,
        "input": conversation.encode(messages),
        **_tools(request),
        **_reasoning(request, quirks),
    }
    if request.response_format is not None:
        body["text"] = {"format": _text_format(request.response_format)}
    return body, tuple(conversation.dropped)


def _after_the_last_answer(messages: Sequence[Message]) -> Sequence[Message]:
    answers = [n for n, message in enumerate(messages) if message.role is Role.ASSISTANT]
    return messages[answers[-1] + 1 :] if answers else messages


def _settings(request: ChatRequest, quirks: Quirks) -> dict[str, object]:
    """Encode the numbers."""
    at_most, at_least = request.max_output_tokens, quirks.min_output_tokens
    if at_most is not None and at_least is not None and at_most < at_least:
        raise InvalidRequest(
            f"expected max_output_tokens to be at least {at_least} for {request.model} by the "
            f"Responses API, got {at_most}"
        )
    settings: dict[str, object] = {}
    if at_most is not None:
        settings["max_output_tokens"] = at_most
    if request.temperature is not None:
        settings["temperature"] = request.temperature
    if request.top_p is not None:
        settings["top_p"] = request.top_p
    return settings


def _reasoning(request: ChatRequest, quirks: Quirks) -> dict[str, object]:
    effort = request.reasoning
    if effort is None:
        return {}
    if request.model.name.startswith(quirks.plain_families):
        if effort is ReasoningEffort.NONE:
            return {}
        raise UnsupportedFeature(f'{request.model} does not reason: "{effort}" is not for it')
    wanted = {"effort": effort.value}
    if quirks.summary is not None and effort is not ReasoningEffort.NONE:
        wanted["summary"] = quirks.summary
    return {"reasoning": wanted}


def _tools(request: ChatRequest) -> dict[str, object]:
    if not request.tools:
        return {}
    encoded: dict[str, object] = {"tools": [_tool(tool) for tool in request.tools]}
    match request.tool_choice:
        case None:
            pass
        case ToolChoice() as choice:
            encoded["tool_choice"] = choice.value
        case name:
            encoded["tool_choice"] = {"type": "function", "name": name}
    return encoded


def _tool(tool: Tool) -> dict[str, object]:
    """Describe a tool; not strict unless it is said, the server would rewrite the schema."""
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": False,
    }


def _text_format(wanted: ResponseFormat) -> dict[str, object]:
    if wanted.schema is None:
        return {"type": "json_object"}
    schema = closed_schema(wanted.schema) if wanted.is_strict else wanted.schema
    is_strict = wanted.is_strict and can_be_strict(schema)
    described: Mapping[str, object] = {"name": wanted.name, "schema": schema, "strict": is_strict}
    return {"type": "json_schema", **described}


def _merge(body: dict[str, object], extra: JSONObject) -> None:
    """Put what only this server knows into the body, last.

    Shapes:
        {"reasoning": {"summary": "detailed"}}, {"text": {"verbosity": "low"}}
            -> join the effort and the format that the request set there
        {"tools": [{"type": "web_search"}]}  -> takes the place of the request's tools
    """
    for name, value in extra.items():
        present = body.get(name)
        if name in _SHARED and isinstance(present, Mapping) and isinstance(value, Mapping):
            body[name] = {**present, **value}
        else:
            body[name] = value
