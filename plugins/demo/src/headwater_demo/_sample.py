"""A value that fits a JSON schema, for structured answers and tool calls."""

from __future__ import annotations

from collections.abc import Mapping

from headwater import JSONObject, JSONValue

__all__ = ["sample"]


def sample(schema: JSONObject, text: str) -> JSONValue:
    """Make the simplest value that fits a schema.

    Shapes:
        {"type": "object", "properties": {"city": {"type": "string"}}} -> {"city": text}
        {"enum": ["a", "b"]} -> "a"; {"type": "integer", "minimum": 3} -> 3

    Args:
        schema: A JSON schema; of `anyOf` and its like the first branch is taken.
        text: What to put where a string is wanted.
    """
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "anyOf", "oneOf", "allOf"):
        choices = schema.get(key)
        if isinstance(choices, list) and choices:
            first = choices[0]
            return sample(first, text) if key != "enum" and isinstance(first, Mapping) else first
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0]
    return _of_type(str(kind or "object"), schema, text)


def _of_type(kind: str, schema: JSONObject, text: str) -> JSONValue:
    match kind:
        case "string":
            return text
        case "integer" | "number":
            least = schema.get("minimum", 0)
            return least if isinstance(least, int | float) else 0
        case "boolean":
            return True
        case "null":
            return None
        case "array":
            items = schema.get("items")
            return [sample(items, text)] if isinstance(items, Mapping) else []
        case _:
            properties = schema.get("properties")
            if not isinstance(properties, Mapping):
                return {}
            return {
                name: sample(part, text)
                for name, part in properties.items()
                if isinstance(part, Mapping)
            }
