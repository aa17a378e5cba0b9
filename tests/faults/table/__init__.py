"""The table of scenarios: each failure, on each wire, as the caller and the server see it.

`python -m tests.faults.table` plays them all and writes the page of the documentation.
"""

from __future__ import annotations

from . import (
    page,
    rows_bytes,
    rows_connections,
    rows_end,
    rows_leaving,
    rows_memory,
    rows_plugins,
    rows_retry,
    rows_secrets,
    rows_statuses,
    rows_time,
)
from .bench import Result, play
from .scenario import Case, Chapter, Scenario

__all__ = ["CASES", "CHAPTERS", "Case", "Chapter", "Result", "Scenario", "page", "play"]

CHAPTERS: list[Chapter] = [
    *rows_statuses.CHAPTERS,
    *rows_retry.CHAPTERS,
    rows_time.CHAPTER,
    *rows_end.CHAPTERS,
    rows_bytes.CHAPTER,
    rows_leaving.CHAPTER,
    rows_memory.CHAPTER,
    *rows_secrets.CHAPTERS,
    rows_connections.CHAPTER,
    rows_plugins.CHAPTER,
]
CASES: list[Case] = [case for chapter in CHAPTERS for case in chapter.cases()]
