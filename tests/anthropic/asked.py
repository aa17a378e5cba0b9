"""Recorded request bodies, read back into requests: what the encoder is to write again."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from headwater import (
    Cache,
    ChatRequest,
    Document,
    Image,
    Message,
    ModelId,
    Part,
    ProviderPart,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)

__all__ = ["can_be_asked", "normal", "request_of"]

ORIGIN = "anthropic-messages"
_TOOL_FIELDS = {"name", "description", "input_schema"}
_SHARED = {"model", "messages", "system", "max_tokens", "stream", "temperature", "stop_sequences"}


def can_be_asked(body: Mapping[str, Any] | None) -> bool:
    """Tell whether a body was recorded whole, and holds nothing that has no part of ours."""
    if body is None or "max_tokens" not in body:
        return False
    blocks = [block for turn in _normal_turns(body) for block in turn["content"]]
    return not any(
        "citations" in block or "omitted" in str(block.get("source", ""))
        for block in blocks
        if block["type"] in ("text", "image", "document")
    )


def normal(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give a body in the form that the encoder chooses where the API takes several."""
    made = {key: value for key, value in body.items() if key != "stream" or value}
    made["messages"] = _normal_turns(body)
    if isinstance(system := body.get("system"), str):
        made["system"] = [{"type": "text", "text": system}]
    if "cache_control" in made:
        made["cache_control"] = {"ttl": "5m", **made["cache_control"]}
    return made


def _normal_turns(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**turn, "content": _normal_blocks(turn["content"])} for turn in body["messages"]]


def _normal_blocks(content: Any) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = (
        [{"type": "text", "text": content}] if isinstance(content, str) else content
    )
    return [
        {**block, "cache_control": {"ttl": "5m", **block["cache_control"]}}
        if "cache_control" in block
        else block
        for block in blocks
    ]


def request_of(body: Mapping[str, Any]) -> ChatRequest:
    """Read a body as the request that asks for it."""
    made = normal(body)
    extra = {key: value for key, value in made.items() if key not in _SHARED}
    tools = extra.get("tools", ())
    if tools and all(set(tool) == _TOOL_FIELDS for tool in tools):
        del extra["tools"]
    else:
        tools = ()
    cached = extra.pop("cache_control", None)
    system = Message(Role.SYSTEM, _parts(made["system"])) if "system" in made else None
    return ChatRequest(
        model=ModelId("anthropic", made["model"]),
        messages=(*([system] if system else ()), *_messages(made["messages"])),
        max_output_tokens=made["max_tokens"],
        temperature=made.get("temperature"),
        stop=tuple(made.get("stop_sequences", ())),
        tools=tuple(Tool(t["name"], t["description"], t["input_schema"]) for t in tools),
        cache=Cache(cached["ttl"]) if cached else None,
        extra=extra,
    )


def _messages(turns: Iterable[Mapping[str, Any]]) -> list[Message]:
    messages = []
    for turn in turns:
        results = [block for block in turn["content"] if block["type"] == "tool_result"]
        rest = [block for block in turn["content"] if block["type"] != "tool_result"]
        messages += [Message(Role.TOOL, part) for part in _parts(results)]
        if rest:
            origin = ORIGIN if turn["role"] == "assistant" else None
            messages.append(Message(turn["role"], _parts(rest), origin=origin))
    return messages


def _parts(blocks: Iterable[Mapping[str, Any]]) -> list[Part]:
    return [_part(block) for block in blocks]


def _part(block: Mapping[str, Any]) -> Part:
    cache = block.get("cache_control", {}).get("ttl")
    match block:
        case {"type": "text", "text": text}:
            return Text(text, cache=cache)
        case {"type": "thinking", "thinking": text, "signature": signature}:
            return Reasoning(text, replay={"signature": signature})
        case {"type": "redacted_thinking"}:
            return Reasoning("", replay=dict(block))
        case {"type": "tool_use", "id": call_id, "name": name, "input": arguments}:
            return ToolCall(call_id, name, arguments=arguments)
        case {"type": "tool_result", "tool_use_id": call_id, "content": content}:
            parts = _parts(_normal_blocks(content))
            return ToolResult(call_id, parts, is_error=block.get("is_error", False), cache=cache)
        case {"type": ("image" | "document") as kind, "source": source}:
            return _file(Image if kind == "image" else Document, block, source)
        case _:
            return ProviderPart(block["type"], dict(block))


def _file(
    kind: type[Image | Document], block: Mapping[str, Any], source: Mapping[str, Any]
) -> Image | Document:
    if source["type"] == "url":
        return kind(None, url=source["url"])
    text = source["data"]
    data = text.encode() if source["type"] == "text" else base64.b64decode(text)
    return kind(source["media_type"], data, name=block.get("title"))
