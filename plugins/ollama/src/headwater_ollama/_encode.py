"""A request as the JSON body of `/api/chat`; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from headwater import (
    ChatRequest,
    InvalidRequest,
    ReasoningEffort,
    Tool,
    ToolChoice,
    UnsupportedFeature,
)

from ._messages import Conversation

__all__ = ["Encoded", "encode_request"]

# What `extra` may name at its top level though Ollama reads it in `options` alone: anywhere else it
# would be ignored without a word.
_OPTIONS: Final = frozenset(
    {
        "frequency_penalty",
        "low_vram",
        "main_gpu",
        "min_p",
        "mirostat",
        "mirostat_eta",
        "mirostat_tau",
        "num_batch",
        "num_ctx",
        "num_gpu",
        "num_keep",
        "num_predict",
        "num_thread",
        "numa",
        "penalize_newline",
        "presence_penalty",
        "repeat_last_n",
        "repeat_penalty",
        "seed",
        "stop",
        "temperature",
        "tfs_z",
        "top_k",
        "top_p",
        "typical_p",
        "use_mlock",
        "use_mmap",
    }
)

# "minimal" is the least of thinking, not none of it, and "low" is the least that Ollama knows.
_THINK: Final[Mapping[ReasoningEffort, bool | str]] = {
    ReasoningEffort.NONE: False,
    ReasoningEffort.MINIMAL: "low",
    ReasoningEffort.LOW: "low",
    ReasoningEffort.MEDIUM: "medium",
    ReasoningEffort.HIGH: "high",
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


def encode_request(request: ChatRequest, *, is_stream: bool) -> Encoded:
    """Write a request as Ollama takes it.

    Shapes:
        {"model", "messages": [{"role", "content", …}], "stream": true, "options": {…}, "think",
         "format", "tools": […]}; what the caller did not set is not there

    Args:
        request: What is asked.
        is_stream: Whether the answer is to come as a stream.

    Raises:
        UnsupportedFeature: Ollama cannot do what is asked; the message names it.
        InvalidRequest: `extra` holds options that are no object.

    Source:
        FORMATS 7.
    """
    conversation = Conversation(request.model)
    body: dict[str, object] = {
        "model": request.model.name,
        "messages": conversation.encode(request.messages),
        "stream": is_stream,
    }
    if tools := _tools(request):
        body["tools"] = tools
    if request.response_format is not None:
        schema = request.response_format.schema
        body["format"] = "json" if schema is None else schema
    if request.reasoning is not None:
        body["think"] = _THINK[request.reasoning]
    if options := _options(request):
        body["options"] = options
    if request.extra:
        further = {key: value for key, value in request.extra.items() if key not in _OPTIONS}
        further.pop("options", None)
        body.update(further)
    return Encoded(body, tuple(conversation.dropped))


def _options(request: ChatRequest) -> dict[str, object]:
    """Encode how to sample: what every provider has, and over it what only Ollama has."""
    given = (
        ("num_predict", request.max_output_tokens),
        ("temperature", request.temperature),
        ("top_p", request.top_p),
        ("seed", request.seed),
        ("stop", list(request.stop) or None),
    )
    options: dict[str, object] = {name: value for name, value in given if value is not None}
    if not request.extra:
        return options
    further = request.extra.get("options", {})
    if not isinstance(further, Mapping):
        raise InvalidRequest(
            f'expected extra["options"] to be an object such as {{"num_ctx": 8192}}, '
            f"got {type(further).__name__}"
        )
    options.update(further)
    options.update({key: value for key, value in request.extra.items() if key in _OPTIONS})
    return options


def _tools(request: ChatRequest) -> list[dict[str, object]]:
    """Encode the tools; the wire has no word for a choice among them, so none is to send none."""
    match request.tool_choice:
        case ToolChoice.NONE:
            return []
        case None | ToolChoice.AUTO:
            return [_tool(tool) for tool in request.tools]
        case choice:
            raise UnsupportedFeature(
                f"{request.model} cannot be made to call a tool, and tool_choice={str(choice)!r} "
                "asks for that; leave it out, and say in the prompt which tool to call"
            )


def _tool(tool: Tool) -> dict[str, object]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}
