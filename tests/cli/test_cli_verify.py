"""Tests of `headwater plugins --verify`: what an installed plugin keeps of its promises."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from .linked import link
from .shell import PACKAGES, Shell

pytestmark = pytest.mark.slow  # each test runs a process

LIAR = '''
from headwater import hookimpl
from headwater_chat_completions import ChatCompletions


class Liar:
    """Speak as others do, say nothing of itself, and talk on the terminal."""

    def __init__(self, api_key=None, base_url="https://server.test/v1"):
        self.other = ChatCompletions(base_url, api_key)

    @hookimpl
    def stream_chat(self, request, transport):
        print("\\x1b[2Jasking")
        return self.other.stream_chat(request, transport)
'''
PROJECT = """
[project]
name = "headwater-liar"
version = "0.1.0"
entry-points.headwater.liar = "headwater_liar:Liar"
"""


@pytest.fixture
def liar(tmp_path: Path) -> str:
    """Install a provider that breaks promises."""
    folder = tmp_path / "liar"
    (folder / "src").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "src" / "headwater_liar.py").write_text(LIAR)
    return link(folder)


def test_a_good_plugin_is_reported(shell: Shell) -> None:
    """Each promise has a row, what does not apply its reason, and nothing is left behind."""
    done = shell.run("plugins", "--verify", "groq")
    assert (done.code, done.err) == (0, "")
    first, heads, *rows = done.out.splitlines()
    assert first == "groq/some-model, which speaks chat-completions"
    assert heads.split() == ["VERDICT", "PROMISE", "WHY"]
    (sealed,) = [row for row in rows if row.startswith("skipped  What the provider sealed")]
    assert sealed.rstrip().endswith("found to lack sealed_reasoning")
    assert rows[-1].endswith("held, 0 broken, 1 skipped")
    assert list(shell.folder.glob(".hypothesis")) == []


def test_the_report_as_json(shell: Shell) -> None:
    """A program reads the same; a provider that sends nothing is asked for its first model."""
    done = shell.run("plugins", "--verify", "demo", "--json")
    said = json.loads(done.out)
    assert (done.code, said["model"], said["wire"]) == (0, "demo/eliza", None)
    assert said["lacks"] == ["wire"]
    assert said["is_kept"] is True
    verdicts = {row["name"]: row["verdict"] for row in said["promises"]}
    assert verdicts["hooks_fit"] == "held"
    assert verdicts["answers_are_read"] == "skipped"


def test_a_broken_promise_is_told(shell: Shell, liar: str) -> None:
    """What was promised and what was seen stand below the table; the exit code is 1."""
    done = shell.run("plugins", "--verify", "liar", PYTHONPATH=liar)
    assert done.code == 1
    assert "says_what_it_is is broken.\n  promised: It says what it is" in done.out
    assert "  seen:     it has no `info`, or one without a title" in done.out
    assert "nothing_is_printed is broken." in done.out
    assert "\x1b" not in done.out
    assert "\nbroken   A plugin does not write on the terminal. " in done.out
    assert "Traceback" not in done.err


def test_a_wire_of_its_own_needs_samples(shell: Shell) -> None:
    """Without them the report says how to give them; with them it is as any other."""
    options = ["--dialect", "ndjson", "--base-url", "https://acme.example", "--key-variable", "K"]
    shell.run("new-provider", "acme", *options)
    folder = shell.folder / "headwater-acme"
    path = link(folder)
    done = shell.run("plugins", "--verify", "acme", PYTHONPATH=path)
    assert (done.code, done.out) == (1, "")
    assert "acme speaks none of the wires" in done.err
    assert "--samples FOLDER" in done.err
    samples = ("--samples", str(folder / "tests" / "samples"))
    done = shell.run("plugins", "--verify", "acme", "--model", "big", *samples, PYTHONPATH=path)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("acme/big\n")
    assert ", 0 broken, " in done.out


def test_without_the_kit_it_says_what_to_install(shell: Shell, tmp_path: Path) -> None:
    """The kit is an extra, and its absence a sentence."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['hypothesis'] = None\n")
    done = shell.run("plugins", "--verify", "groq", PYTHONPATH=str(tmp_path))
    assert (done.code, done.out) == (1, "")
    assert 'the conformance kit needs hypothesis: pip install "headwater[testing]"' in done.err


def test_the_report_fits_a_terminal(shell: Shell) -> None:
    """In a window of 80 columns no verdict is cut off."""
    with shell.terminal("plugins", "--verify", "ollama") as terminal:
        terminal.expect("Checking ollama/some-model")
        assert terminal.wait() == 0
        lines = terminal.text.splitlines()
    rows = [line for line in lines if line.startswith(("held  ", "skipped  ", "broken  "))]
    (counts,) = [line for line in lines if ", 0 broken, " in line]
    assert len(rows) == sum(int(word) for word in counts.split() if word.isdigit())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--verify", "nope"], 2, "no plugin provides 'nope'"),
        (["--verify", "broken-import"], 1, "headwater-broken 1.0 cannot be loaded"),
        (["--verify", "broken-hook"], 1, "headwater-broken 1.0"),
        (["--model", "big"], 2, "--model and --samples go with --verify"),
        (["--verify", "groq", "--samples", "nowhere"], 2, "'nowhere' does not exist"),
        (["--verify", "groq", "--samples", "."], 1, "no file in . ends in .sample"),
    ],
    ids=["unknown", "broken-import", "broken-hook", "alone", "no-folder", "no-samples"],
)
def test_what_cannot_be_verified(shell: Shell, arguments: list[str], code: int, said: str) -> None:
    """What is no plugin, and what is none that works, is told as everywhere."""
    path = os.pathsep.join(str(PACKAGES / name) for name in ("stage", "broken"))
    done = shell.run("plugins", *arguments, PYTHONPATH=path)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "Traceback" not in done.err
