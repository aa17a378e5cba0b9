"""Measure Headwater beside clients written by hand, in CPU time.

    python -m tests.benchmarks --only token,call --wire anthropic --rounds 3
    python -m tests.benchmarks --beside ../another-checkout
    python -m tests.benchmarks layers --wire chat

Parts: `ratios` (the default), `layers` (where the time goes), `baseline` (write anew the counts of
instructions that the tests guard).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from .answers import WIRES
from .figures import FIGURES
from .instructions import BASELINE, count_all, write_baseline
from .layers import measure_layers, show_layers
from .report import to_json, to_table
from .rounds import Contender, import_costs, measure
from .server import serving

KEYS: Final = [*FIGURES, "import"]


def _chosen(known: list[str]) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        chosen = text.split(",")
        for one in chosen:
            if one not in known:
                raise argparse.ArgumentTypeError(f"{one!r} is none of {', '.join(known)}")
        return chosen

    return read


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", nargs="?", choices=[*PARTS], default="ratios")
    parser.add_argument("--only", type=_chosen(KEYS), default=KEYS, help=", ".join(KEYS))
    parser.add_argument("--wire", type=_chosen([*WIRES]), default=[*WIRES], help=", ".join(WIRES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beside", type=Path, help="another checkout, measured in the same run")
    parser.add_argument("--json", type=Path, help="where to write the results")
    return parser.parse_args()


def _ratios(asked: argparse.Namespace) -> None:
    contenders = [Contender("by hand", "by hand"), Contender("headwater", "headwater")]
    if asked.beside:
        contenders.append(Contender("beside", "headwater", checkout=asked.beside.resolve()))
    results = []
    figures = [figure for figure in asked.only if figure in FIGURES]
    with serving() as address:
        for wire in asked.wire if figures else []:
            print(f"measuring {WIRES[wire].title}", file=sys.stderr)
            results += measure(contenders, wire, figures, asked.rounds, address)
    if "import" in asked.only:
        results.append(import_costs(contenders, asked.rounds + 4))
    print(to_table(results))
    if asked.json:
        asked.json.write_text(to_json(results))


def _layers(asked: argparse.Namespace) -> None:
    print(show_layers(measure_layers(asked.wire)))


def _baseline(_asked: argparse.Namespace) -> None:
    write_baseline(count_all())
    print(f"wrote {BASELINE.name}: commit it with what made the counts change")


PARTS: Final[Mapping[str, Callable[[argparse.Namespace], None]]] = {
    "ratios": _ratios,
    "layers": _layers,
    "baseline": _baseline,
}


def main() -> None:
    """Do the part that is asked for."""
    asked = _arguments()
    PARTS[asked.part](asked)


if __name__ == "__main__":
    main()
