"""Break a copy of the sources, and see whether the tests notice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

import attrs

from .mutation import CHECKOUT, Mutation

__all__ = ["Outcome", "Verdict", "try_mutation", "try_nothing"]

LIMIT_S: Final = 40.0  # of one mutation
_TEST_S: Final = 10.0  # of one test, some of which wait for ever when their code is broken
_OPTIONS: Final = ("-x", "-q", "--tb=no", "-p", "no:cacheprovider", f"--timeout={_TEST_S:g}")
_PASSED: Final = 0
_FAILED: Final = 1  # pytest's other codes say that it could not do what it was told


class Verdict(StrEnum):
    """What the tests made of a mutation."""

    CAUGHT = "caught"
    SURVIVED = "survived"
    UNCLEAR = "no verdict"


@attrs.frozen
class Outcome:
    """Hold how the tests of a mutation ended.

    Attributes:
        verdict: What they made of it.
        seconds: How long that took.
        said: The test that failed, or what pytest said where it gave no verdict.
    """

    verdict: Verdict
    seconds: float
    said: str


def try_mutation(mutation: Mutation) -> Outcome:
    """Apply a mutation to a copy of the sources, and run its tests against that."""
    with _copy() as copy:
        file = copy / mutation.file
        file.write_text(mutation.apply(file.read_text("utf-8")), "utf-8")
        return _run(copy, mutation.tests, LIMIT_S)


def try_nothing(tests: Sequence[str]) -> Outcome:
    """Run tests against a copy in which nothing is broken, which they must not notice."""
    with _copy() as copy:
        return _run(copy, tests, len(tests) * LIMIT_S)


@contextmanager
def _copy() -> Iterator[Path]:
    """Copy the sources, with their bytecode: of what is then broken it is out of date."""
    with tempfile.TemporaryDirectory(prefix="headwater-mutation-") as folder:
        for source in _sources():
            shutil.copytree(CHECKOUT / source, Path(folder) / source)
        yield Path(folder)


def _sources() -> list[Path]:
    """List the folders of the sources, in the checkout as in a copy."""
    folders = [CHECKOUT / "core" / "src", *sorted(CHECKOUT.glob("plugins/*/src"))]
    return [folder.relative_to(CHECKOUT) for folder in folders]


def _run(copy: Path, tests: Sequence[str], limit_s: float) -> Outcome:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(copy / source) for source in _sources()),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(copy / "hypothesis"),
    }
    began = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *_OPTIONS, *tests],
            cwd=CHECKOUT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(Verdict.CAUGHT, limit_s, f"nothing ended within {limit_s:g} seconds")
    seconds = time.monotonic() - began
    if done.returncode == _PASSED:
        return Outcome(Verdict.SURVIVED, seconds, "")
    lines = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
    if done.returncode == _FAILED:
        return Outcome(Verdict.CAUGHT, seconds, failed[0] if failed else "")
    return Outcome(Verdict.UNCLEAR, seconds, "\n".join(failed or lines[-3:]))
