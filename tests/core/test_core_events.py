"""Events, and which of them are content."""

from __future__ import annotations

from typing import get_args

import pytest

from headwater import (
    Event,
    ProviderEvent,
    RawFrame,
    Started,
    TextDelta,
    ToolCallFinished,
    Usage,
    UsageUpdated,
)
from headwater.events import is_content


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_content_is_what_a_retry_would_repeat(kind: type[object]) -> None:
    """Every event but the three that say nothing of the answer."""
    event = object.__new__(kind)
    assert is_content(event) == (kind not in {Started, UsageUpdated, RawFrame})


def test_what_is_no_event_is_content() -> None:
    """Such as the one value of a call without streaming."""
    assert is_content(Usage(1))


def test_events_compare_by_what_they_say() -> None:
    """Which is what tests need."""
    assert TextDelta("a") == TextDelta("a") != TextDelta("b")
    assert ProviderEvent("x", {}) != ProviderEvent("x", {}, is_part=True)


def test_what_each_event_is_about_can_be_given_and_matched_in_order() -> None:
    """As the list of public names has it."""
    match ToolCallFinished("c", "weather", {"city": "Oslo"}, '{"city": "Oslo"}', True):
        case ToolCallFinished(_, "weather", arguments, _, True):
            assert arguments == {"city": "Oslo"}
        case _:
            pytest.fail("it is matched by position")
    assert Started("m", "r", ("reasoning",)).dropped == ("reasoning",)
