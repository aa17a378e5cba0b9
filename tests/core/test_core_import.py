"""Light: what an import costs, and what it leaves for later."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("aiohttp", "rich", "click", "structlog", "prompt_toolkit", "ssl")
PROGRAM = """
import sys
import headwater
{more}
print(*[name for name in sys.modules if "." not in name])
"""


def loaded(more: str = "") -> set[str]:
    """Give the modules that a fresh interpreter has loaded."""
    program = PROGRAM.format(more=more)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "more", ["", "headwater.Runner()._registry.names()"], ids=["import", "listing the names"]
)
def test_importing_loads_nothing_heavy(more: str) -> None:
    """No network, no terminal, no logging library, no plugin."""
    modules = loaded(more)
    plugins = {name for name in modules if name.startswith("headwater_")}
    assert plugins == set()
    assert modules & set(HEAVY) <= loaded_by_asyncio()


def loaded_by_asyncio() -> set[str]:
    """Give what asyncio loads by itself."""
    program = "import asyncio, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())
