"""The results as a table for the terminal, and as JSON that the documentation is made from."""

from __future__ import annotations

import datetime
import json
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from .answers import WIRES
from .figures import FIGURES
from .place import CHECKOUT, processor
from .rounds import BASELINE, OURS, Measured

__all__ = [
    "BESIDE",
    "FOLDER",
    "limit_of",
    "load",
    "save",
    "shown_cost",
    "title_of",
    "to_table",
    "verdict",
]

FOLDER: Final = CHECKOUT / "docs" / "explanation" / "performance"
BESIDE: Final = "beside"
OTHER_WIRES_LIMIT: Final = 1.7
IMPORT_LIMIT: Final = 1.6
MEMORY_LIMIT_KIB: Final = 27.0
_TITLES: Final = {
    "import": "import, beside asyncio, attrs, pluggy, msgspec",
    "start": "from nothing to the first answer",
}
_VERSIONS: Final = ("headwater", "aiohttp", "attrs", "msgspec", "pluggy", "uvloop")


def title_of(measured: Measured) -> str:
    """Name a result, without its wire."""
    return _TITLES.get(measured.figure) or FIGURES[measured.figure].title


def shown_cost(measured: Measured, name: str) -> str:
    """Show what it cost a client, with its unit."""
    cost = measured.cost(name)
    if measured.figure == "memory":
        return f"{cost:.1f} KiB"
    if cost >= 9.9e-3:
        return f"{cost * 1e3:.0f} ms"
    return f"{cost * 1e6:.2f} µs" if cost < 9.9e-6 else f"{cost * 1e6:,.0f} µs"


def limit_of(measured: Measured) -> float | None:
    """Give the ratio that is to be reached, None where there is none."""
    if measured.figure == "import":
        return IMPORT_LIMIT
    limit = FIGURES[measured.figure].limit if measured.figure in FIGURES else None
    if limit is None or measured.wire in ("chat", "anthropic"):
        return limit
    return max(limit, OTHER_WIRES_LIMIT)


def verdict(measured: Measured, name: str) -> str:
    """Say what Headwater is to reach, and whether it does not."""
    if name not in (OURS.name, BESIDE):
        return ""
    if measured.figure == "memory":
        is_met = measured.cost(name) <= MEMORY_LIMIT_KIB
        return f"{MEMORY_LIMIT_KIB:g} KiB{'' if is_met else ' (missed)'}"
    limit = limit_of(measured)
    if limit is None:
        return ""
    return f"{limit:g}{'' if measured.ratio(name) <= limit else ' (missed)'}"


def _rows(results: Iterable[Measured]) -> list[list[str]]:
    rows = []
    for measured in results:
        wire = WIRES[measured.wire].title + ": " if measured.wire else ""
        title = wire + title_of(measured)
        for name in measured.names():
            row = [title, name, shown_cost(measured, name)]
            if name != BASELINE.name:
                ratios = measured.ratios(name)
                spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
                row += [f"{measured.ratio(name):.2f}", spread, verdict(measured, name)]
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


def save(part: str, results: object, folder: Path, more: Iterable[str] = ()) -> None:
    """Write a part's results down, with when and on what they were measured.

    Args:
        part: Its name, and the file's.
        results: What is JSON, or `Measured` values.
        folder: Where to.
        more: Further distributions whose versions matter.
    """
    if isinstance(results, list):
        results = [
            {"figure": each.figure, "wire": each.wire, "rounds": each.rounds} for each in results
        ]
    versions = {name: _version(name) for name in [*_VERSIONS, *more]}
    found = {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "machine": {
            "processor": processor(),
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "system": platform.system(),
        },
        "versions": {name: number for name, number in versions.items() if number},
        "results": results,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{part}.json").write_text(json.dumps(_rounded(found), indent=1) + "\n")


def _rounded(value: Any) -> Any:
    """Keep four digits, which is more than any measurement has."""
    match value:
        case float():
            return float(f"{value:.4g}")
        case dict():
            return {name: _rounded(each) for name, each in value.items()}
        case list() | tuple():
            return [_rounded(each) for each in value]
        case _:
            return value


def load(part: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """Read a part's results, None if there are none."""
    path = folder / f"{part}.json"
    return json.loads(path.read_text()) if path.exists() else None
