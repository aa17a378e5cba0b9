"""Whatever a server and a consumer do: the whole answer once, or an error with a true partial."""

from __future__ import annotations

import os

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from .faults_machine import FaultsMachine, Told, calls, make_at_once
from .faults_world import LeapingWorld, SocketWorld

MORE = int(os.environ.get("HEADWATER_EXAMPLES", "1"))  # `make chaos` asks for more

_REAL = settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])  # no shrinking
_SHORT = st.sampled_from([0.0, 0.0, 0.0, 0.001, 0.01])
_ANY = st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.5, 1.9, 2.5, 6.0])


@pytest.mark.slow
@settings(max_examples=300 * MORE)
@given(told=st.lists(calls(_ANY), min_size=1, max_size=6))
def test_calls_are_whole_or_fail(told: list[Told]) -> None:
    """Calls at once, without sockets and in a time of their own: none disturbs another."""
    make_at_once(LeapingWorld(), told)


@pytest.mark.slow
@settings(_REAL, max_examples=30 * MORE)
@given(told=st.lists(calls(_SHORT), min_size=1, max_size=8))
def test_calls_over_sockets_are_whole_or_fail(told: list[Told]) -> None:
    """The same over real sockets, where the server has to see each connection end."""
    make_at_once(SocketWorld(), told)


class InLeaps(FaultsMachine):
    """Calls by turns, without sockets and in a time of their own."""

    make_world = LeapingWorld
    pauses = _ANY


class OverSockets(FaultsMachine):
    """Calls by turns, over real sockets."""

    make_world = SocketWorld
    pauses = _SHORT


TestFaultsInLeaps = pytest.mark.slow(InLeaps.TestCase)
TestFaultsInLeaps.settings = settings(max_examples=100 * MORE, stateful_step_count=20)

TestFaultsOverSockets = pytest.mark.slow(OverSockets.TestCase)
TestFaultsOverSockets.settings = settings(_REAL, max_examples=20 * MORE, stateful_step_count=12)
