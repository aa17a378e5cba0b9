"""The page on performance shows what was measured, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .page import PAGE, filled
from .report import FOLDER, load, save
from .rounds import Measured


def test_the_page_shows_what_was_saved() -> None:
    """No figure on it was typed: `python -m tests.benchmarks page` writes them."""
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page) == page


@pytest.mark.parametrize("part", ["ratios", "peers", "uvloop", "layers", "scaling"])
def test_results_name_no_host_and_no_folder(part: str) -> None:
    """They say when, on what processor, with which versions, and no more of the machine."""
    found = load(part)
    assert found is not None
    assert set(found) == {"date", "machine", "versions", "results"}
    assert set(found["machine"]) == {"processor", "python", "system"}
    assert str(FOLDER) not in json.dumps(found)


def test_what_is_saved_is_put_between_its_marks(tmp_path: Path) -> None:
    """The text round the marks stays, and a part that nobody saved stays as it is."""
    costs = {"by hand": 2e-6, "headwater": 3e-6}
    save("ratios", [Measured("token", "chat", [costs, costs])], tmp_path)
    page = "a\n<!-- measured: ratios -->\nold\n<!-- end -->\nb\n"
    other = "<!-- measured: peers -->\nkept\n<!-- end -->\n"
    got = filled(page + other, tmp_path)
    assert "| Chat Completions | everything at once, a token | 2.00 µs | 3.00 µs | 1.50 |" in got
    assert got.startswith("a\n<!-- measured: ratios -->\n")
    assert "old" not in got
    assert got.endswith("<!-- end -->\nb\n" + other)
