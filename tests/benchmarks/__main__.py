"""Measure Headwater beside clients written by hand, in CPU time.

    python -m tests.benchmarks --only token,call --wire anthropic --rounds 3
    python -m tests.benchmarks --beside ../another-checkout
    python -m tests.benchmarks layers --wire chat
    python -m tests.benchmarks all --save && python -m tests.benchmarks page

Parts:
    ratios      beside the clients written by hand (the default)
    peers       beside other libraries, as far as they are installed
    uvloop      on uvloop
    layers      where the time goes
    scaling     what happens when there is more of everything
    all         all of these
    page        put what was saved into docs/explanation/performance.md
    baseline    write anew the counts of instructions that the tests guard
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import attrs

from .answers import WIRES
from .figures import FIGURES, Figure
from .instructions import BASELINE as COUNTS
from .instructions import count_all, write_baseline
from .layers import measure_layers, show_layers
from .page import write_page
from .peers import PEERS, installed
from .report import BESIDE, FOLDER, load, save, to_table
from .rounds import BASELINE, OURS, Contender, Measured, import_costs, measure
from .scaling import SCALES, measure_scale, show_scale
from .server import serving

KEYS: Final = [*FIGURES, "import"]
_PEER_FIGURES: Final = {
    "token": attrs.evolve(FIGURES["token"], arguments=(5_000, 1), turns=1),
    "call": attrs.evolve(FIGURES["call"], arguments=(10, 20), turns=1),
    "whole": attrs.evolve(FIGURES["whole"], arguments=(200, 20), turns=1),
}


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
    parser.add_argument("--scale", type=_chosen([*SCALES]), default=[*SCALES])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beside", type=Path, help="another checkout, measured in the same run")
    parser.add_argument(
        "--save", action="store_true", help="write the results into the documentation's folder"
    )
    return parser.parse_args()


def _compare(
    contenders: list[Contender], wire: str, figures: Mapping[str, Figure], rounds: int, address: str
) -> list[Measured]:
    if not figures:
        return []
    print(f"measuring {WIRES[wire].title}", file=sys.stderr)
    return measure(contenders, wire, figures, rounds, address)


def _ratios(asked: argparse.Namespace) -> None:
    contenders = [BASELINE, OURS]
    if asked.beside:
        beside = attrs.evolve(OURS, name=BESIDE, checkout=asked.beside.resolve())
        contenders.append(beside)
    figures = {key: FIGURES[key] for key in asked.only if key in FIGURES}
    results: list[Measured] = []
    with serving() as address:
        for wire in asked.wire:
            results += _compare(contenders, wire, figures, asked.rounds, address)
    if "import" in asked.only:
        results.append(import_costs(contenders, asked.rounds + 4))
    _report("ratios", results, asked)


def _peers(asked: argparse.Namespace) -> None:
    for peer in PEERS:
        if installed(peer) is None:
            print(f"left out, as it is not installed: {peer.name}", file=sys.stderr)
    present = [peer for peer in PEERS if installed(peer) is not None]
    results: list[Measured] = []
    with serving() as address:
        for wire in dict.fromkeys(peer.wire for peer in present):
            others = [Contender(peer.name, peer.module) for peer in present if peer.wire == wire]
            contenders = [BASELINE, OURS, *others]
            results += _compare(contenders, wire, _PEER_FIGURES, asked.rounds, address)
    _report("peers", results, asked, [peer.distribution for peer in present])


def _uvloop(asked: argparse.Namespace) -> None:
    if find_spec("uvloop") is None:
        print("left out, as it is not installed: uvloop", file=sys.stderr)
        return
    on_uvloop = [
        attrs.evolve(each, name=f"{each.name}, on uvloop", on_uvloop=True)
        for each in (BASELINE, OURS)
    ]
    figures = {key: FIGURES[key] for key in ("token", "live", "call", "first")}
    with serving() as address:
        contenders = [BASELINE, OURS, *on_uvloop]
        results = _compare(contenders, "chat", figures, asked.rounds, address)
    _report("uvloop", results, asked)


def _report(
    part: str, results: list[Measured], asked: argparse.Namespace, more: list[str] | None = None
) -> None:
    print(to_table(results))
    if asked.save and results:
        save(part, results, FOLDER, more or [])


def _layers(asked: argparse.Namespace) -> None:
    with serving() as address:
        found = measure_layers(asked.wire, address)
    print(show_layers(found))
    if asked.save:
        save("layers", found, FOLDER)


def _scaling(asked: argparse.Namespace) -> None:
    found = {}
    with serving() as address:
        for key in asked.scale:
            print(f"measuring {SCALES[key].title.lower()}", file=sys.stderr)
            found[key] = measure_scale(key, address)
            print(show_scale(key, found[key]))
    if asked.save:
        kept = load("scaling") or {"results": {}}
        save("scaling", {**kept["results"], **found}, FOLDER)


def _baseline(_asked: argparse.Namespace) -> None:
    write_baseline(count_all())
    print(f"wrote {COUNTS.name}: commit it with what made the counts change")


def _page(_asked: argparse.Namespace) -> None:
    write_page()


def _all(asked: argparse.Namespace) -> None:
    for part in (_ratios, _peers, _uvloop, _layers, _scaling):
        part(asked)


PARTS: Final[Mapping[str, Callable[[argparse.Namespace], None]]] = {
    "ratios": _ratios,
    "peers": _peers,
    "uvloop": _uvloop,
    "layers": _layers,
    "scaling": _scaling,
    "all": _all,
    "page": _page,
    "baseline": _baseline,
}


def main() -> None:
    """Do the part that is asked for."""
    asked = _arguments()
    PARTS[asked.part](asked)


if __name__ == "__main__":
    main()
