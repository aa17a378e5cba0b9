"""`python -m tests.mutations [--only NAME]`: break the code, and see whether the tests notice.

Each mutation is made in a copy of the sources, against which the tests run that are to notice it,
two at a time. Before that the same tests run with nothing broken.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from .listed import MUTATIONS
from .mutation import Mutation
from .run import Outcome, Verdict, try_mutation, try_nothing

_AT_ONCE: Final = 2


def main() -> int:
    """Try the mutations, and tell by the exit code whether each was caught."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", metavar="NAME", action="append", help="this one; may be repeated")
    names = parser.parse_args().only
    chosen = [mutation for mutation in MUTATIONS if names is None or mutation.name in names]
    if names is not None and len(chosen) != len(set(names)):
        known = "\n    ".join(mutation.name for mutation in MUTATIONS)
        parser.error(f"there is none of that name; there are\n    {known}")
    if not _holds_unbroken(chosen):
        return 2
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        outcomes = []
        for mutation, outcome in zip(chosen, pool.map(try_mutation, chosen), strict=True):
            _show(mutation, outcome)
            outcomes.append(outcome)
    counts = Counter(outcome.verdict for outcome in outcomes)
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()))
    return 0 if counts[Verdict.CAUGHT] == len(chosen) else 1


def _holds_unbroken(chosen: Sequence[Mutation]) -> bool:
    """Tell whether the tests pass where nothing is broken, so that their failing says something."""
    tests = sorted({test for mutation in chosen for test in mutation.tests})
    unbroken = try_nothing(tests)
    if unbroken.verdict is Verdict.SURVIVED:
        print(f"nothing broken: {len(tests)} tests pass in {unbroken.seconds:.1f} s", flush=True)
        return True
    print(f"nothing is broken, and yet: {unbroken.said}", file=sys.stderr)
    return False


def _show(mutation: Mutation, outcome: Outcome) -> None:
    print(
        f"{outcome.verdict:10} {outcome.seconds:5.1f} s  {mutation.area:10} {mutation.name}",
        flush=True,
    )
    if outcome.verdict is not Verdict.CAUGHT:
        print(f"    {mutation.file}: {mutation.broken}\n    {outcome.said}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
