"""What the model may call, and the form that its answer must take, both as JSON Schema."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, cast, get_type_hints

import attrs

from .errors import InvalidRequest
from .parts import JSONObject, JSONValue

__all__ = ["ResponseFormat", "Tool", "ToolChoice", "schema_of"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_REFERENCE = "#/$defs/"


class ToolChoice(StrEnum):
    """Whether the model may, must not or must call a tool."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


def schema_of(source: object) -> JSONObject:
    """Give the JSON Schema of what a caller names.

    Shapes:
        {"type": "object", …}                  -> itself
        a dataclass, attrs class, TypedDict    -> the schema of its fields
        a pydantic model                       -> its own `model_json_schema()`
        def f(city: str, days: int = 1): …     -> an object with these properties, "city" required

    Raises:
        InvalidRequest: No schema can be made of it.
    """
    if isinstance(source, Mapping):
        return source
    if callable(own := getattr(source, "model_json_schema", None)):
        return cast("JSONObject", own())
    import msgspec  # only here, and seldom needed: it costs 10 ms to import

    try:
        described = source if isinstance(source, type) else _arguments_struct(source)
        (schema,), definitions = msgspec.json.schema_components(
            [described], ref_template="#/$defs/{name}"
        )
        return cast("JSONObject", _inlined(schema, definitions, ()))
    except (TypeError, ValueError, NameError) as error:
        raise InvalidRequest(
            f"cannot derive a JSON schema from {source!r}: {error}; give the schema itself"
        ) from error


def _arguments_struct(function: object) -> type:
    """Describe a function's arguments as the fields of a struct."""
    import msgspec

    if not callable(function):
        raise TypeError("expected a JSON schema, a class or a function")
    hints = get_type_hints(function, include_extras=True)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"the argument *{name} has no schema")
        kind = hints.get(name, Any)
        has_default = parameter.default is not parameter.empty
        fields.append((name, kind, parameter.default) if has_default else (name, kind))
    return msgspec.defstruct("Arguments", fields, kw_only=True)


def _inlined(
    schema: JSONValue, definitions: Mapping[str, JSONValue], inside: tuple[str, ...]
) -> JSONValue:
    """Put each definition where it is referred to: not every provider follows a `$ref`."""
    if isinstance(schema, Mapping):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            name = reference.removeprefix(_REFERENCE)
            if name in inside:
                raise ValueError(f"{name} holds itself")
            return _inlined(definitions[name], definitions, (*inside, name))
        return {key: _inlined(value, definitions, inside) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(item, definitions, inside) for item in schema]
    return schema


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            f"expected a name of letters, digits, _ . and -, at most 64 long, got {name[:80]!r}"
        )
    return name


@attrs.frozen
class Tool:
    """Describe a function that the model may ask the application to run.

    Attributes:
        name: How the model refers to it: letters, digits, `_`, `.`, `-`, at most 64.
        description: What it does and when to use it.
        parameters: JSON schema of its arguments; a class or a function is turned into one.
    """

    name: str = attrs.field(converter=_checked_name)
    description: str
    parameters: JSONObject = attrs.field(converter=schema_of)

    @classmethod
    def from_function(cls, function: Callable[..., object]) -> Tool:
        """Describe a function by its own name, docstring and arguments.

        Raises:
            InvalidRequest: It has no docstring, or an argument has no schema.
        """
        description = inspect.getdoc(function)
        if not description:
            raise InvalidRequest(
                f"{function.__name__} has no docstring, and the model needs to know what it does"
            )
        return cls(function.__name__, description, function)


@attrs.frozen
class ResponseFormat:
    """Say that the answer must be JSON.

    Attributes:
        schema: What it must look like; None: any JSON object.
        name: A name for the schema, which some providers ask for.
        is_strict: Whether the provider must hold the model to it to the letter, where it can.
    """

    schema: JSONObject | None
    name: str = attrs.field(default="answer", converter=_checked_name, kw_only=True)
    is_strict: bool = attrs.field(default=True, kw_only=True)

    @classmethod
    def of(cls, value: object) -> ResponseFormat | None:
        """Convert what a caller gives.

        Shapes:
            None, "text"                       -> None: free text
            "json"                             -> any JSON object
            {"type": "object", …}              -> that schema
            a class that `schema_of` describes -> its schema, named like the class
        """
        if value is None or value == "text" or isinstance(value, cls):
            return value if isinstance(value, cls) else None
        if value == "json":
            return cls(None)
        if isinstance(value, str):
            raise InvalidRequest(
                f'expected response_format to be "text", "json", a schema or a class, got {value!r}'
            )
        name = value.__name__ if isinstance(value, type) else "answer"
        return cls(schema_of(value), name=name)
