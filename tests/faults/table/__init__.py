"""The table of scenarios: each failure, on each wire, as the caller and the server see it.

`python -m tests.faults.table` plays them all and writes the page of the documentation.
"""

from __future__ import annotations

from . import page, rows_end, rows_leaving, rows_plugins, rows_retry, rows_safety, rows_time
from .bench import Result, play
from .scenario import Case, Chapter, Scenario

__all__ = ["CASES", "CHAPTERS", "Case", "Chapter", "Result", "Scenario", "page", "play"]

CHAPTERS: list[Chapter] = [
    *rows_retry.CHAPTERS,
    rows_time.CHAPTER,
    *rows_end.CHAPTERS,
    rows_leaving.CHAPTER,
    *rows_safety.CHAPTERS,
    rows_plugins.CHAPTER,
]
CASES: list[Case] = [case for chapter in CHAPTERS for case in chapter.cases()]
