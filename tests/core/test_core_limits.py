"""The limits of a call."""

from __future__ import annotations

from headwater.limits import first_set


def test_the_first_limit_that_is_set_counts() -> None:
    """Nothing is not set, and 0 would be."""
    assert first_set(None, 0.0, 5.0) == 0.0
