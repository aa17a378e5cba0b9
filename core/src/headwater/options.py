"""The options of a call: typed once, and taken apart at the door."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal, TypedDict, cast

from .errors import InvalidRequest
from .limits import NO_LIMITS, Limits
from .messages import Message, system
from .middleware import Middleware
from .parts import Cache, JSONObject, as_cache
from .requests import ChatRequest, ModelId, ReasoningEffort, as_messages
from .tools import ResponseFormat, Tool, ToolChoice

__all__ = ["ChatOptions", "OPTION_NAMES", "check_names", "read_limits", "read_request"]


class ChatOptions(TypedDict, total=False):
    """The options of `stream_chat`, `chat` and `count_usage`; see `ChatRequest` and `Limits`."""

    system: str | Message | None
    max_output_tokens: int | None
    temperature: float | None
    top_p: float | None
    stop: str | Sequence[str] | None
    seed: int | None
    tools: Sequence[Tool]
    tool_choice: ToolChoice | str | None
    response_format: ResponseFormat | JSONObject | type | Literal["text", "json"] | None
    reasoning: ReasoningEffort | Literal["none", "minimal", "low", "medium", "high"] | None
    cache: Cache | Literal["5m", "1h"] | bool | None
    extra: JSONObject | None
    raw: bool
    connect_s: float | None
    first_content_s: float | None
    idle_s: float | None
    content_gap_s: float | None
    total_s: float | None
    attempts: int | None
    middleware: Sequence[Middleware] | None


OPTION_NAMES: Final = tuple(ChatOptions.__annotations__)
_LIMIT_NAMES: Final = frozenset(Limits.__annotations__)
_OPTION_SET: Final = frozenset(OPTION_NAMES)


def check_names(options: ChatOptions) -> None:
    """Refuse options that do not exist.

    Raises:
        TypeError: It names the ones that do.
    """
    if not _OPTION_SET.issuperset(options):
        unknown = [name for name in options if name not in _OPTION_SET]
        raise TypeError(
            f"no option is called {', '.join(unknown)}; there are {', '.join(OPTION_NAMES)}; what "
            "only one provider knows goes in extra={…}"
        )


def read_limits(options: ChatOptions) -> Limits:
    """Take the limits of a call out of its options."""
    if _LIMIT_NAMES.isdisjoint(options):
        return NO_LIMITS
    given = {name: value for name, value in options.items() if name in _LIMIT_NAMES}
    return Limits(**cast("Mapping[str, Any]", given))


def read_request(
    model: str | ModelId, messages: str | Message | Sequence[Message], options: ChatOptions
) -> ChatRequest:
    """Make the request of a call out of its arguments.

    Raises:
        InvalidRequest: One of them is wrong in itself.
    """
    fields: dict[str, Any] = {
        name: _READERS[name](value)
        for name, value in options.items()
        if name in _READERS and value is not None
    }
    if (choice := options.get("tool_choice")) is not None:
        fields["tool_choice"] = _tool_choice(choice, fields.get("tools", ()))
    said = as_messages(messages, system=_system(options.get("system")))
    return ChatRequest(model=ModelId.parse(model), messages=said, **fields)


def _system(value: object) -> Message | None:
    if value is None or isinstance(value, Message):
        return value
    if isinstance(value, str):
        return system(value)
    raise InvalidRequest(f"expected system to be text, got {type(value).__name__}")


def _whole(name: str, at_least: int | None, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequest(f"expected {name} to be a whole number, got {value!r}")
    if at_least is not None and value < at_least:
        raise InvalidRequest(f"expected {name} to be at least {at_least}, got {value}")
    return value


def _number(name: str, at_most: float, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= at_most:
        raise InvalidRequest(f"expected {name} to be a number from 0 to {at_most:g}, got {value!r}")
    return float(value)


def _stop(value: object) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, Sequence) and all(isinstance(text, str) and text for text in texts):
        return tuple(texts)
    raise InvalidRequest(f"expected stop to be a text or a list of them, none empty, got {value!r}")


def _tools(value: Iterable[object]) -> tuple[Tool, ...]:
    for item in value:
        if not isinstance(item, Tool):
            raise InvalidRequest(
                f"expected tools to hold Tool, got {type(item).__name__}; write "
                "Tool(name, description, parameters) or Tool.from_function(f)"
            )
    tools = cast("tuple[Tool, ...]", tuple(value))
    names = [tool.name for tool in tools]
    if len(set(names)) < len(names):
        raise InvalidRequest(f"two tools have the same name: {', '.join(sorted(names))}")
    return tools


def _tool_choice(value: object, tools: tuple[Tool, ...]) -> ToolChoice | str:
    if not tools:
        raise InvalidRequest("tool_choice was given without tools")
    if isinstance(value, str) and value in tuple(ToolChoice):
        return ToolChoice(value)
    if isinstance(value, str) and value in {tool.name for tool in tools}:
        return value
    raise InvalidRequest(
        f"expected tool_choice to be {', '.join(ToolChoice)} or the name of a tool "
        f"({', '.join(tool.name for tool in tools)}), got {value!r}"
    )


def _effort(value: object) -> ReasoningEffort:
    try:
        return ReasoningEffort(cast("str", value))
    except ValueError:
        raise InvalidRequest(
            f"expected reasoning to be {', '.join(ReasoningEffort)}, got {value!r}"
        ) from None


def _extra(value: object) -> JSONObject:
    if isinstance(value, Mapping):
        return value
    raise InvalidRequest(f"expected extra to be a mapping, got {type(value).__name__}")


# What makes a field of the request of an option; None is no value. `tool_choice` needs the tools.
_READERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "max_output_tokens": partial(_whole, "max_output_tokens", 1),
    "temperature": partial(_number, "temperature", 2),
    "top_p": partial(_number, "top_p", 1),
    "stop": _stop,
    "seed": partial(_whole, "seed", None),
    "tools": _tools,
    "response_format": ResponseFormat.of,
    "reasoning": _effort,
    "cache": as_cache,
    "extra": _extra,
}
