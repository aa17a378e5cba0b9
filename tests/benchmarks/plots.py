"""The results as pictures, for the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from .answers import WIRES
from .figures import FIGURES
from .rounds import BASELINE, OURS, Measured
from .scaling import SCALES, Point

__all__ = ["costs_of", "draw_bars", "draw_ratios", "draw_scale"]

_COLOURS: Final = {BASELINE.name: "#9aa5b1", OURS.name: "#0b7285"}
_OTHERS: Final = ("#0b7285", "#e8590c", "#5f3dc4", "#2b8a3e")
_WIRES: Final = ("#0b7285", "#1098ad", "#66d9e8", "#adb5bd", "#ced4da")
_PEER: Final = "#d9a05b"
_METADATA: Final = ("Creator", "Date", "Format", "Type")  # none of it: a rerun changes what moved

mpl.rcParams.update(
    {
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "headwater",  # the same results give the same file
        "font.family": "sans-serif",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)


def _saved(figure: Any, path: Path) -> None:
    figure.savefig(path, format="svg", metadata=dict.fromkeys(_METADATA), bbox_inches="tight")
    lines = [line.rstrip() for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")


def draw_scale(key: str, points: Sequence[Point], path: Path) -> None:
    """Draw what one costs, against how many there are."""
    scale = SCALES[key]
    figure = Figure(figsize=(6, 3))
    axes = figure.subplots()
    sizes = [size for size, _costs in points]
    for number, name in enumerate(points[0][1]):
        costs = [each[name] for _size, each in points]
        colour = _COLOURS.get(name, _OTHERS[number % len(_OTHERS)])
        axes.plot(sizes, costs, marker="o", color=colour, label=name)
    if min(sizes) > 0:
        axes.set_xscale("log")
        axes.set_xticks(sizes, [_counted(size) for size in sizes])
        axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_title(scale.title)
    axes.set_xlabel(scale.of)
    axes.set_ylabel(scale.unit)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False)
    _saved(figure, path)


def draw_bars(title: str, costs: Mapping[str, float], unit: str, path: Path) -> None:
    """Draw what each client costs, the cheapest first; each step of the scale is ten times more."""
    figure = Figure(figsize=(6, 0.6 + 0.3 * len(costs)))
    axes = figure.subplots()
    names = sorted(costs, key=lambda name: -costs[name])
    values = [costs[name] for name in names]
    bars = axes.barh(names, values, color=[_COLOURS.get(name, _PEER) for name in names])
    axes.bar_label(bars, [_shown(value) for value in values], padding=3)
    axes.set_xscale("log")
    axes.set_xlim(min(values) / 2, max(values) * 3)
    axes.set_title(title)
    axes.set_xlabel(unit)
    _saved(figure, path)


def draw_ratios(measured: Sequence[Measured], path: Path) -> None:
    """Draw what each figure costs on each wire, in terms of the client written by hand."""
    shown = [key for key in FIGURES if FIGURES[key].limit is not None]
    ratios = {(each.figure, each.wire): each.ratio(OURS.name) for each in measured}
    wires = list(dict.fromkeys(wire for figure, wire in ratios if figure in shown))
    figure = Figure(figsize=(7, 3.2))
    axes = figure.subplots()
    width = 0.8 / len(wires)
    for number, wire in enumerate(wires):
        places = [at + (number - (len(wires) - 1) / 2) * width for at in range(len(shown))]
        heights = [ratios.get((key, wire), 0.0) for key in shown]
        axes.bar(places, heights, width * 0.9, label=WIRES[wire].title, color=_WIRES[number])
    axes.axhline(1, color="#495057", linewidth=1)
    axes.set_xticks(range(len(shown)), [fill(FIGURES[key].title, 17) for key in shown])
    axes.tick_params(axis="x", labelsize=8)
    axes.set_ylabel("times the client by hand")
    axes.set_title("CPU time beside a client written by hand")
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    _saved(figure, path)


def _shown(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def _counted(number: int) -> str:
    return str(number) if number < 1_000 else f"{number // 1_000}k"


def costs_of(measured: Iterable[Measured], figure: str, wire: str) -> dict[str, float]:
    """Pick the medians of one figure."""
    found = next(each for each in measured if (each.figure, each.wire) == (figure, wire))
    return {name: found.cost(name) for name in found.names()}
