"""What all tests share."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from .patience import PatientLoop, install

install()  # before anything that keeps `time.monotonic` is imported


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run each test in a loop that no stall of the machine makes late, unless it is about that."""
    if item.get_closest_marker("real_time"):
        return {"real": asyncio.SelectorEventLoop}
    return {"patient": PatientLoop}


def _skipped(reporter: pytest.TerminalReporter) -> list[Any]:
    """List what was skipped and should not be: that a provider lacks something is no gap."""
    reports = reporter.stats.get("skipped", [])
    return [report for report in reports if "does not apply: " not in str(report.longrepr)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests were skipped where none may be."""
    skipped = _skipped(terminalreporter)
    if skipped and os.environ.get("HEADWATER_SKIP_NOTHING"):
        terminalreporter.section("skipped, and none may be")
        for report in skipped:
            terminalreporter.line(f"{report.nodeid}: {report.longrepr[2]}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which a test was skipped, where the environment says that none may be."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    assert reporter is not None
    if os.environ.get("HEADWATER_SKIP_NOTHING") and _skipped(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
