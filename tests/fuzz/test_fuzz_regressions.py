"""What the fuzzer found once stays mended, and what it begins with is sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from .seeds import REGRESSIONS, regressions, seeds
from .targets import TARGETS

CASES = [(name, path) for name in TARGETS for path in regressions(name)]


@pytest.mark.parametrize(
    ("name", "case"), CASES, ids=[f"{name}-{path.name[:20]}" for name, path in CASES]
)
def test_what_was_found_stays_mended(name: str, case: Path) -> None:
    """Each input that once broke a promise keeps them all."""
    TARGETS[name](case.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_keep_the_promises(name: str) -> None:
    """The inputs that the fuzzer begins with hold, cut in each of the ways that a seed can say."""
    for seed in seeds(name):
        for cut in range(24):
            TARGETS[name](bytes([cut]) + seed[1:])


def test_each_case_has_a_target() -> None:
    """No case is left behind by a target that was renamed."""
    assert [path.name for path in REGRESSIONS.glob("*") if path.name not in TARGETS] == []
