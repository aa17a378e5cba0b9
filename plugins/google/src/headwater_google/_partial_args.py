"""A call's arguments that come in pieces, each with the JSONPath of its place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

import msgspec

from headwater import ProtocolError

from ._wire import Fragment

__all__ = ["PartialArgs"]

MAX_DEPTH: Final = 100

_STEP: Final = re.compile(
    r"""\.([^.\[\]]+) | \[(\d{1,9})\] | \['((?:[^'\\]|\\.)*)'\] | \["((?:[^"\\]|\\.)*)"\]""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(.)")


class _Misplaced(Exception):
    """Say that a path is none, or leads through what is no container."""


class PartialArgs:
    r"""Put arguments together.

    The pieces of a string are appended, containers are made as needed. The cost is linear in what
    came: the containers are built once, at the end.

    Shapes:
        [("$.place.city", "Os"), ("$.place.city", "lo"), ("$.days[0]", 1)]
            -> '{"place":{"city":"Oslo"},"days":[1]}'

    Args:
        whole: Arguments that came as they are, to which pieces may be added.
    """

    def __init__(self, whole: Any = None) -> None:
        self.whole = whole
        self._values: dict[str, Any] = {}  # by path: a list of the pieces of a string, or a value

    def add(self, fragments: Iterable[Fragment]) -> None:
        """Take the next pieces; one without a value adds nothing."""
        for fragment in fragments:
            path = fragment.json_path
            if fragment.string_value is not None:
                pieces = self._values.get(path)
                if type(pieces) is not list:
                    pieces = self._values[path] = []
                pieces.append(fragment.string_value)
            elif fragment.number_value is not None:
                self._values[path] = fragment.number_value
            elif fragment.bool_value is not None:
                self._values[path] = fragment.bool_value
            elif fragment.null_value is not msgspec.UNSET:
                self._values[path] = None

    def text(self) -> str:
        """Give the JSON text; where the pieces fit nowhere, a list of them, which is no object."""
        values = {
            path: "".join(value) if type(value) is list else value
            for path, value in self._values.items()
        }
        try:
            built: Any = {} if self.whole is None else self.whole
            for path, value in values.items():
                _put(built, _steps(path), value)
        except _Misplaced:
            built = [{path: value} for path, value in values.items()]
        try:
            return msgspec.json.encode(built).decode()
        except RecursionError as error:
            raise ProtocolError("a function call's arguments are nested too deeply") from error


def _steps(path: str) -> list[str | int]:
    """Take a path apart: names, and places in lists.

    Shapes:
        "$.a[0].b", "$['a'][0]['b']" -> ["a", 0, "b"]
    """
    steps: list[str | int] = []
    place = 1
    while place < len(path):
        step = _STEP.match(path, place)
        if step is None or len(steps) == MAX_DEPTH:
            raise _Misplaced
        name, index, single, double = step.groups()
        if index is not None:
            steps.append(int(index))
        else:
            quoted = single if single is not None else double
            steps.append(name if quoted is None else _ESCAPE.sub(r"\1", quoted))
        place = step.end()
    if path[:1] != "$" or not steps:
        raise _Misplaced
    return steps


def _put(root: Any, steps: list[str | int], value: Any) -> None:
    """Put a value in its place, making the containers on the way."""
    inside = root
    for step, following in pairwise(steps):
        inside = _child(inside, step, [] if isinstance(following, int) else {})
    _child(inside, steps[-1], value, is_last=True)


def _child(inside: Any, step: str | int, new: Any, *, is_last: bool = False) -> Any:
    """Give what stands in a container at a step; what is missing, and the last, is put there.

    A list grows by its next place alone, so that no number makes it huge.
    """
    if isinstance(inside, list) and isinstance(step, int) and step <= len(inside):
        if step == len(inside):
            inside.append(new)
        elif is_last:
            inside[step] = new
        return inside[step]
    if isinstance(inside, dict) and isinstance(step, str):
        if is_last or step not in inside:
            inside[step] = new
        return inside[step]
    raise _Misplaced
