"""JSON schemas as strict mode wants them; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from headwater import JSONValue

__all__ = ["strict_schema"]


def strict_schema(schema: JSONValue) -> tuple[JSONValue, bool]:
    """Close each object of a schema, and tell whether strict mode then takes it.

    Shapes:
        {"properties": {"a": …}, "required": ["a"]} -> it with "additionalProperties": false, True
        {"properties": {"a": …}}                    -> likewise, False: "a" is optional

    Source:
        FORMATS 2.1: every object needs `additionalProperties: false` and all properties in
        `required`.
    """
    closed = _closed(schema)
    return closed, _can_be_strict(closed)


_SCHEMAS_BY_NAME: Final = frozenset({"properties", "$defs", "definitions"})
_SCHEMA_LISTS: Final = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SCHEMAS: Final = frozenset({"items", "not", "additionalProperties"})


def _closed(schema: JSONValue) -> JSONValue:
    """Say of each object that says nothing of it that it has no further properties.

    Strict mode wants it said, and schemas that are derived from classes leave it out.
    """
    if not isinstance(schema, Mapping):
        return schema
    closed: dict[str, JSONValue] = {}
    for key, value in schema.items():
        if key in _SCHEMAS_BY_NAME and isinstance(value, Mapping):
            closed[key] = {name: _closed(inner) for name, inner in value.items()}
        elif key in _SCHEMA_LISTS and isinstance(value, list | tuple):
            closed[key] = [_closed(inner) for inner in value]
        else:
            closed[key] = _closed(value) if key in _SCHEMAS else value
    if "properties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


def _can_be_strict(schema: JSONValue) -> bool:
    """Tell whether every object is closed and requires all its properties, as strict mode wants."""
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
    return all(map(_can_be_strict, _inner_schemas(schema)))


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
