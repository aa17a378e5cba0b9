"""Tests of `headwater plugins` and `headwater models`, broken plugins beside good ones."""

from __future__ import annotations

import json
from importlib.metadata import entry_points

import pytest

from .shell import Shell

pytestmark = pytest.mark.slow  # each test runs a process

BROKEN = ["broken-exit", "broken-hook", "broken-import", "broken-name"]


def _nowhere() -> dict[str, str]:
    """Lead every provider that is installed beside the test's own to where nobody answers."""
    names = {point.name for point in entry_points(group="headwater")} - {"demo"}
    variables = {name.upper().replace("-", "_").replace(".", "_") for name in names}
    return {f"HEADWATER_{variable}_BASE_URL": "http://127.0.0.1:9" for variable in variables}


def test_plugins_are_listed_with_how_they_stand(broken_shell: Shell) -> None:
    """Each plugin is listed, the broken ones with the reason, and that is no failure."""
    done = broken_shell.run("plugins")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    (stage,) = [line.split() for line in lines if line.startswith("stage ")]
    assert stage == [
        "stage",
        "Stage",
        "headwater-stage",
        "1.0",
        "ok",
        "stream_chat,",
        "list_models",
    ]
    for name in BROKEN:
        assert any(line.startswith(f"{name} is broken: ") for line in lines)
    assert "RuntimeError: out of \\x1b[31mluck" in done.out
    assert "SystemExit: no such luck" in done.out
    assert "\x1b" not in done.out


def test_plugins_as_json(broken_shell: Shell) -> None:
    """A program reads the same."""
    listed = {
        entry["name"]: entry for entry in json.loads(broken_shell.run("plugins", "--json").out)
    }
    assert listed["stage"]["state"] == "ok"
    assert listed["stage"]["distributions"] == ["headwater-stage 1.0"]
    assert listed["stage"]["hooks"] == ["stream_chat", "list_models"]
    assert listed["stage"]["error"] is None
    assert listed["broken-import"]["state"] == "broken"
    assert listed["broken-import"]["error"]["class"] == "PluginLoadError"


def test_good_plugins_work_beside_broken_ones(broken_shell: Shell) -> None:
    """Nobody who asks another provider hears of a broken plugin."""
    done = broken_shell.run("chat", "-m", "demo/echo", "-o", "extra.delay_s", "0", "hi")
    assert (done.code, done.out) == (0, "hi\n")
    assert "broken" not in done.err


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_told_to_who_asks(broken_shell: Shell, name: str) -> None:
    """The distribution and the cause are named, without a traceback."""
    done = broken_shell.run("chat", "-m", f"{name}/x", "hi")
    assert done.code == 1
    assert "headwater-broken 1.0" in done.err
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err


def test_models_of_one_provider(shell: Shell) -> None:
    """The first column is what -m takes."""
    done = shell.run("models", "demo")
    assert (done.code, done.err) == (0, "")
    listed = [line.split()[0] for line in done.out.splitlines()]
    assert listed[:3] == ["MODEL", "demo/eliza", "demo/echo"]
    assert all(name.startswith("demo/fault-") for name in listed[3:])


@pytest.mark.slow
def test_models_of_all_providers(broken_shell: Shell) -> None:
    """Those that fail are named on standard error; to have no list is no failure."""
    done = broken_shell.run("models", **_nowhere())
    assert done.code == 0
    listed = {line.split()[0].partition("/")[0] for line in done.out.splitlines()[1:]}
    assert listed == {"demo", "stage"}
    for name in (*BROKEN, "stage-models"):
        assert f"{name}: Error: " in done.err
    assert "stage-whole: " not in done.err


def test_models_as_json(shell: Shell) -> None:
    """A program reads the same, unknown sizes as null."""
    eliza, echo, *_faults = json.loads(shell.run("models", "demo", "--json").out)
    assert eliza["id"] == "demo/eliza"
    assert echo == {
        "id": "demo/echo",
        "provider": "demo",
        "name": "echo",
        "description": "repeats what it is told, and tells what files it was sent",
        "max_input_tokens": None,
        "max_output_tokens": None,
    }


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("nope", 2, "no plugin provides 'nope'"),
        ("stage-whole", 2, "Whole has no list of its models"),
        ("stage-models", 1, "expected a ModelInfo, got str"),
    ],
    ids=["unknown", "no-list", "wrong-list"],
)
def test_models_that_cannot_be_listed(shell: Shell, name: str, code: int, said: str) -> None:
    """A provider asked for by name that cannot list its models is an error."""
    done = shell.run("models", name)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "with -m" not in done.err
