"""Who may import whom, and what an import costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("aiohttp", "structlog", "rich", "click", "hypothesis", "pytest", "headwater_demo")
EXTRAS = ("aiosqlite", "genai_prices", "platformdirs", "sqlite3")


def _modules_after(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter and tell which top-level packages it loaded."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("package", HEAVY)
def test_importing_headwater_loads_nothing_heavy(package: str) -> None:
    """`import headwater` loads no network, no log library, no terminal, no plugin."""
    assert package not in _modules_after("import headwater")


@pytest.mark.parametrize("package", [*HEAVY, *EXTRAS])
def test_importing_the_session_loads_no_extra(package: str) -> None:
    """`headwater.session` loads what it keeps conversations with when it does."""
    assert package not in _modules_after("import headwater.session")


def test_a_plugin_without_http_loads_no_network() -> None:
    """What is not sent over HTTP does not load aiohttp."""
    statement = (
        "import asyncio\nfrom headwater import Runner\nfrom headwater_demo import Demo\n"
        "asyncio.run(Runner(providers={'d': Demo(delay_s=0)}).chat('d/echo', 'hi'))"
    )
    assert "aiohttp" not in _modules_after(statement)
