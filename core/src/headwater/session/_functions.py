"""Functions of the application that a model may call: described, checked, run."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeAlias, cast

import attrs

from ..errors import InvalidRequest
from ..parts import JSONObject, Media, Text, ToolCall, ToolResult
from ..schemas import arguments_struct
from ..tools import Tool

__all__ = ["Function", "Functions", "ToolFunction"]

Function: TypeAlias = Callable[..., object]
ToolFunction: TypeAlias = Function | tuple[Tool, Function]
"""A function, described by its name, docstring and arguments; or a tool, and what runs it."""

_SHOWN_CHARS = 200


@attrs.frozen
class _Known:
    tool: Tool
    function: Function
    is_derived: bool  # whether the schema comes from the function itself


class Functions:
    """Run what a model calls.

    Args:
        functions: What it may call.

    Raises:
        InvalidRequest: One of them cannot be described, or two have one name.
    """

    def __init__(self, functions: Iterable[ToolFunction]) -> None:
        self._known: dict[str, _Known] = {}
        for item in functions:
            known = _describe(item)
            if known.tool.name in self._known:
                raise InvalidRequest(f"two functions have the same name: {known.tool.name}")
            self._known[known.tool.name] = known

    @property
    def tools(self) -> Sequence[Tool]:
        """Describe them to the model."""
        return [known.tool for known in self._known.values()]

    async def run(self, calls: Sequence[ToolCall]) -> list[ToolResult]:
        """Run calls side by side, and give their results in order; a failure is a result too.

        A function that is no coroutine function runs in a thread.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._run(call)) for call in calls]
        return [task.result() for task in tasks]

    async def _run(self, call: ToolCall) -> ToolResult:
        try:
            known, arguments = self._prepare(call)
        except InvalidRequest as error:
            return ToolResult(call.call_id, str(error), is_error=True)
        try:
            if inspect.iscoroutinefunction(known.function):
                value = await cast("Awaitable[object]", known.function(**arguments))
            else:
                value = await asyncio.to_thread(known.function, **arguments)
                if inspect.isawaitable(value):
                    value = await value
            return ToolResult(call.call_id, _content(value))
        except Exception as error:  # noqa: BLE001  # whatever a function raises, the model is told
            return ToolResult(call.call_id, f"{type(error).__name__}: {error}", is_error=True)

    def _prepare(self, call: ToolCall) -> tuple[_Known, Mapping[str, object]]:
        known = self._known.get(call.name)
        if known is None:
            raise InvalidRequest(f"no tool is called {call.name!r}: {', '.join(self._known)}")
        if not call.is_valid or call.arguments is None:
            raise InvalidRequest(
                f"expected a JSON object as arguments, got {call.raw_arguments[:_SHOWN_CHARS]!r}"
            )
        if known.is_derived:
            return known, _converted(known.function, call.arguments)
        try:
            inspect.signature(known.function).bind(**call.arguments)
        except TypeError as error:
            raise InvalidRequest(f"the arguments do not fit: {error}") from error
        return known, call.arguments


def _describe(item: object) -> _Known:
    if callable(item):
        return _Known(Tool.from_function(item), item, True)
    match item:
        case (Tool() as tool, function) if callable(function):
            return _Known(tool, function, False)
        case _:
            raise InvalidRequest(
                f"expected a function, or a tool and its function, got {type(item).__name__}"
            )


def _converted(function: Function, arguments: JSONObject) -> Mapping[str, object]:
    """Make the values that the function's annotations name."""
    import msgspec  # only here, and seldom needed: it costs 10 ms to import

    struct = arguments_struct(function)
    names = {field.name for field in msgspec.structs.fields(struct)}
    unknown = [name for name in arguments if name not in names]
    if unknown:
        raise InvalidRequest(f"there is no argument {', '.join(unknown)}: {', '.join(names)}")
    try:
        values = msgspec.convert(arguments, struct)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"the arguments do not fit: {error}") from error
    return {name: getattr(values, name) for name in names}


def _content(value: object) -> str | Sequence[str | Text | Media]:
    """Make what a function gave the content of a result: text and media as they are, else JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Text | Media):
        return [value]
    if isinstance(value, list | tuple) and any(isinstance(item, Text | Media) for item in value):
        return [item if isinstance(item, Text | Media) else _text(item) for item in value]
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    import msgspec  # as above

    return msgspec.json.encode(value).decode()
