"""The options of a call: each wrong one refused as the method is called."""

from __future__ import annotations

import math
from typing import Any

import pytest

from headwater import (
    Cache,
    ChatOptions,
    InvalidRequest,
    ReasoningEffort,
    ResponseFormat,
    Tool,
    ToolChoice,
    system,
    user,
)
from headwater.options import check_names, read_limits, read_request

TOOL = Tool("f", "Do it.", {"type": "object"})


def test_options_become_the_request() -> None:
    """Each shared option is a field of the request."""
    request = read_request(
        "p/m",
        "Hi",
        {
            "system": "Be kind",
            "max_output_tokens": 5,
            "temperature": 1,
            "top_p": 0.5,
            "stop": "END",
            "seed": -1,
            "tools": [TOOL],
            "tool_choice": "f",
            "response_format": "json",
            "reasoning": "low",
            "cache": True,
            "extra": {"x": 1},
        },
    )
    assert request.messages == (system("Be kind"), user("Hi"))
    assert (request.max_output_tokens, request.seed) == (5, -1)
    assert (request.temperature, request.top_p, request.stop) == (1.0, 0.5, ("END",))
    assert (request.tools, request.tool_choice) == ((TOOL,), "f")
    assert request.response_format == ResponseFormat(None)
    assert (request.reasoning, request.cache) == (ReasoningEffort.LOW, Cache.SHORT)
    assert request.extra == {"x": 1}


def test_nothing_given_is_nothing_said() -> None:
    """What the caller leaves open, or sets to None, the provider decides."""
    nothing: ChatOptions = {
        "system": None,
        "stop": None,
        "tools": (),
        "tool_choice": None,
        "response_format": None,
        "reasoning": None,
        "extra": None,
        "temperature": None,
        "max_output_tokens": None,
    }
    assert read_request("p/m", "Hi", nothing) == read_request("p/m", "Hi", {})


def test_a_system_message_may_be_given_whole() -> None:
    """As a Message, for what a text cannot say."""
    message = system("Be kind", cache=True)
    assert read_request("p/m", "Hi", {"system": message}).messages[0] is message


@pytest.mark.parametrize("choice", [*ToolChoice, "auto"])
def test_a_tool_choice_is_one_of_three(choice: ToolChoice | str) -> None:
    """By its value or its name."""
    request = read_request("p/m", "Hi", {"tools": [TOOL], "tool_choice": choice})
    assert request.tool_choice is ToolChoice(choice)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "system": ({"system": 5}, "expected system to be text, got int"),
    "tokens": ({"max_output_tokens": 0}, "max_output_tokens to be at least 1, got 0"),
    "tokens as text": ({"max_output_tokens": "5"}, "a whole number, got '5'"),
    "tokens as truth": ({"max_output_tokens": True}, "a whole number, got True"),
    "a seed of parts": ({"seed": 1.5}, "expected seed to be a whole number"),
    "temperature": ({"temperature": 3}, "temperature to be a number from 0 to 2, got 3"),
    "temperature below": ({"temperature": -0.1}, "from 0 to 2"),
    "no number": ({"temperature": math.nan}, "from 0 to 2, got nan"),
    "top_p": ({"top_p": 1.1}, "top_p to be a number from 0 to 1"),
    "an empty stop": ({"stop": ["a", ""]}, "none empty"),
    "a stop of bytes": ({"stop": [b"a"]}, "expected stop to be a text"),
    "a stop of numbers": ({"stop": 5}, "expected stop to be a text"),
    "tools as dicts": ({"tools": [{"type": "function"}]}, "got dict; write Tool"),
    "twin tools": ({"tools": [TOOL, TOOL]}, "two tools have the same name"),
    "choice without tools": ({"tool_choice": "auto"}, "without tools"),
    "an unknown choice": ({"tools": [TOOL], "tool_choice": "g"}, r"auto, none, required.*\(f\)"),
    "format": ({"response_format": "xml"}, '"text", "json", a schema or a class'),
    "reasoning": ({"reasoning": "huge"}, "none, minimal, low, medium, high, got 'huge'"),
    "cache": ({"cache": "2h"}, '"5m" or "1h"'),
    "extra": ({"extra": [1]}, "extra to be a mapping, got list"),
}


@pytest.mark.parametrize(("options", "what"), BAD.values(), ids=BAD.keys())
def test_a_wrong_option_is_refused(options: Any, what: str) -> None:
    """Each says what was expected and what came."""
    with pytest.raises(InvalidRequest, match=what):
        read_request("p/m", "Hi", options)


def test_an_option_that_does_not_exist_is_refused() -> None:
    """The error lists the ones that do, and where the others go."""
    options: Any = {"temprature": 1, "topp": 1}
    with pytest.raises(TypeError, match=r"temprature, topp; there are system,.*extra=\{…\}"):
        check_names(options)


@pytest.mark.parametrize("value", [0, -1, True, "5", math.nan])
@pytest.mark.parametrize(
    "name", ["connect_s", "first_content_s", "idle_s", "content_gap_s", "total_s"]
)
def test_a_limit_is_above_nothing(name: str, value: Any) -> None:
    """The error names it, and says how to have none."""
    options: Any = {name: value}
    with pytest.raises(InvalidRequest, match=rf"^expected {name} .* above 0 \(inf: no limit\)"):
        read_limits(options)


@pytest.mark.parametrize("value", [0, True, 1.5, "2"])
def test_attempts_are_a_whole_number(value: Any) -> None:
    """At least one, or nothing would be sent."""
    options: Any = {"attempts": value}
    with pytest.raises(InvalidRequest, match="attempts to be a whole number from 1"):
        read_limits(options)


def test_limits_are_taken_out_of_the_options() -> None:
    """Limits and nothing else."""
    limits = read_limits({"idle_s": 5, "total_s": math.inf, "attempts": 2, "seed": 1})
    assert (limits.idle_s, limits.total_s, limits.attempts) == (5.0, math.inf, 2)
    assert limits.connect_s is None
