"""Token counts."""

from __future__ import annotations

import pytest

from headwater import Provenance, Usage
from headwater.usage import tokens_per_s


def test_a_total_needs_both() -> None:
    """What is not known is not counted as nothing."""
    assert Usage(3, 4).total_tokens == 7
    assert Usage(3).total_tokens is None
    assert Usage(None, 4).total_tokens is None


def test_a_sum_keeps_what_is_known() -> None:
    """A count that only one side has stands for both, and the sum is partial."""
    total = Usage(1, 2, cached_input_tokens=5) + Usage(3, reasoning_tokens=6)
    assert total == Usage(
        4, 2, cached_input_tokens=5, reasoning_tokens=6, provenance=Provenance.PARTIAL
    )


@pytest.mark.parametrize("worse", Provenance)
def test_a_sum_is_as_good_as_its_worst_part(worse: Provenance) -> None:
    """One estimate makes the sum an estimate."""
    assert (Usage(1, 1) + Usage(1, 1, provenance=worse)).provenance is worse


def test_nothing_known_is_said_to_be_so() -> None:
    """Details alone are no count."""
    assert not Usage(cached_input_tokens=1).is_known
    assert Usage(0).is_known


@pytest.mark.parametrize(
    ("usage", "first_s", "total_s", "speed"),
    [
        (Usage(1, 10), 1.0, 3.0, 5.0),
        (Usage(1), 1.0, 3.0, None),
        (Usage(1, 10), None, 3.0, None),
        (Usage(1, 10), 3.0, 3.0, None),
    ],
    ids=["known", "no count", "no content", "no time"],
)
def test_a_speed_needs_count_and_time(
    usage: Usage, first_s: float | None, total_s: float, speed: float | None
) -> None:
    """Tokens by seconds, where both are known and there are any."""
    assert tokens_per_s(usage, first_s, total_s) == speed
