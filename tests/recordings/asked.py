"""A recorded request as our own: its messages and options, and what of a body must agree."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from headwater import (
    Audio,
    ChatOptions,
    Image,
    Message,
    Part,
    ReasoningEffort,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)

__all__ = ["Asked", "essence"]

_LENGTHS = ("max_tokens", "max_completion_tokens")
_AS_THEY_ARE = ("temperature", "top_p", "seed", "tool_choice")
_OURS_TO_SAY = ("model", "messages", "stream", "stream_options", "n", *_LENGTHS, *_AS_THEY_ARE)
_EFFORTS = frozenset(effort.value for effort in ReasoningEffort)


@attrs.frozen
class Asked:
    """Hold a recorded request in our terms; what has none goes as `extra`.

    Attributes:
        messages: The conversation.
        options: The rest.
    """

    messages: Sequence[Message]
    options: ChatOptions

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Asked:
        """Read the body of a recorded request."""
        rest = {key: value for key, value in body.items() if value is not None}
        options: ChatOptions = {"attempts": 1}
        options.update({key: rest[key] for key in _AS_THEY_ARE if key in rest})  # type: ignore[typeddict-item]  # they are called alike
        lengths = [rest[key] for key in _LENGTHS if key in rest]
        if lengths:
            options["max_output_tokens"] = lengths[0]
        if "stop" in rest:
            options["stop"] = rest.pop("stop")
        if rest.get("reasoning_effort") in _EFFORTS:
            options["reasoning"] = ReasoningEffort(rest.pop("reasoning_effort"))
        if rest.get("response_format", {}).get("type") == "json_schema":
            options["response_format"] = _response_format(rest.pop("response_format"))
        tools = rest.get("tools")
        if tools is not None and all(tool["type"] == "function" for tool in tools):
            options["tools"] = [_tool(tool["function"]) for tool in rest.pop("tools")]
        options["extra"] = {key: rest[key] for key in rest if key not in _OURS_TO_SAY}
        return cls([_message(message) for message in body["messages"]], options)


def _response_format(value: Mapping[str, Any]) -> ResponseFormat:
    wanted = value["json_schema"]
    return ResponseFormat(
        wanted["schema"], name=wanted["name"], is_strict=wanted.get("strict", False)
    )


def _tool(function: Mapping[str, Any]) -> Tool:
    return Tool(function["name"], function.get("description") or "", function["parameters"])


def _message(message: Mapping[str, Any]) -> Message:
    content = message.get("content")
    if message["role"] == "tool":
        return Message(Role.TOOL, ToolResult(message["tool_call_id"], content))
    role = {"developer": Role.SYSTEM}.get(message["role"]) or Role(message["role"])
    pieces = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    parts = [_part(piece) for piece in pieces if piece.get("text") != ""]
    parts += [_call(call) for call in message.get("tool_calls") or ()]
    return Message(role, tuple(parts))


def _part(piece: Mapping[str, Any]) -> Part:
    match piece:
        case {"type": "image_url", "image_url": {"url": url}}:
            return Image.from_url(url)
        case {"type": "input_audio", "input_audio": {"data": data, "format": form}}:
            return Audio.from_url(f"data:audio/{form};base64,{data}")
        case _:
            return Text(piece["text"])


def _call(call: Mapping[str, Any]) -> ToolCall:
    function = call["function"]
    return ToolCall(call["id"], function["name"], raw_arguments=function["arguments"])


def essence(body: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a body what does not depend on how a client likes to say it."""
    kept = {
        key: value
        for key, value in body.items()
        if value not in (None, []) and key not in ("stream_options", "n") and value is not False
    }
    for key in _LENGTHS:
        if key in kept:
            kept["length"] = kept.pop(key)
    kept["messages"] = [_said(message) for message in body["messages"]]
    if "tools" in kept:
        kept["tools"] = [_described(tool) for tool in kept["tools"]]
    if "response_format" in kept:
        kept["response_format"].get("json_schema", {}).setdefault("strict", False)
    return kept


def _said(message: Mapping[str, Any]) -> dict[str, Any]:
    content = message.get("content") or []
    pieces = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return {
        "role": message["role"].replace("developer", "system"),
        "content": [{key: piece[key] for key in ("type", piece["type"])} for piece in pieces],
        "calls": [_called(call) for call in message.get("tool_calls") or ()],
        "answers": message.get("tool_call_id"),
    }


def _called(call: Mapping[str, Any]) -> tuple[str, str, object]:
    return call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])


def _described(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = tool.get("function")
    if function is None:
        return dict(tool)
    known = ("name", "parameters")
    return {"description": function.get("description") or ""} | {
        key: function[key] for key in known
    }
