"""A recorded request of Gemini as our own, and what of a body must agree."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from headwater import (
    ChatOptions,
    Document,
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

__all__ = ["asked_of", "essence"]

_UNSIGNED = {"thoughtSignature": "skip_thought_signature_validator"}
_NO_PARAMETERS = {"type": "object", "properties": {}}
_SCHEMAS = {"parameters": "parametersJsonSchema", "responseSchema": "responseJsonSchema"}
_OPAQUE = ("args", "response")  # their names are the tool's own
_OPTIONS = {
    "temperature": "temperature",
    "topP": "top_p",
    "maxOutputTokens": "max_output_tokens",
    "stopSequences": "stop",
    "seed": "seed",
}
_CHOICES = {"AUTO": "auto", "NONE": "none", "ANY": "required"}
_EFFORTS = frozenset(effort.value for effort in ReasoningEffort)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _plain(value: Any) -> Any:
    """Write the fields of the wire in camelCase, and schemas as JSON Schema."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    plain = {}
    for given, held in value.items():
        name = _camel(given)
        if name in _SCHEMAS or name in _SCHEMAS.values():
            plain[_SCHEMAS.get(name, name)] = _lowered(held)
        else:
            plain[name] = held if name in _OPAQUE else _plain(held)
    return plain


def _lowered(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_lowered(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: held.lower() if key == "type" and isinstance(held, str) else _lowered(held)
        for key, held in schema.items()
    }


def essence(given: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a body what does not depend on how a client likes to say it."""
    body = _plain(given.get("generateContentRequest", given))
    body["contents"] = _turns(body.get("contents", ()))
    told = [part for part in body.get("systemInstruction", {}).get("parts", ()) if part["text"]]
    body["systemInstruction"] = {"parts": told} if told else {}
    if tools := _functions(body.get("tools", ())):
        rest = [tool for tool in body["tools"] if "functionDeclarations" not in tool]
        body["tools"] = [*rest, {"functionDeclarations": tools}]
    thinking = body.get("generationConfig", {}).get("thinkingConfig", {})
    if "thinkingLevel" in thinking:
        level = thinking["thinkingLevel"].lower()
        thinking.update({"includeThoughts": True, **thinking, "thinkingLevel": level})
    calling = body.get("toolConfig", {}).get("functionCallingConfig", {})
    if "mode" in calling:
        calling["mode"] = calling["mode"].upper()
    return {name: value for name, value in body.items() if value not in ({}, [], None)}


def _turns(contents: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    calls: list[Mapping[str, Any]] = []
    for role, group in groupby(contents, key=_role):
        parts = [_bare(part) for content in group for part in content.get("parts", ())]
        said = _ordered([part for part in parts if part != {"text": ""}], calls)
        calls = [part["functionCall"] for part in said if "functionCall" in part]
        turns += [{"role": role, "parts": said}] if said else []
    return turns


def _role(content: Mapping[str, Any]) -> str:
    role = str(content.get("role", "user"))
    return "user" if role == "function" else role


def _bare(part: Mapping[str, Any]) -> dict[str, Any]:
    bare = {key: held for key, held in part.items() if _UNSIGNED.get(key) != held}
    if bare.get("thought") is False:
        del bare["thought"]
    if "functionCall" in bare:
        bare["functionCall"] = {
            **bare["functionCall"],
            "args": bare["functionCall"].get("args", {}),
        }
    return bare


def _ordered(
    parts: list[dict[str, Any]], calls: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Put results before the rest, in the order of the calls and with their ids."""
    results = [part for part in parts if "functionResponse" in part]
    rest = [part for part in parts if "functionResponse" not in part]
    ordered: list[dict[str, Any]] = []
    for call in calls:
        found = next((one for one in results if _answers(one["functionResponse"], call)), None)
        if found is not None:
            results.remove(found)
            own = {"id": call["id"]} if "id" in call else {}
            ordered.append({**found, "functionResponse": {**found["functionResponse"], **own}})
    return [*ordered, *results, *rest]


def _answers(result: Mapping[str, Any], call: Mapping[str, Any]) -> bool:
    if "id" in result:
        return bool(result["id"] == call.get("id"))
    return bool(result["name"] == call["name"])


def _functions(tools: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    declared = [one for tool in tools for one in tool.get("functionDeclarations", ())]
    bare = {"description": "", "parametersJsonSchema": _NO_PARAMETERS}
    return [{**bare, **function} for function in declared]


def asked_of(given: Mapping[str, Any]) -> tuple[list[Message], ChatOptions]:
    """Read a body as our own; what has no field of ours goes as `extra`.

    Raises:
        InvalidRequest: It holds what no part of ours stands for, or a result without its call.
    """
    rest = essence(given)
    rest.pop("model", None)
    config = rest.pop("generationConfig", {})
    options: dict[str, Any] = {"attempts": 1}
    options.update({ours: config.pop(name) for name, ours in _OPTIONS.items() if name in config})
    level = config.get("thinkingConfig", {}).get("thinkingLevel")
    if level in _EFFORTS and config["thinkingConfig"]["includeThoughts"] is True:
        options["reasoning"] = ReasoningEffort(level)
        del config["thinkingConfig"]
    if config.get("responseMimeType") == "application/json":
        options["response_format"] = ResponseFormat(config.pop("responseJsonSchema", None))
        del config["responseMimeType"]
    tools = rest.get("tools", ())
    if tools and all(set(tool) == {"functionDeclarations"} for tool in tools):
        _take_tools(rest, options)
    if config:
        rest["generationConfig"] = config
    told = [Text(part["text"]) for part in rest.pop("systemInstruction", {}).get("parts", ())]
    messages = [Message(Role.SYSTEM, told)] if told else []
    messages += _messages(rest.pop("contents", ()))
    read: ChatOptions = {**options, "extra": rest}  # type: ignore[typeddict-item]  # by name
    return messages, read


def _take_tools(rest: dict[str, Any], options: dict[str, Any]) -> None:
    options["tools"] = [
        Tool(one["name"], one["description"], one["parametersJsonSchema"])
        for tool in rest.pop("tools")
        for one in tool["functionDeclarations"]
    ]
    match rest.get("toolConfig"):
        case {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [str(name)]}}:
            options["tool_choice"] = name
        case {"functionCallingConfig": {"mode": str(mode), **names}} if not names:
            options["tool_choice"] = _CHOICES.get(mode)
    if options.get("tool_choice"):
        del rest["toolConfig"]["functionCallingConfig"]


def _messages(turns: Iterable[Mapping[str, Any]]) -> list[Message]:
    messages: list[Message] = []
    open_calls: list[ToolCall] = []
    for turn in turns:
        if turn["role"] == "model":
            said = [_said(part, number) for number, part in enumerate(turn["parts"])]
            messages.append(Message(Role.ASSISTANT, said, origin="gemini"))
            open_calls = list(messages[-1].tool_calls)
            continue
        results = [part["functionResponse"] for part in turn["parts"] if "functionResponse" in part]
        messages += [Message(Role.TOOL, _result(result, open_calls)) for result in results]
        given = [_given(part) for part in turn["parts"] if "functionResponse" not in part]
        messages += [Message(turn["role"], given)] if given else []
    return messages


def _said(part: Mapping[str, Any], number: int) -> Part:
    signature = {key: held for key, held in part.items() if key == "thoughtSignature"}
    match part:
        case {"text": text, "thought": True}:
            return Reasoning(text, replay=signature)
        case {"text": text}:
            return Text(text, replay=signature)
        case {"functionCall": call}:
            own = {"id": call["id"]} if "id" in call else {}
            call_id, arguments = call.get("id") or f"call_{number}", call.get("args", {})
            return ToolCall(call_id, call["name"], arguments=arguments, replay=own | signature)
        case _:
            return ProviderPart(next(iter(part)), part)


def _result(result: Mapping[str, Any], calls: list[ToolCall]) -> ToolResult:
    """Read a result as that of the call that it names, by its id or else by its function."""
    cited = [c for c in calls if c.call_id == result.get("id")]
    cited += [c for c in calls if c.name == result["name"] and "id" not in result]
    if not cited:
        raise InvalidRequest("a result without its call")
    calls.remove(cited[0])
    files = [_given(part) for part in result.get("parts", ())]
    return ToolResult(cited[0].call_id, [Text(json.dumps(result["response"])), *files])


def _given(part: Mapping[str, Any]) -> Text | Document:
    match part:
        case {"text": text} if len(part) == 1:
            return Text(text)
        case {"inlineData": file} if len(part) == 1 and set(file) == {"mimeType", "data"}:
            return Document(file["mimeType"], base64.b64decode(file["data"]))
        case {"fileData": file} if len(part) == 1:
            return Document(file.get("mimeType"), url=file["fileUri"])
        case _:
            raise InvalidRequest(f"no part of ours stands for {', '.join(part)}")
