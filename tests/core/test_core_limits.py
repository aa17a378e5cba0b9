"""The limits of a call."""

from __future__ import annotations

import math

import pytest

from headwater import InvalidRequest, Limits


@pytest.mark.parametrize("value", [0, -1, math.nan, True, "5"])
@pytest.mark.parametrize(
    "name", ["connect_s", "first_content_s", "idle_s", "content_gap_s", "total_s"]
)
def test_a_limit_is_a_time_above_nothing(name: str, value: object) -> None:
    """The error names the limit."""
    with pytest.raises(InvalidRequest, match=f"expected {name} to be a limit in seconds"):
        Limits(**{name: value})  # type: ignore[arg-type]  # what is wrong with it


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "3"])
def test_attempts_are_a_whole_number(value: object) -> None:
    """From one."""
    with pytest.raises(InvalidRequest, match="whole number from 1"):
        Limits(attempts=value)  # type: ignore[arg-type]  # what is wrong with it


def test_no_limit_is_one_too() -> None:
    """Infinity switches a limit off, and None says nothing."""
    limits = Limits(total_s=math.inf, attempts=1)
    assert (limits.total_s, limits.attempts, limits.idle_s) == (math.inf, 1, None)
