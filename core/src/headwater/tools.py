"""What the model may call, and the form that its answer must take, both as JSON Schema."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from enum import StrEnum

import attrs

from .errors import InvalidRequest
from .parts import JSONObject
from .schemas import schema_of

__all__ = ["ResponseFormat", "Tool", "ToolChoice"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


class ToolChoice(StrEnum):
    """Whether the model may, must not or must call a tool."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


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
