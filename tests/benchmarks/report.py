"""The results as a table for the terminal, and as JSON."""

from __future__ import annotations

import datetime
import json
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from .answers import WIRES
from .figures import FIGURES
from .place import processor
from .rounds import Measured

__all__ = ["limit_of", "shown_cost", "title_of", "to_json", "to_table"]

BASELINE: Final = "by hand"
OTHER_WIRES_LIMIT: Final = 1.7
IMPORT_LIMIT: Final = 1.6
MEMORY_LIMIT_KIB: Final = 27.0
_VERSIONS: Final = ("headwater", "aiohttp", "attrs", "msgspec", "pluggy", "uvloop")


def title_of(measured: Measured) -> str:
    """Name a result."""
    if measured.figure == "import":
        return "import, beside asyncio, attrs, pluggy, msgspec"
    return f"{WIRES[measured.wire].title}: {FIGURES[measured.figure].title}"


def shown_cost(measured: Measured, name: str) -> str:
    """Show what it cost a client, with its unit."""
    cost = measured.cost(name)
    if measured.figure == "memory":
        return f"{cost:.1f} KiB"
    if measured.figure == "import":
        return f"{cost * 1e3:.1f} ms"
    return f"{cost * 1e6:.2f} µs" if cost < 99e-6 else f"{cost * 1e6:.0f} µs"


def limit_of(measured: Measured) -> float | None:
    """Give the ratio that is to be reached."""
    if measured.figure == "import":
        return IMPORT_LIMIT
    limit = FIGURES[measured.figure].limit
    if limit is None or measured.wire in ("chat", "anthropic"):
        return limit
    return max(limit, OTHER_WIRES_LIMIT)


def _verdict(measured: Measured, name: str) -> str:
    if measured.figure == "memory":
        is_met = measured.cost(name) <= MEMORY_LIMIT_KIB
        return f"{MEMORY_LIMIT_KIB:g} KiB{'' if is_met else ' MISSED'}"
    limit = limit_of(measured)
    if limit is None:
        return ""
    return f"{limit:g}{'' if measured.ratio(name, BASELINE) <= limit else ' MISSED'}"


def _rows(results: Iterable[Measured]) -> list[list[str]]:
    rows = []
    for measured in results:
        title = title_of(measured)
        for name in measured.names():
            row = [title, name, shown_cost(measured, name)]
            if name != BASELINE:
                ratios = measured.ratios(name, BASELINE)
                spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
                row += [f"{measured.ratio(name, BASELINE):.2f}", spread, _verdict(measured, name)]
            rows.append(row)
            title = ""
    return rows


def to_table(results: Sequence[Measured]) -> str:
    """Lay the results out for a terminal."""
    head = ["CPU time", "client", "cost", "ratio", "of all rounds", "at most"]
    rows = [head, *([*row, *[""] * (len(head) - len(row))] for row in _rows(results))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "-" * max(len(line) for line in lines))
    return "\n".join(lines)


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def to_json(results: Iterable[Measured]) -> str:
    """Write the results down, with when and on what they were measured."""
    found = {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "machine": {
            "processor": processor(),
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "system": platform.system(),
        },
        "versions": {name: _version(name) for name in _VERSIONS},
        "results": [
            {"figure": each.figure, "wire": each.wire, "rounds": each.rounds} for each in results
        ],
    }
    return json.dumps(found, indent=1) + "\n"
