"""The table of scenarios: each failure, on each wire, as the caller and the server see it."""

from __future__ import annotations

from . import rows_end, rows_leaving, rows_plugins, rows_retry, rows_safety, rows_time
from .bench import Result, play
from .scenario import Scenario

__all__ = ["SCENARIOS", "Result", "Scenario", "play"]

SCENARIOS: list[Scenario] = [
    *rows_retry.ROWS,
    *rows_time.ROWS,
    *rows_end.ROWS,
    *rows_leaving.ROWS,
    *rows_safety.ROWS,
    *rows_plugins.ROWS,
]
