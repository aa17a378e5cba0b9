"""A request as the JSON body of Chat Completions; pure."""

from __future__ import annotations

import attrs

from headwater import (
    ChatRequest,
    JSONObject,
    ReasoningEffort,
    ResponseFormat,
    Tool,
    ToolChoice,
    UnsupportedFeature,
)
from headwater.schemas import can_be_strict, closed_schema

from ._messages import Conversation
from .quirks import Family, Quirks

__all__ = ["Encoded", "encode_request"]


@attrs.define  # one is made a call; treat it as frozen
class Encoded:
    """Hold a body, and what of the conversation is not in it.

    Attributes:
        body: The JSON object to send.
        dropped: What could not be sent, in words.
    """

    body: dict[str, object]
    dropped: tuple[str, ...] = ()


def encode_request(
    request: ChatRequest, quirks: Quirks, *, is_stream: bool, asks_for_usage: bool = True
) -> Encoded:
    """Write a request as this server takes it.

    Shapes:
        {"model", "messages": [{"role", "content"}], "stream": true,
         "stream_options": {"include_usage": true}, …}; what the caller did not set is not there

    Args:
        request: What is asked.
        quirks: How the server deviates.
        is_stream: Whether the answer is to come as a stream.
        asks_for_usage: Whether a stream is asked for its usage, where the server needs that.

    Raises:
        UnsupportedFeature: The server cannot do what is asked; the message names it.

    Source:
        FORMATS 2.1.
    """
    conversation = Conversation(request.model, quirks)
    body: dict[str, object] = {
        "model": request.model.name,
        "messages": conversation.encode(request.messages),
    }
    if is_stream:
        body["stream"] = True
        if quirks.asks_for_usage and asks_for_usage:
            body["stream_options"] = {"include_usage": True}
    family = quirks.family(request.model.name)
    _put_settings(request, quirks, body)
    body.update(family.body)
    if request.reasoning is not None:
        body.update(_effort(request, request.reasoning, family))
    if request.tools:
        body.update(_tools(request, quirks))
    if request.response_format is not None:
        body["response_format"] = _response_format(request, request.response_format, quirks)
    body.update(request.extra)
    return Encoded(body, tuple(conversation.dropped))


def _put_settings(request: ChatRequest, quirks: Quirks, body: dict[str, object]) -> None:
    """Encode the numbers, and where to stop."""
    if request.max_output_tokens is not None:
        body[quirks.max_tokens_field] = request.max_output_tokens
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.stop:
        body["stop"] = list(request.stop)
    if request.seed is not None:
        if quirks.seed_field is None:
            raise UnsupportedFeature(f"{request.model} takes no seed")
        body[quirks.seed_field] = request.seed


def _effort(request: ChatRequest, effort: ReasoningEffort, family: Family) -> JSONObject:
    """Encode how long to think, in the words of the model's family."""
    efforts = family.efforts or {}
    if effort not in efforts:
        raise UnsupportedFeature(
            f'{request.model} takes no reasoning effort "{effort}"; it takes '
            f"{', '.join(efforts) or 'none at all'}"
        )
    return efforts[effort]


def _tools(request: ChatRequest, quirks: Quirks) -> dict[str, object]:
    if not quirks.takes_tools:
        raise UnsupportedFeature(
            f"{request.model} takes no tools; leave them out, or choose another provider"
        )
    encoded: dict[str, object] = {"tools": [_tool(tool) for tool in request.tools]}
    match request.tool_choice:
        case None:
            pass
        case ToolChoice.REQUIRED:
            encoded["tool_choice"] = quirks.required_word
        case ToolChoice() as choice:
            encoded["tool_choice"] = choice.value
        case name:
            encoded["tool_choice"] = {"type": "function", "function": {"name": name}}
    return encoded


def _tool(tool: Tool) -> dict[str, object]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}


def _response_format(
    request: ChatRequest, wanted: ResponseFormat, quirks: Quirks
) -> dict[str, object]:
    if wanted.schema is None:
        if not quirks.takes_json_object:
            raise UnsupportedFeature(
                f"{request.model} cannot be held to JSON of any shape; give a JSON schema"
            )
        return {"type": "json_object"}
    if not quirks.takes_json_schema:
        raise UnsupportedFeature(
            f'{request.model} cannot be held to a JSON schema; ask for response_format="json" '
            "and put the schema into the prompt"
        )
    schema = closed_schema(wanted.schema) if wanted.is_strict else wanted.schema
    is_strict = wanted.is_strict and can_be_strict(schema)
    described = {"name": wanted.name, "schema": schema, "strict": is_strict}
    return {"type": "json_schema", "json_schema": described}
