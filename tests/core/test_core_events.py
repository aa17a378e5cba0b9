"""Events, and which of them are content."""

from __future__ import annotations

from typing import get_args

import pytest

from headwater import Event, ProviderEvent, RawFrame, Started, TextDelta, Usage, UsageUpdated
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
