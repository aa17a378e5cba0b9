"""What all tests share."""

from __future__ import annotations

import gc
import os
import signal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from .patience import install

install()  # before anything is imported that keeps what it replaces

# A shell without job control has what it puts in the background ignore Ctrl-C, and `nohup` the end
# of the terminal; that passes to every child, some of which are interrupted here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A run draws what the one before drew, so that none fails by chance, and no example fails for being
# slow. `make chaos` draws others, and more of them.
MORE = int(os.environ.get("HEADWATER_EXAMPLES", "0"))
settings.register_profile(
    "headwater",
    derandomize=not MORE,
    max_examples=100 * max(1, MORE),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("headwater")


def pytest_collection_finish() -> None:
    """Have no collection of garbage look at thousands of tests again, some of which ask for one."""
    gc.collect()
    gc.freeze()


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
