"""Where things run: clients on one core, the server on another; and what machine it is."""

from __future__ import annotations

import atexit
import contextlib
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

__all__ = [
    "CHECKOUT",
    "environment",
    "on_core",
    "processor",
    "raise_files",
    "source_path",
    "staying_on_core",
]

CHECKOUT: Final = Path(__file__).parents[2]
_NO_BYTECODE: Final = "PYTHONDONTWRITEBYTECODE"


def on_core(index: int) -> None:
    """Stay on one core, where the system lets a process choose and there are two."""
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[index]})


@contextlib.contextmanager
def staying_on_core(index: int) -> Iterator[None]:
    """Stay on one core for a while; what is started meanwhile stays there too."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    on_core(index)
    try:
        yield
    finally:
        if before is not None:
            os.sched_setaffinity(0, before)


def source_path(checkout: Path = CHECKOUT) -> str:
    """Give the PYTHONPATH that imports the distributions of a checkout, whatever is installed."""
    folders = [checkout / "core" / "src", *sorted(checkout.glob("plugins/*/src"))]
    return os.pathsep.join(str(folder) for folder in folders)


def processor() -> str:
    """Name the model of the processor, and count its cores."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    return f"{name}, {os.cpu_count()} cores"


def raise_files(wanted: int) -> int:
    """Allow so many open files, as far as the system lets us; give what is allowed now."""
    try:
        import resource
    except ImportError:  # not a Unix
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if allowed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(soft, allowed)


@cache
def _bytecode() -> str:
    """Make a folder for compiled modules, which goes at the end."""
    folder = tempfile.mkdtemp(prefix="headwater-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def environment(path: str) -> dict[str, str]:
    """Give the environment of a process that imports from a path, with its bytecode kept.

    Without that, where Python is told to write none, each start would compile all sources anew.
    """
    inherited = {name: value for name, value in os.environ.items() if name != _NO_BYTECODE}
    return {**inherited, "PYTHONPATH": path, "PYTHONPYCACHEPREFIX": _bytecode()}
