"""Every scenario of the table holds, on each of its wires."""

from __future__ import annotations

import pytest

from headwater.testing.payloads import Wire

from .table import SCENARIOS, Scenario, play

CASES = [
    pytest.param(
        scenario,
        wire,
        id=f"{scenario.chapter}: {scenario.name} [{wire}]",
        marks=[pytest.mark.slow] if scenario.is_slow or wire is not scenario.wires[0] else [],
    )
    for scenario in SCENARIOS
    for wire in scenario.wires
]


@pytest.mark.parametrize(("scenario", "wire"), CASES)
async def test_a_scenario_holds(scenario: Scenario, wire: Wire) -> None:
    """What the caller gets, and what the server sees, is what the table says."""
    await play(scenario, wire)


def test_no_scenario_has_the_name_of_another() -> None:
    """Each line of the table is one."""
    names = [
        (scenario.chapter, scenario.name, wire) for scenario in SCENARIOS for wire in scenario.wires
    ]
    assert len(set(names)) == len(names)
    assert len(names) >= 120
