"""The kit catches liars: each broken promise is found by the check that is about it."""

from __future__ import annotations

from typing import Final

import pytest

from headwater import ModelId
from headwater.testing.conformance import Feature, Outcome, Subject, checks, verify

from .brook import BROOK
from .liars import LIARS, Liar

pytestmark = pytest.mark.slow

_LACKS: Final = frozenset({Feature.DOCUMENTS, Feature.AUDIO, Feature.VIDEO})
# What a module does as it is imported: `test_conformance_imports.py` has the liars.
_ELSEWHERE: Final = {"importing_it_does_nothing"}


def subject(liar: Liar) -> Subject:
    """Put together what the checks look at."""
    return Subject(
        make=liar.make,
        model=ModelId("brook", "small"),
        samples=BROOK.samples(),
        unsupported=_LACKS,
        dialect=BROOK,
    )


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.name)
def test_a_liar_is_caught(liar: Liar) -> None:
    """The check that a liar is named for fails, and says what it saw."""
    (result,) = verify(subject(liar), [liar.check])
    assert result.outcome is Outcome.FAILED, result
    assert result.seen


def test_there_are_many_liars() -> None:
    """Each check that opens no socket has somebody who breaks its promise."""
    assert len({liar.name for liar in LIARS}) >= 60
    tripped = {liar.check for liar in LIARS} | _ELSEWHERE
    assert {check.name for check in checks(is_offline=True)} - tripped == set()
