"""A request as the JSON body of `generateContent`; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from headwater import ChatRequest, JSONObject, ToolChoice, UnsupportedFeature

from ._address import model_path
from ._contents import Conversation, system_parts
from ._families import Family, family_of

__all__ = ["Encoded", "encode_count", "encode_request"]

# What a count on Vertex AI takes; it knows no `generateContentRequest`.
_COUNTED: Final = ("contents", "systemInstruction", "tools", "generationConfig")
_MODES: Final[Mapping[ToolChoice, str]] = {
    ToolChoice.AUTO: "AUTO",
    ToolChoice.REQUIRED: "ANY",
    ToolChoice.NONE: "NONE",
}


@attrs.frozen
class Encoded:
    """Hold a body, and what of the conversation is not in it.

    Attributes:
        body: The JSON object to send.
        dropped: What could not be sent, in words.
    """

    body: dict[str, object]
    dropped: tuple[str, ...] = ()


def encode_request(request: ChatRequest) -> Encoded:
    """Write a request; the same for a stream and for a whole answer.

    Shapes:
        {"contents": [{"role": "user", "parts": [{"text"}]}], "systemInstruction": {"parts": […]},
         "tools": [{"functionDeclarations": […]}], "toolConfig": {…}, "generationConfig": {…}};
        what the caller did not set is not there

    Raises:
        UnsupportedFeature: The model cannot do what is asked; the message names it.

    Source:
        FORMATS 5.1.
    """
    family = family_of(request.model.name)
    conversation = Conversation(request.model, family)
    body: dict[str, object] = {"contents": conversation.encode(request.messages)}
    if system := system_parts(request.messages):
        body["systemInstruction"] = {"parts": system}
    if request.tools:
        body.update(_tools(request))
    if config := _generation_config(request, family):
        body["generationConfig"] = config
    _merge(body, request.extra)
    return Encoded(body, tuple(conversation.dropped))


def encode_count(request: ChatRequest, *, is_vertex: bool) -> dict[str, object]:
    """Write a request for the count of its tokens, with all that counts in it.

    Source:
        FORMATS 11.
    """
    body = encode_request(request).body
    if is_vertex:
        return {name: body[name] for name in _COUNTED if name in body}
    return {"generateContentRequest": {"model": model_path(request.model.name), **body}}


def _generation_config(request: ChatRequest, family: Family) -> dict[str, object]:
    given = (
        ("temperature", request.temperature),
        ("topP", request.top_p),
        ("maxOutputTokens", request.max_output_tokens),
        ("stopSequences", list(request.stop) or None),
        ("seed", request.seed),
        ("thinkingConfig", _thinking(request, family)),
    )
    config: dict[str, object] = {name: value for name, value in given if value is not None}
    if request.response_format is not None:
        config["responseMimeType"] = "application/json"
        if request.response_format.schema is not None:
            config["responseJsonSchema"] = request.response_format.schema
    return config


def _thinking(request: ChatRequest, family: Family) -> Mapping[str, object] | None:
    if request.reasoning is None:
        return None
    if request.reasoning not in family.thinking:
        raise UnsupportedFeature(
            f'{request.model} takes no reasoning effort "{request.reasoning}"; it takes '
            f"{', '.join(family.thinking)}"
        )
    return family.thinking[request.reasoning] or None


def _tools(request: ChatRequest) -> dict[str, object]:
    declarations = [
        {
            "name": tool.name,
            "description": tool.description,
            "parametersJsonSchema": tool.parameters,
        }
        for tool in request.tools
    ]
    encoded: dict[str, object] = {"tools": [{"functionDeclarations": declarations}]}
    calling: dict[str, object] | None = None
    match request.tool_choice:
        case None:
            pass
        case ToolChoice() as choice:
            calling = {"mode": _MODES[choice]}
        case name:
            calling = {"mode": "ANY", "allowedFunctionNames": [name]}
    if calling is not None:
        encoded["toolConfig"] = {"functionCallingConfig": calling}
    return encoded


def _merge(body: dict[str, object], extra: JSONObject) -> None:
    """Put what only this provider knows into the body, last; objects are joined field by field.

    Shapes:
        {"generationConfig": {"topK": 40}}  -> joins what the request set there
        {"tools": [{"googleSearch": {}}]}   -> takes the place of the request's tools
    """
    for name, value in extra.items():
        present = body.get(name)
        if isinstance(present, Mapping) and isinstance(value, Mapping):
            body[name] = {**present, **value}
        else:
            body[name] = value
