"""What the tests of the measuring share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..patience import uninstalled


@pytest.fixture(autouse=True)
def _by_the_clock_on_the_wall() -> Iterator[None]:
    """Measure what a user would have: no clock of ours."""
    with uninstalled():
        yield
