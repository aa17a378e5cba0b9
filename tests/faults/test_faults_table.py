"""Every scenario of the table holds, on each of its wires, and the page shows it."""

from __future__ import annotations

import pytest

from .table import CASES, Case, page, play

PAGE = page.read(page.PAGE.read_text(encoding="utf-8"))
WAITING = ("Time", "Memory")  # chapters in which limits pass, and megabytes are sent
FIRST = {(case.chapter, case.scenario.name): case for case in reversed(CASES)}


def _marks(case: Case) -> list[pytest.MarkDecorator]:
    """Mark as slow what is, and all wires of a scenario but the first."""
    is_first = FIRST[case.chapter, case.scenario.name] is case
    is_slow = case.scenario.is_slow or case.chapter in WAITING
    return [] if is_first and not is_slow else [pytest.mark.slow]


PARAMS = [
    pytest.param(case, id=f"{case.chapter}: {case.scenario.name} [{case.wire}]", marks=_marks(case))
    for case in CASES
]


@pytest.mark.parametrize("case", PARAMS)
async def test_a_scenario_holds(case: Case) -> None:
    """What the caller gets, and what the server sees, is what the table and the page say."""
    seen = await play(case)
    assert seen == PAGE.get((case.chapter, case.scenario.name, case.wire)), "run: make faults"


def test_the_page_has_these_scenarios_and_no_others() -> None:
    """The page is written from the code as it is."""
    named = [(case.chapter, case.scenario.name, case.wire) for case in CASES]
    assert set(named) == set(PAGE), "run: make faults"
    assert len(named) == len(set(named)) >= 120
