"""JSON Schema: derived from what Python code says already, and closed as strict modes want it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast, get_type_hints

from .errors import InvalidRequest
from .parts import JSONObject, JSONValue

if TYPE_CHECKING:
    import msgspec

__all__ = ["arguments_struct", "can_be_strict", "closed_schema", "schema_of"]

_REFERENCE = "#/$defs/"
_SCHEMAS_BY_NAME: Final = frozenset({"properties", "$defs", "definitions"})
_SCHEMA_LISTS: Final = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SCHEMAS: Final = frozenset({"items", "not", "additionalProperties"})


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
        described = source if isinstance(source, type) else arguments_struct(source)
        (schema,), definitions = msgspec.json.schema_components(
            [described], ref_template="#/$defs/{name}"
        )
        return cast("JSONObject", _inlined(schema, definitions, ()))
    except (TypeError, ValueError, NameError) as error:
        raise InvalidRequest(
            f"cannot derive a JSON schema from {source!r}: {error}; give the schema itself"
        ) from error


def arguments_struct(function: object) -> type[msgspec.Struct]:
    """Describe a function's arguments as the fields of a struct.

    Raises:
        TypeError: It is no function, or an argument of it has no schema.
    """
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


def closed_schema(schema: JSONObject, *, closes_bare: bool = False) -> JSONObject:
    """Say of each object that says nothing of it that it has no further properties.

    Strict modes want it said, and schemas that are derived from classes leave it out.

    Args:
        schema: The schema.
        closes_bare: Whether an object without `properties`, which holds anything, is closed too.
    """
    return cast("JSONObject", _closed(schema, closes_bare))


def _closed(schema: JSONValue, closes_bare: bool) -> JSONValue:
    if not isinstance(schema, Mapping):
        return schema
    closed: dict[str, JSONValue] = {}
    for key, value in schema.items():
        if key in _SCHEMAS_BY_NAME and isinstance(value, Mapping):
            closed[key] = {name: _closed(inner, closes_bare) for name, inner in value.items()}
        elif key in _SCHEMA_LISTS and isinstance(value, list | tuple):
            closed[key] = [_closed(inner, closes_bare) for inner in value]
        else:
            closed[key] = _closed(value, closes_bare) if key in _SCHEMAS else value
    if "properties" in closed or (closes_bare and closed.get("type") == "object"):
        closed.setdefault("additionalProperties", False)
    return closed


def can_be_strict(schema: JSONValue) -> bool:
    """Tell whether every object is closed and requires all its properties.

    Source:
        FORMATS 2.1: with `strict`, every object needs `additionalProperties: false` and all its
        properties in `required`.
    """
    if not isinstance(schema, Mapping):
        return True
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        required = schema.get("required")
        listed = required if isinstance(required, list | tuple) else ()
        if schema.get("additionalProperties") is not False or set(properties) != set(listed):
            return False
    elif schema.get("type") == "object":
        return False
    return all(map(can_be_strict, _inner_schemas(schema)))


def _inner_schemas(schema: Mapping[str, JSONValue]) -> list[JSONValue]:
    inner: list[JSONValue] = []
    for key, value in schema.items():
        if key in _SCHEMAS_BY_NAME and isinstance(value, Mapping):
            inner += value.values()
        elif key in _SCHEMA_LISTS and isinstance(value, list | tuple):
            inner += value
        elif key in _SCHEMAS:
            inner.append(value)
    return inner
