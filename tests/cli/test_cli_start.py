"""Tests of starting the command: help, versions, completion, and what is imported for them."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distribution, version

import pytest

from headwater_cli import main

from .shell import TIMEOUT_S, Shell

pytestmark = pytest.mark.slow  # each test runs a process

LOOK = """
import json, sys
from headwater_cli._main import run
code = run(sys.argv[1:])
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["chat", "--help"],
        ["compare", "--help"],
        ["config", "list"],
        ["chat", "-m", "demo/echo", "-o", "extra.delay_s", "0", "hi"],
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_imported_before_it_is_needed(shell: Shell, arguments: list[str]) -> None:
    """Help comes at once, and an answer on a pipe needs neither rich nor the network."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=shell.folder,
        env=shell.environment(),
        timeout=TIMEOUT_S,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    wanted = {"headwater_demo"} if "demo/echo" in arguments else set()
    heavy = {
        *("aiohttp", "aiosqlite", "markdown_it", "prompt_toolkit", "rich", "structlog"),
        *("headwater_demo", "headwater_stage"),
    }
    heavy |= {"aiosqlite", "genai_prices", "keyring", "prompt_toolkit", "tomlkit"}
    assert set(modules) & heavy == wanted


def test_help_names_the_commands(shell: Shell) -> None:
    """The commands stand in the help, each with its line."""
    done = shell.run("--help")
    assert done.code == 0
    for command in ("chat", "models", "plugins"):
        assert f"\n  {command} " in done.out


def test_no_command_shows_the_help(shell: Shell) -> None:
    """Who gives no command is shown which there are."""
    done = shell.run()
    assert done.code == 2
    assert "Commands:" in done.err


def test_an_unknown_command_is_a_usage_error(shell: Shell) -> None:
    """A misspelt command is named."""
    done = shell.run("chatt")
    assert done.code == 2
    assert "No such command 'chatt'" in done.err


def test_versions_of_core_and_plugins_are_shown(shell: Shell) -> None:
    """The core first, then every distribution that provides something, and this one."""
    done = shell.run("--version")
    lines = done.out.splitlines()
    assert done.code == 0
    assert lines[0] == f"headwater {version('headwater')}"
    assert f"headwater-cli {version('headwater-cli')}" in lines
    assert f"headwater-demo {version('headwater-demo')}" in lines
    assert "headwater-stage 1.0" in lines


def test_the_command_is_installed_by_its_name() -> None:
    """The distribution's script is this program."""
    points = distribution("headwater-cli").entry_points
    (script,) = [point for point in points if point.group == "console_scripts"]
    assert script.name == "headwater"
    assert script.load() is main


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_shells_are_given_their_completion(shell: Shell, kind: str) -> None:
    """The script for each shell is printed."""
    done = shell.run(_HEADWATER_COMPLETE=f"{kind}_source")
    assert done.code == 0
    assert "_HEADWATER_COMPLETE" in done.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("headwater chat -m st", ["stage/", "stage-models/", "stage-whole/"]),
        ("headwater chat -m broken-i", ["broken-import/"]),
        ("headwater models dem", ["demo"]),
        ("headwater chat -o te", ["temperature"]),
        ("headwater pl", ["plugins"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_words_are_completed_without_importing_plugins(
    broken_shell: Shell, words: str, expected: list[str]
) -> None:
    """Completion reads metadata: a broken plugin's name completes like any other."""
    place = len(words.split()) - 1
    done = broken_shell.run(
        _HEADWATER_COMPLETE="zsh_complete", COMP_WORDS=words, COMP_CWORD=str(place)
    )
    assert done.code == 0
    assert done.out.splitlines()[1::3] == expected
