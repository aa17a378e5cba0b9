"""The page `docs/explanation/performance.md`: what was saved, put where its marks stand.

A mark is a comment, `<!-- measured: NAME -->`, and what follows it up to `<!-- end -->` is written
anew.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from .answers import WIRES
from .layers import COSTS
from .report import FOLDER, load, shown_cost, title_of, verdict
from .rounds import BASELINE, OURS, Measured
from .scaling import SCALES

__all__ = ["PAGE", "filled", "write_page"]

PAGE: Final = FOLDER.with_suffix(".md")
_MARKED: Final = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _results(found: Mapping[str, Any]) -> list[Measured]:
    return [Measured(**each) for each in found["results"]]


def _circumstances(found: Mapping[str, Any]) -> str:
    machine = found["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return (
        f"Measured on {found['date']}: {machine['processor']}, {machine['system']}, "
        f"{machine['python']}.\n{versions}."
    )


def _compared(results: Iterable[Measured]) -> str:
    """Lay out ours beside the clients written by hand."""
    rows = []
    for each in results:
        wire = WIRES[each.wire].title if each.wire else ""
        ratio = f"{each.ratio(OURS.name):.2f}"
        costs = [shown_cost(each, name) for name in (BASELINE.name, OURS.name)]
        rows.append([wire, title_of(each), *costs, ratio, verdict(each, OURS.name)])
    table = _table(["wire", "what", "by hand", "Headwater", "ratio", "at most"], rows)
    return f"{table}\n\n![Headwater beside clients written by hand](performance/ratios.svg)"


def _each_client(results: Iterable[Measured]) -> str:
    """Lay out all clients, a table for each wire, in terms of the one written by hand."""
    by_wire: dict[str, list[Measured]] = {}
    for each in results:
        by_wire.setdefault(each.wire, []).append(each)
    tables = []
    for wire, measured in by_wire.items():
        head = [WIRES[wire].title, *(title_of(each) for each in measured)]
        rows = [
            [name, *(f"{shown_cost(each, name)} ({each.ratio(name):.1f}×)" for each in measured)]
            for name in measured[0].names()
        ]
        tables.append(_table(head, rows))
    return "\n\n".join(tables)


def _layers(found: Mapping[str, Any]) -> str:
    results = found["results"]
    shown = [wire for wire in ("chat", "anthropic") if wire in results]
    head = ["µs", *(f"{WIRES[wire].title}, {what}" for wire in shown for what in COSTS)]
    columns = [results[wire][what] for wire in shown for what in COSTS]
    rows = [[name, *(f"{column[name] * 1e6:.2f}" for column in columns)] for name in columns[0]]
    total = [f"{sum(column.values()) * 1e6:.2f}" for column in columns]
    return _table(head, [*rows, ["all of it", *total]])


def _scales(found: Mapping[str, Any]) -> str:
    parts = []
    for key, points in found["results"].items():
        scale = SCALES[key]
        names = list(points[0][1])
        head = [scale.of, *(f"{name}, {scale.unit}" for name in names)]
        rows = [[f"{size:,}", *(f"{costs[name]:.2f}" for name in names)] for size, costs in points]
        if key == "start":
            rows = [row[1:] for row in rows]
            head = head[1:]
        picture = f"\n\n![{scale.title}](performance/{key}.svg)" if len(points) > 1 else ""
        parts.append(f"### {scale.title}\n\n{_table(head, rows)}{picture}")
    return "\n\n".join(parts)


def _peers(found: Mapping[str, Any]) -> str:
    results = _results(found)
    return (
        f"{_each_client(results)}\n\n![CPU time a token](performance/peers.svg)\n\n"
        f"{_circumstances(found)}"
    )


def _with(body: Callable[[list[Measured]], str]) -> Callable[[Mapping[str, Any]], str]:
    return lambda found: f"{body(_results(found))}\n\n{_circumstances(found)}"


_PARTS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "ratios": _with(_compared),
    "peers": _peers,
    "uvloop": _with(_each_client),
    "layers": lambda found: f"{_layers(found)}\n\n{_circumstances(found)}",
    "scaling": lambda found: f"{_scales(found)}\n\n{_circumstances(found)}",
}


def filled(page: str, folder: Path = FOLDER) -> str:
    """Give the page with what was measured; a part that nobody saved stays as it is."""

    def write(mark: re.Match[str]) -> str:
        found = load(mark[2], folder)
        return mark[0] if found is None else f"{mark[1]}\n{_PARTS[mark[2]](found)}\n\n{mark[3]}"

    return _MARKED.sub(write, page)


def write_page() -> None:
    """Write the page and its pictures."""
    PAGE.write_text(filled(PAGE.read_text()))
    if find_spec("matplotlib") is None:
        print("the plots stay as they are: matplotlib is not installed", file=sys.stderr)
        return
    from .plots import (
        costs_of,
        draw_bars,
        draw_ratios,
        draw_scale,
    )  # matplotlib is of an optional group

    if (ratios := load("ratios")) is not None:
        draw_ratios(_results(ratios), FOLDER / "ratios.svg")
    if (scaling := load("scaling")) is not None:
        for key, points in scaling["results"].items():
            if len(points) > 1:
                draw_scale(key, points, FOLDER / f"{key}.svg")
    if (peers := load("peers")) is not None:
        costs = costs_of(_results(peers), "token", "chat")
        micro = {name: cost * 1e6 for name, cost in costs.items()}
        draw_bars("Chat Completions", micro, "µs of CPU a token", FOLDER / "peers.svg")
