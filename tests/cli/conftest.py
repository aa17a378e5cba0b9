"""What the tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest

from .inside import Inside
from .shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Run the command with the scenes installed beside what is installed anyway."""
    return Shell(tmp_path)


@pytest.fixture
def broken_shell(tmp_path: Path) -> Shell:
    """Run the command with broken plugins beside the good ones."""
    return Shell(tmp_path, ("stage", "broken"))


@pytest.fixture
def inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Inside:
    """Run the command in this process, with the scenes installed beside what is anyway."""
    return Inside(tmp_path, monkeypatch, capsys)
