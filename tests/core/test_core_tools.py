"""Tools and response formats: schemas out of what a caller names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

import attrs
import pytest

from headwater import InvalidRequest, ResponseFormat, Tool
from headwater.schemas import schema_of


@dataclass
class Place:
    city: str
    country: str = "NO"


@attrs.define
class Trip:
    start: Place
    stops: list[Place] = attrs.field(factory=list)


class Wish(TypedDict):
    name: str


@dataclass
class Tree:
    branches: list[Tree]


class Pydantic:
    """Stand for a pydantic model."""

    @classmethod
    def model_json_schema(cls) -> dict[str, object]:
        return {"type": "object", "title": "Pydantic"}


def weather(city: str, days: int = 1, *, unit: str) -> str:
    """Tell the weather.

    In a city.
    """
    return f"{city}: {days} {unit}"


def test_a_schema_is_itself() -> None:
    """What is a schema already is not touched."""
    schema = {"type": "object", "properties": {"$ref": {"type": "string"}}}
    assert schema_of(schema) is schema


@pytest.mark.parametrize("kind", [Place, Wish, Pydantic], ids=lambda kind: kind.__name__)
def test_a_class_gives_its_schema(kind: type) -> None:
    """A dataclass, a TypedDict, a pydantic model: each an object."""
    assert schema_of(kind)["type"] == "object"


def test_a_definition_stands_where_it_is_referred_to() -> None:
    """Not every provider follows a `$ref`."""
    schema: Any = schema_of(Trip)
    assert "$ref" not in str(schema)
    assert schema["properties"]["start"]["properties"]["city"] == {"type": "string"}
    assert schema["properties"]["stops"]["items"]["title"] == "Place"


def test_a_function_gives_the_schema_of_its_arguments() -> None:
    """With what is required, whatever order the signature has."""
    schema: Any = schema_of(weather)
    assert list(schema["properties"]) == ["city", "days", "unit"]
    assert sorted(schema["required"]) == ["city", "unit"]


def test_a_tool_is_made_of_a_function() -> None:
    """Its name, its docstring and its arguments say everything."""
    tool = Tool.from_function(weather)
    assert (tool.name, tool.description) == ("weather", "Tell the weather.\n\nIn a city.")
    assert tool == Tool("weather", tool.description, weather)


def test_a_function_without_a_docstring_is_refused() -> None:
    """The model needs to know what it does."""

    def silent(x: int) -> int:
        return x

    with pytest.raises(InvalidRequest, match="silent has no docstring"):
        Tool.from_function(silent)


def any_number(*numbers: int) -> None:
    """Take any number of numbers."""


def any_names(**names: int) -> None:
    """Take any names."""


def unknown(x: NoSuchType) -> None:  # type: ignore[name-defined]  # noqa: F821  # the point of it
    """Name a type that does not exist."""


@pytest.mark.parametrize("source", [Tree, any_number, any_names, unknown, 5, "text", complex])
def test_what_has_no_schema_is_refused(source: object) -> None:
    """The error says to give the schema itself."""
    with pytest.raises(InvalidRequest, match=r"(?s)cannot derive a JSON.*give the schema itself"):
        schema_of(source)


@pytest.mark.parametrize("name", ["", "a b", "é", "1a", "a" * 65, "a/b"])
def test_a_name_is_what_providers_take(name: str) -> None:
    """Letters, digits and a few signs."""
    with pytest.raises(InvalidRequest, match="expected a name of letters"):
        Tool(name, "d", {})


def test_a_response_format_is_said_shortly() -> None:
    """Free text, any JSON, a schema, a class."""
    schema = {"type": "object"}
    assert ResponseFormat.of(None) is None
    assert ResponseFormat.of("text") is None
    assert ResponseFormat.of("json") == ResponseFormat(None)
    assert ResponseFormat.of(schema) == ResponseFormat(schema)
    assert ResponseFormat.of(Place) == ResponseFormat(schema_of(Place), name="Place")
    given = ResponseFormat(schema, name="mine")
    assert ResponseFormat.of(given) is given
