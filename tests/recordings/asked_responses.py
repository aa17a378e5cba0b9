"""A recorded request of Responses as our own, and what of a body must agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import attrs

from headwater import (
    Audio,
    ChatOptions,
    Document,
    Image,
    InvalidRequest,
    Message,
    Part,
    ProviderPart,
    Reasoning,
    ReasoningEffort,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)

from .asked import Asked

__all__ = ["asked_of", "essence"]

_AS_THEY_ARE = ("temperature", "top_p", "max_output_tokens")
_AT_LEAST = {"max_output_tokens": 16}
_OURS_TO_SAY = ("model", "input", "instructions", "stream")
_EFFORTS = frozenset(effort.value for effort in ReasoningEffort)
_TOOL_FIELDS = frozenset({"type", "name", "description", "parameters", "strict"})
_NOTES = frozenset({"annotations", "logprobs"})  # the server's own, about a text that it wrote


def asked_of(body: Mapping[str, Any], origin: str) -> Asked:
    """Read the body of a recorded request; what has no field of ours goes as `extra`.

    Args:
        body: The JSON object.
        origin: The wire that wrote the items that are sent back.

    Raises:
        InvalidRequest: It holds what no part of ours stands for.
    """
    rest = {key: value for key, value in body.items() if value is not None}
    options: ChatOptions = {"attempts": 1}
    options.update(_taken_numbers(rest))  # type: ignore[typeddict-item]  # they are called alike
    _take_tools(rest, options)
    _take_reasoning(rest, options)
    _take_format(rest, options)
    options["extra"] = {key: rest[key] for key in rest if key not in _OURS_TO_SAY}
    return Asked(_messages(_items(body), origin), options)


def _taken_numbers(rest: dict[str, Any]) -> dict[str, Any]:
    """Take the numbers out, but one that our option for it refuses."""
    wanted = [key for key in _AS_THEY_ARE if key in rest]
    return {key: rest.pop(key) for key in wanted if rest[key] >= _AT_LEAST.get(key, rest[key])}


def _take_tools(rest: dict[str, Any], options: ChatOptions) -> None:
    tools = rest.get("tools")
    if not tools or not all(_is_ours(tool) for tool in tools):
        return
    options["tools"] = [
        Tool(tool["name"], tool.get("description") or "", tool["parameters"])
        for tool in rest.pop("tools")
    ]
    match rest.get("tool_choice"):
        case str(choice) | {"type": "function", "name": str(choice)}:
            options["tool_choice"] = choice
            del rest["tool_choice"]
        case _:
            pass


def _is_ours(tool: Mapping[str, Any]) -> bool:
    is_described = isinstance(tool.get("parameters"), Mapping)
    return tool.get("type") == "function" and set(tool) <= _TOOL_FIELDS and is_described


def _take_reasoning(rest: dict[str, Any], options: ChatOptions) -> None:
    wanted = dict(rest.pop("reasoning", {}))
    if wanted.get("effort") in _EFFORTS:
        options["reasoning"] = ReasoningEffort(wanted.pop("effort"))
    if wanted:
        rest["reasoning"] = wanted


def _take_format(rest: dict[str, Any], options: ChatOptions) -> None:
    wanted = dict(rest.pop("text", {}))
    match wanted.get("format"):
        case {"type": "json_schema", "name": str(name), "schema": schema}:
            is_strict = bool(wanted["format"].get("strict"))
            options["response_format"] = ResponseFormat(schema, name=name, is_strict=is_strict)
            del wanted["format"]
        case {"type": "json_object"}:
            options["response_format"] = "json"
            del wanted["format"]
        case _:
            pass
    if wanted:
        rest["text"] = wanted


def _items(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the input as items, `instructions` as the first of them."""
    given, instructions = body.get("input", ()), body.get("instructions")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    before = [{"role": "system", "content": instructions}] if instructions else []
    found = [{"type": "message", **item} for item in (*before, *items)]
    return [item for item in found if _role(item) != Role.ASSISTANT or _says_something(item)]


def _says_something(item: Mapping[str, Any]) -> bool:
    return item["type"] != "message" or bool(_pieces(item))


def _role(item: Mapping[str, Any]) -> str:
    """Tell who speaks in an item: what is no message and no result is the model's."""
    if item["type"] == "function_call_output":
        return "tool"
    return "system" if item.get("role") == "developer" else item.get("role", "assistant")


def _messages(items: Iterable[Mapping[str, Any]], origin: str) -> list[Message]:
    messages: list[Message] = []
    for role, group in groupby(items, key=_role):
        if role == Role.ASSISTANT:
            said = [part for item in group for part in _answered(item)]
            messages.append(Message(role, said, origin=origin))
        elif role == Role.TOOL:
            messages += [Message(role, _result(item)) for item in group]
        else:
            messages += [Message(role, [_part(p) for p in _pieces(item)]) for item in group]
    return messages


def _answered(item: Mapping[str, Any]) -> list[Part]:
    match item:
        case {"type": "message"}:
            *said, last = [_said(piece) for piece in _pieces(item)]
            kept = _without(item, "type", "role", "content")
            return [*said, attrs.evolve(last, replay=kept)]
        case {"type": "function_call", "call_id": call_id, "name": name, "arguments": text}:
            kept = _without(item, "type", "call_id", "name", "arguments")
            return [ToolCall(call_id, name, raw_arguments=text, replay=kept)]
        case {"type": "reasoning"}:
            return [Reasoning("".join(p["text"] for p in item.get("summary", ())), replay=item)]
        case _:
            return [ProviderPart(item["type"], item)]


def _without(item: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key not in names}


def _said(piece: Mapping[str, Any]) -> Text:
    is_refusal = piece["type"] == "refusal"
    return Text(piece["refusal" if is_refusal else "text"], is_refusal=is_refusal)


def _result(item: Mapping[str, Any]) -> ToolResult:
    return ToolResult(item.get("call_id", ""), [_part(piece) for piece in _pieces(item, "output")])


def _pieces(item: Mapping[str, Any], field: str = "content") -> list[dict[str, Any]]:
    """Give content as pieces, without those that are empty."""
    kind = "output_text" if item.get("role") == "assistant" else "input_text"
    content = item.get(field) or ""
    pieces = [{"type": kind, "text": content}] if isinstance(content, str) else content
    return [_without(piece, *_NOTES) for piece in pieces if piece.get("text") != ""]


def _part(piece: Mapping[str, Any]) -> Part:
    match piece:
        case {"type": "input_text", "text": text}:
            return Text(text)
        case {"type": "input_image", "image_url": str(url)}:
            return attrs.evolve(Image.from_url(url), detail=piece.get("detail"))
        case {"type": "input_file", "file_url": url}:
            return Document.from_url(url)
        case {"type": "input_file", "file_data": url, "filename": name}:
            return attrs.evolve(Document.from_url(url), name=name)
        case {"type": "input_audio", "input_audio": {"data": data, "format": form}}:
            return Audio.from_url(f"data:audio/{form};base64,{data}")
        case _:
            raise InvalidRequest(f"no part of ours stands for {piece['type']}")


def essence(body: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a body what does not depend on how a client likes to say it."""
    kept = {
        key: value
        for key, value in body.items()
        if value not in (None, []) and (key, value) != ("stream", False)
    }
    kept.pop("instructions", None)
    is_stored = kept.get("store") is True
    items = [item for item in _items(body) if is_stored or _can_be_read(item)]
    kept["input"] = [_essence_of(item) for item in items]
    if "tools" in kept:
        kept["tools"] = [_described(tool) for tool in kept["tools"]]
    if "reasoning" in kept:
        wanted = kept.pop("reasoning")
        kept["reasoning"] = {k: v for k, v in wanted.items() if (k, v) != ("summary", "auto")}
    return kept


def _can_be_read(item: Mapping[str, Any]) -> bool:
    is_sealed_or_open = bool(item.get("encrypted_content") or item.get("content"))
    return item["type"] != "reasoning" or is_sealed_or_open


def _essence_of(item: Mapping[str, Any]) -> dict[str, Any]:
    match item["type"]:
        case "message":
            return {**item, "role": _role(item), "content": _pieces(item)}
        case "function_call":
            return {**item, "arguments": item["arguments"].strip() or "{}"}
        case "function_call_output":
            pieces = _pieces(item, "output")
            if all(piece["type"] == "input_text" for piece in pieces):
                pieces = [{"type": "input_text", "text": "".join(p["text"] for p in pieces)}]
            return {**_without(item, "id", "status"), "output": pieces}
        case _:
            return dict(item)


def _described(tool: Mapping[str, Any]) -> dict[str, Any]:
    if not _is_ours(tool):
        return dict(tool)
    return {**_without(tool, "strict"), "description": tool.get("description") or ""}
