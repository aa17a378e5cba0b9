"""Schemas closed as strict modes want them."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.schemas import can_be_strict, closed_schema

INNER = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
CLOSED = {**INNER, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "closed"),
    [
        (INNER, CLOSED),
        (
            {"properties": {"x": INNER}},
            {"properties": {"x": CLOSED}, "additionalProperties": False},
        ),
        ({"type": "array", "items": INNER}, {"type": "array", "items": CLOSED}),
        ({"anyOf": [INNER, True]}, {"anyOf": [CLOSED, True]}),
        ({"$defs": {"I": INNER}}, {"$defs": {"I": CLOSED}}),
        ({"enum": [INNER]}, {"enum": [INNER]}),
        ({**INNER, "additionalProperties": True}, {**INNER, "additionalProperties": True}),
    ],
    ids=["object", "nested", "items", "any-of", "definitions", "no-schema", "said-already"],
)
def test_objects_are_closed_at_every_depth(schema: dict[str, Any], closed: dict[str, Any]) -> None:
    """An object that says nothing of further properties has none; what is said stays."""
    assert closed_schema(schema) == closed


def test_an_object_of_anything_is_closed_where_it_must_be() -> None:
    """An object without properties holds anything, unless the API insists."""
    bare = {"type": "object"}
    assert closed_schema(bare) == bare
    assert closed_schema(bare, closes_bare=True) == {**bare, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "is_strict"),
    [
        (CLOSED, True),
        (INNER, False),
        ({**CLOSED, "required": []}, False),
        ({**CLOSED, "required": None}, False),
        ({"type": "object"}, False),
        ({"type": "string"}, True),
        ({"type": "array", "items": CLOSED}, True),
        ({"type": "array", "items": INNER}, False),
        ({"anyOf": [CLOSED, INNER]}, False),
        ({"$defs": {"I": INNER}, "type": "string"}, False),
        (
            {"properties": {"x": {"const": 1}}, "required": ["x"], "additionalProperties": False},
            True,
        ),
    ],
    ids=[
        "closed",
        "open",
        "optional",
        "no-required",
        "anything",
        "string",
        "items",
        "open-items",
        "any-of",
        "definitions",
        "constant",
    ],
)
def test_strict_mode_takes_closed_objects_alone(schema: dict[str, Any], is_strict: bool) -> None:
    """Every object must be closed and require all that it has."""
    assert can_be_strict(schema) is is_strict
