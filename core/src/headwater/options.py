"""The options of a call: typed once, and taken apart at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypedDict, cast

from .call import NO_LIMITS, Limits
from .errors import InvalidRequest
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
    unknown = [name for name in options if name not in _OPTION_SET]
    if unknown:
        raise TypeError(
            f"no option is called {', '.join(unknown)}; there are {', '.join(OPTION_NAMES)}; what "
            "only one provider knows goes in extra={…}"
        )


def read_limits(options: ChatOptions) -> Limits:
    """Take the limits of a call out of its options."""
    given = {name: value for name, value in options.items() if name in _LIMIT_NAMES}
    return Limits(**cast("Mapping[str, Any]", given)) if given else NO_LIMITS


def read_request(
    model: str | ModelId, messages: str | Message | Sequence[Message], options: ChatOptions
) -> ChatRequest:
    """Make the request of a call out of its arguments.

    Raises:
        InvalidRequest: One of them is wrong in itself.
    """
    tools = _tools(options.get("tools") or ())
    return ChatRequest(
        model=ModelId.parse(model),
        messages=as_messages(messages, system=_system(options.get("system"))),
        max_output_tokens=_whole("max_output_tokens", options.get("max_output_tokens"), at_least=1),
        temperature=_number("temperature", options.get("temperature"), at_most=2),
        top_p=_number("top_p", options.get("top_p"), at_most=1),
        stop=_stop(options.get("stop")),
        seed=_whole("seed", options.get("seed"), at_least=None),
        tools=tools,
        tool_choice=_tool_choice(options.get("tool_choice"), tools),
        response_format=ResponseFormat.of(options.get("response_format")),
        reasoning=_effort(options.get("reasoning")),
        cache=as_cache(options.get("cache")),
        extra=_extra(options.get("extra")),
    )


def _system(value: object) -> Message | None:
    if value is None or isinstance(value, Message):
        return value
    if isinstance(value, str):
        return system(value)
    raise InvalidRequest(f"expected system to be text, got {type(value).__name__}")


def _whole(name: str, value: object, *, at_least: int | None) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequest(f"expected {name} to be a whole number, got {value!r}")
    if at_least is not None and value < at_least:
        raise InvalidRequest(f"expected {name} to be at least {at_least}, got {value}")
    return value


def _number(name: str, value: object, *, at_most: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= at_most:
        raise InvalidRequest(f"expected {name} to be a number from 0 to {at_most:g}, got {value!r}")
    return float(value)


def _stop(value: object) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value or ()
    if isinstance(texts, Sequence) and all(isinstance(text, str) and text for text in texts):
        return tuple(texts)
    raise InvalidRequest(f"expected stop to be a text or a list of them, none empty, got {value!r}")


def _tools(value: Sequence[object]) -> tuple[Tool, ...]:
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


def _tool_choice(value: object, tools: tuple[Tool, ...]) -> ToolChoice | str | None:
    if value is None:
        return None
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


def _effort(value: object) -> ReasoningEffort | None:
    if value is None:
        return None
    try:
        return ReasoningEffort(cast("str", value))
    except ValueError:
        raise InvalidRequest(
            f"expected reasoning to be {', '.join(ReasoningEffort)}, got {value!r}"
        ) from None


def _extra(value: object) -> JSONObject:
    if value is None or isinstance(value, Mapping):
        return value or {}
    raise InvalidRequest(f"expected extra to be a mapping, got {type(value).__name__}")
