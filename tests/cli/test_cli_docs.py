"""Tests that the reference of the command line tells all of it."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from headwater_cli._errors import ExitCode
from headwater_cli._main import commands
from headwater_cli._options import OPTION_NAMES

from .test_cli_json import RESPONSE_FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*OPTION_NAMES, *sorted(RESPONSE_FIELDS)])
def test_every_name_is_documented(name: str) -> None:
    """Each key of -o and each field of the answer stands in the reference."""
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("code", ExitCode, ids=lambda code: str(int(code)))
def test_every_exit_code_is_documented(code: ExitCode) -> None:
    """Each exit code has its row."""
    assert f"\n| {int(code)} | " in PAGE


@pytest.mark.parametrize("name", sorted(commands.commands))
def test_every_command_is_documented(name: str) -> None:
    """Each command has its section, and in it its own commands and each of the long options."""
    _, found, section = PAGE.partition(f"\n## headwater {name}\n")
    assert found
    section = section.partition("\n## ")[0]
    command = commands.commands[name]
    inner = command.commands if isinstance(command, click.Group) else {}
    wanted = [f"headwater {name} {inner_name}" for inner_name in inner]
    params = [p for one in (command, *inner.values()) for p in one.params]
    wanted += [flag for param in params for flag in param.opts if flag[:2] == "--"]
    assert [text for text in wanted if text not in section] == []
