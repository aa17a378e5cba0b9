"""The list of mutations keeps up with the code; `make mutate` tries them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from . import MUTATIONS, Area, Mutation
from .mutation import CHECKOUT
from .run import Verdict, try_mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_applies(mutation: Mutation) -> None:
    """Its text stands in the code once, and what it makes of that is Python still."""
    source = (CHECKOUT / mutation.file).read_text("utf-8")
    broken = mutation.apply(source)
    assert broken != source
    compile(broken, str(mutation.file), "exec")


def test_there_are_many_mutations_of_every_area() -> None:
    """Names are their own, and no area is left out."""
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 25
    counts = Counter(mutation.area for mutation in MUTATIONS)
    assert all(counts[area] >= 5 for area in Area)


@pytest.mark.slow
def test_the_tests_that_mutations_name_are_there() -> None:
    """Each is found by pytest."""
    tests = sorted({test for mutation in MUTATIONS for test in mutation.tests})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *tests],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2_000:]


@pytest.mark.slow
def test_a_mutation_is_tried_on_a_copy() -> None:
    """One is caught, and the sources are as they were."""
    mutation = MUTATIONS[0]
    before = (CHECKOUT / mutation.file).read_bytes()
    assert try_mutation(mutation).verdict is Verdict.CAUGHT
    assert (CHECKOUT / mutation.file).read_bytes() == before
