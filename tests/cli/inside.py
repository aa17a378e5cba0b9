"""Running the command within the test's own process, which costs no start of an interpreter."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import attrs
import pytest

from headwater_cli._main import run

from .shell import PACKAGES, Done, Shell


@attrs.frozen
class Inside:
    """Run the command as `Shell` does, but for the process: pipes alone, no terminal.

    Attributes:
        folder: Where it runs.
        packages: Which of the test's packages are installed.
    """

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    packages: tuple[str, ...] = ("stage",)

    def run(self, *arguments: str, given: str = "", **variables: str) -> Done:
        """Run it to its end."""
        environment = Shell(self.folder).environment(**variables)
        with self.monkeypatch.context() as patch:
            for name in os.environ.keys() - environment.keys():
                patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            for package in self.packages:
                patch.syspath_prepend(PACKAGES / package)
            patch.chdir(self.folder)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
            code = run(arguments)
        printed = self.capsys.readouterr()
        return Done(code, printed.out, printed.err)
