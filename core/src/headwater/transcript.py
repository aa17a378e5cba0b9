"""Turns as JSON, lossless and checked: what a session's file and the store write.

A value is an object of its fields, those that stand at their default left out. A part says in
"part" which it is; bytes are base64.

Shapes:
    {"asked": [{"role": "user", "parts": [{"part": "text", "text": "Hi"}]}],
     "response": {"message": {"role": "assistant", "parts": […]}, "finish_reason": "stop",
                  "usage": {"input_tokens": 8, "output_tokens": 3}},
     "model": "demo/eliza", "started_at": "2026-11-20T19:00:00+00:00"}
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar, cast

import attrs

from .errors import InvalidRequest, StorageError
from .events import FinishReason, ProviderEvent
from .messages import Message, Role
from .parts import (
    Audio,
    Cache,
    Document,
    Image,
    ProviderPart,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from .requests import ModelId
from .responses import ChatResponse
from .usage import Provenance, Usage

__all__ = ["read", "read_json", "write", "write_json"]

T = TypeVar("T")
Reader: TypeAlias = Callable[[object, str], object]

_PARTS: Final[Mapping[str, type]] = {
    "text": Text,
    "image": Image,
    "document": Document,
    "audio": Audio,
    "video": Video,
    "tool_call": ToolCall,
    "tool_result": ToolResult,
    "reasoning": Reasoning,
    "provider_part": ProviderPart,
}
_NAMES: Final[Mapping[type, str]] = {kind: name for name, kind in _PARTS.items()}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def write(value: object) -> object:
    """Turn a value into what JSON can say.

    Raises:
        StorageError: It holds something else.
    """
    match value:
        case ModelId() | StrEnum():
            return str(value)
        case datetime():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case Mapping():
            return {key: write(inner) for key, inner in value.items()}
        case str() | int() | float() | None:
            return value
        case Sequence():
            return [write(inner) for inner in value]
        case _ if attrs.has(type(value)):
            return _write_fields(value)
        case _:
            raise StorageError(f"JSON cannot say {type(value).__name__}, which a part holds")


def write_json(value: object) -> str:
    r"""Write a value as one line of JSON.

    Half a surrogate pair, which a model may write and UTF-8 cannot, stays escaped.
    """
    text = json.dumps(write(value), ensure_ascii=False, separators=(",", ":"))
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def read(kind: type[T], value: object, where: str = "") -> T:
    """Make a value of what JSON said.

    Args:
        kind: What is expected: `Turn`, `Message`, `Usage`, …
        value: The object.
        where: Where it stands, for the error.

    Raises:
        StorageError: It does not have the shape.
    """
    return cast("T", _read_fields(kind, value, where or kind.__name__.lower()))


def read_json(text: str, where: str) -> object:
    """Read a line of JSON.

    Raises:
        StorageError: It is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{where}: expected JSON: {error}") from error


def _write_fields(value: object) -> dict[str, object]:
    written: dict[str, object] = {}
    name = _NAMES.get(type(value))
    if name is not None:
        written["part"] = name
    for field in attrs.fields(cast("type[attrs.AttrsInstance]", type(value))):
        given = getattr(value, field.name)
        if field.default is attrs.NOTHING or given != field.default:
            written[field.name] = write(given)
    return written


def _read_fields(kind: type, value: object, where: str) -> object:
    given = _read_object(value, where)
    fields = attrs.fields_dict(kind)
    unknown = [name for name in given if name not in fields]
    if unknown:
        raise StorageError(f"{where}: {kind.__name__} has no {', '.join(map(str, unknown))}")
    missing = [
        name
        for name, field in fields.items()
        if field.default is attrs.NOTHING and name not in given
    ]
    if missing:
        raise StorageError(f"{where}: {kind.__name__} lacks {', '.join(missing)}")
    read_ones = {
        name: _read_field(str(fields[name].type), inner, f"{where}.{name}")
        for name, inner in given.items()
    }
    try:
        return kind(**read_ones)
    except InvalidRequest as error:
        raise StorageError(f"{where}: {error}") from error


def _read_field(annotation: str, value: object, where: str) -> object:
    if value is None and annotation.endswith("| None"):
        return None
    return _READERS[annotation](value, where)


def _read_object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _wrong("an object", value, where)
    return value


def _read_part(value: object, where: str) -> object:
    given = dict(_read_object(value, where))
    name = given.pop("part", None)
    if not isinstance(name, str) or name not in _PARTS:
        raise _wrong(f"a part ({', '.join(_PARTS)})", name, f"{where}.part")
    return _read_fields(_PARTS[name], given, where)


def _read_bytes(value: object, where: str) -> object:
    try:
        return base64.b64decode(cast("str", _plain(str)(value, where)), validate=True)
    except ValueError as error:
        raise StorageError(f"{where}: expected base64: {error}") from error


def _read_time(value: object, where: str) -> object:
    try:
        time = datetime.fromisoformat(cast("str", _plain(str)(value, where)))
    except ValueError as error:
        raise _wrong("a time", value, where) from error
    if time.tzinfo is None:
        raise _wrong("a time with its zone", value, where)
    return time


def _read_model(value: object, where: str) -> object:
    try:
        return ModelId.parse(cast("str", value))
    except InvalidRequest as error:
        raise StorageError(f"{where}: {error}") from error


def _plain(*kinds: type) -> Reader:
    def reader(value: object, where: str) -> object:
        if type(value) not in kinds:
            raise _wrong(" or ".join(kind.__name__ for kind in kinds), value, where)
        return value

    return reader


def _choice(kind: type[StrEnum]) -> Reader:
    def reader(value: object, where: str) -> object:
        if value not in tuple(kind):
            raise _wrong(f"one of {', '.join(kind)}", value, where)
        return kind(cast("str", value))

    return reader


def _several(one: Reader) -> Reader:
    def reader(value: object, where: str) -> object:
        if not isinstance(value, list):
            raise _wrong("a list", value, where)
        return tuple(one(inner, f"{where}[{place}]") for place, inner in enumerate(value))

    return reader


def _value_of(kind: type) -> Reader:
    return lambda value, where: _read_fields(kind, value, where)


def _wrong(expected: str, value: object, where: str) -> StorageError:
    shown = repr(value) if isinstance(value, bool | int | float | None) else type(value).__name__
    return StorageError(f"{where}: expected {expected}, got {shown}")


# By the annotation of the field.
_READERS: Final[dict[str, Reader]] = {
    "bool": _plain(bool),
    "int | None": _plain(int),
    "float | None": _plain(float, int),
    "str": _plain(str),
    "str | None": _plain(str),
    "bytes | None": _read_bytes,
    "datetime": _read_time,
    "Cache | None": _choice(Cache),
    "FinishReason | None": _choice(FinishReason),
    "Provenance": _choice(Provenance),
    "Role": _choice(Role),
    "ModelId": _read_model,
    "ModelId | None": _read_model,
    "JSONObject": _read_object,
    "JSONObject | None": _read_object,
    "Usage": _value_of(Usage),
    "Message": _value_of(Message),
    "ChatResponse | None": _value_of(ChatResponse),
    "tuple[str, ...]": _several(_plain(str)),
    "tuple[Part, ...]": _several(_read_part),
    "tuple[Text | Media, ...]": _several(_read_part),
    "tuple[Message, ...]": _several(_value_of(Message)),
    "tuple[ProviderEvent, ...]": _several(_value_of(ProviderEvent)),
}
