"""`python -m tests.chaos`: ten thousand streams, and what came of them.

The seed is printed; the same one makes the same faults and consumers again.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys

from .run import Report, chaos


def main() -> int:
    """Run, print, and say by the exit code whether anything was as it must not be."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--streams", type=int, default=10_000)
    parser.add_argument("--slots", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    told = parser.parse_args()
    print(f"{told.streams} streams over {told.slots} slots, --seed {told.seed}", flush=True)
    report = asyncio.run(chaos(told.streams, told.slots, told.seed))
    _show(report)
    return 1 if report.violations else 0


def _show(report: Report) -> None:
    print(f"\n{'done':>8} {'seconds':>8} {'RSS MiB':>8} {'files':>6} {'tasks':>6}")
    for sample in report.samples:
        print(
            f"{sample.done:8} {sample.at_s:8.1f} {sample.rss_bytes / 2**20:8.1f} "
            f"{sample.descriptors:6} {sample.tasks:6}"
        )
    print("\nhow the streams ended")
    for outcome, count in report.outcomes.most_common():
        print(f"{count:8} {outcome}")
    print("\nattempts of a stream")
    for attempts, count in sorted(report.attempts.items()):
        print(f"{count:8} {attempts}")
    print("\nwhat the server saw")
    for what, count in report.server.items():
        print(f"{count:8} {what}")
    print(f"\n{report.duration_s:.1f} seconds, {len(report.violations)} violations")
    for violation in report.violations[:50]:
        print(f"    {violation}")


if __name__ == "__main__":
    sys.exit(main())
