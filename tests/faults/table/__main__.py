"""Play all scenarios, and write the page that shows what was seen."""

from __future__ import annotations

import asyncio
import sys
import time

from ...patience import install
from . import CASES, page, play


def main() -> None:
    """Do so; the first broken promise ends it."""
    install()
    started_at = time.monotonic()
    results = {}
    for case in CASES:
        try:
            results[case] = asyncio.run(play(case))
        except AssertionError as error:
            sys.exit(f"{case.chapter}: {case.scenario.name} [{case.wire}]: {error}")
    page.PAGE.write_text(page.write(results), encoding="utf-8")
    took_s = time.monotonic() - started_at
    print(f"{len(results)} playings hold, in {took_s:.0f} s; written: {page.PAGE.name}")


if __name__ == "__main__":
    main()
