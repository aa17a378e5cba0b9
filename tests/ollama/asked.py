"""A recorded request of Ollama as our own, and what of a body must agree."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from headwater import (
    ChatOptions,
    Image,
    InvalidRequest,
    Message,
    Part,
    Reasoning,
    ReasoningEffort,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)

__all__ = ["asked_of", "essence"]

_OPTIONS = {
    "num_predict": "max_output_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "stop": "stop",
}
_SAMPLING = (*_OPTIONS, "num_ctx", "repeat_penalty", "top_k")
_NO_LIMIT = (-1, -2)  # of `num_predict`: for ever, and until the context is full
_EFFORTS: Mapping[object, ReasoningEffort] = {
    "low": ReasoningEffort.LOW,
    "medium": ReasoningEffort.MEDIUM,
    "high": ReasoningEffort.HIGH,
    False: ReasoningEffort.NONE,
}


def essence(body: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a body what does not depend on how a client likes to say it."""
    kept = {key: value for key, value in body.items() if value not in (None, "", [], {})}
    options = {**kept.pop("options", {}), **{k: kept.pop(k) for k in _SAMPLING if k in kept}}
    if isinstance(options.get("stop"), str):
        options["stop"] = [options["stop"]]
    if options:
        kept["options"] = options
    if "tools" in kept:
        kept["tools"] = [_described(tool) for tool in kept["tools"]]
    kept["messages"] = _said(body["messages"])
    return {"stream": True, **kept}


def _described(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = tool["function"]
    return {**tool, "function": {**function, "description": function.get("description") or ""}}


def _said(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give messages with their calls bare, and each result with the name of its tool."""
    said: list[dict[str, Any]] = []
    names: list[str] = []
    for given in messages:
        message = {
            key: value
            for key, value in given.items()
            if key == "tool_name" or value not in (None, "", [])
        }
        message["content"] = given.get("content") or ""
        if "tool_calls" in message:
            message["tool_calls"] = [_bare(call) for call in message["tool_calls"]]
            names = [call["name"] for call in message["tool_calls"]]
        if message["role"] == "tool":
            message.pop("tool_call_id", None)
            by_order = names.pop(0) if names else None
            message.setdefault("tool_name", message.pop("name", by_order))
        said.append(message)
    return said


def _bare(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return {"name": function["name"], "arguments": function.get("arguments") or {}}


def asked_of(body: Mapping[str, Any]) -> tuple[list[Message], ChatOptions]:
    """Read a body as our own; what has no field of ours goes as `extra`.

    Raises:
        InvalidRequest: A result has no call.
    """
    rest = {key: value for key, value in body.items() if value not in (None, "", [], {})}
    options: dict[str, Any] = {"attempts": 1}
    given = dict(rest.pop("options", {}))
    wanted = [name for name in _OPTIONS if name in given and given[name] not in _NO_LIMIT]
    options.update({_OPTIONS[name]: given.pop(name) for name in wanted})
    if given:
        rest["options"] = given
    if (form := rest.pop("format", None)) is not None:
        options["response_format"] = ResponseFormat(None if form == "json" else form)
    if "think" in rest and rest["think"] in _EFFORTS:
        options["reasoning"] = _EFFORTS[rest.pop("think")]
    options["tools"] = [
        Tool(one["function"]["name"], one["function"]["description"], one["function"]["parameters"])
        for one in essence(body).get("tools", ())
    ]
    for name in ("model", "messages", "stream", "tools"):
        rest.pop(name, None)
    read: ChatOptions = {**options, "extra": rest}  # type: ignore[typeddict-item]  # by name
    return _messages(essence(body)["messages"]), read


def _messages(given: Iterable[Mapping[str, Any]]) -> list[Message]:
    messages: list[Message] = []
    open_calls: list[ToolCall] = []
    for message in given:
        match message["role"]:
            case "assistant":
                messages.append(Message(Role.ASSISTANT, _answered(message), origin="ollama"))
                open_calls = list(messages[-1].tool_calls)
            case "tool":
                messages.append(Message(Role.TOOL, _result(message, open_calls)))
            case role:
                images = [
                    Image("image/png", base64.b64decode(data)) for data in message.get("images", ())
                ]
                text = [Text(message["content"])] if message["content"] else []
                messages.append(Message(role, [*text, *images]))
    return messages


def _answered(message: Mapping[str, Any]) -> list[Part]:
    thought = [Reasoning(message["thinking"])] if "thinking" in message else []
    text = [Text(message["content"])] if message["content"] else []
    calls = [
        ToolCall(f"call_{number}", call["name"], arguments=call["arguments"])
        for number, call in enumerate(message.get("tool_calls", ()))
    ]
    return [*thought, *text, *calls]


def _result(message: Mapping[str, Any], calls: list[ToolCall]) -> ToolResult:
    """Read a result as that of the next call of its tool."""
    for place, call in enumerate(calls):
        if call.name == message["tool_name"]:
            return ToolResult(calls.pop(place).call_id, message["content"])
    raise InvalidRequest("a result without its call")
