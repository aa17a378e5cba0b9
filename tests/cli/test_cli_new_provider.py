"""Tests of `headwater new-provider`: what it writes is whole, and works at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .inside import Inside
from .linked import link
from .shell import Shell

URL = "https://api.acme.example/v1"
WIRES = ["chat-completions", "sse", "ndjson"]
# As long as a name may be, so that every line is as long as it can get.
LONG = "acme-of-the-upper-stream"


def _options(
    dialect: str = "sse", url: str = URL, variable: str = "ACME_OF_THE_UPPER_STREAM_API_KEY"
) -> list[str]:
    return ["--dialect", dialect, "--base-url", url, "--key-variable", variable]


def _in(folder: Path, *command: str) -> None:
    """Run a command in a package that is not installed, but can be imported."""
    unset = ("HEADWATER", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(folder / "src")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("wire", WIRES)
def test_a_new_package_passes_its_own_checks(
    inside: Inside, wire: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Format, lint, types and conformance hold at once."""
    done = inside.run("new-provider", LONG, *_options(wire))
    assert (done.code, done.err) == (0, "")
    folder = inside.folder / f"headwater-{LONG}"
    _in(folder, "-m", "ruff", "format", "--check", ".")
    _in(folder, "-m", "ruff", "check", ".")
    _in(folder, "-m", "mypy", "--cache-dir", str(tmp_path_factory.getbasetemp() / "mypy"))
    quiet = ("-W", "ignore::pytest.PytestDeprecationWarning", "-p", "no:cacheprovider")
    _in(folder, "-m", "pytest", "-q", *quiet)


def test_a_compatible_service_is_one_short_file(inside: Inside) -> None:
    """Where a service speaks as OpenAI does, its package declares where it deviates, no more."""
    inside.run("new-provider", "acme", *_options("chat-completions"))
    sources = list((inside.folder / "headwater-acme" / "src").rglob("*.py"))
    assert [path.name for path in sources] == ["__init__.py"]
    assert len(sources[0].read_text(encoding="utf-8").splitlines()) < 30


@pytest.mark.parametrize("wire", WIRES)
def test_nothing_is_left_of_the_templates(inside: Inside, wire: str) -> None:
    """What was given stands in the files, and no place was left open."""
    inside.run("new-provider", "acme-cloud", *_options(wire, variable="ACME_KEY"))
    folder = inside.folder / "headwater-acme-cloud"
    texts = {path: path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}
    written = "".join(texts.values())
    assert "$" not in written
    for word in ("headwater_acme_cloud", "Acme Cloud", "HEADWATER_ACME_CLOUD", "ACME_KEY", URL):
        assert word in written
    assert (folder / "src" / "headwater_acme_cloud" / "py.typed") in texts


@pytest.mark.slow
@pytest.mark.parametrize("wire", WIRES)
def test_a_new_provider_answers_from_its_sample_server(shell: Shell, wire: str) -> None:
    """Found by its entry point, it streams from the server that its package brings."""
    shell.run("new-provider", "acme", *_options(wire))
    folder = shell.folder / "headwater-acme"
    path = link(folder)
    server = subprocess.Popen(
        [sys.executable, "tests/sample_server.py"], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    with server:
        assert server.stdout is not None
        server.stdout.readline()
        url, key, *command = server.stdout.readline().split()
        variables = dict([url.split("=", 1), key.split("=", 1)])
        done = shell.run(*command[1:], **variables, PYTHONPATH=path)
        listed = shell.run("plugins", PYTHONPATH=path)
        server.terminate()
    assert (done.code, done.out) == (0, "Hello there.\n"), done.err
    assert "[stop | 9 in, 3 out tokens" in done.err
    assert any(row.split()[:2] == ["acme", "Acme"] for row in listed.out.splitlines())


def test_what_is_missing_is_named(inside: Inside) -> None:
    """Where nobody can be asked, the options that are missing are told, and nothing is written."""
    done = inside.run("new-provider", "acme", "--dialect", "sse")
    assert (done.code, done.out) == (2, "")
    assert "missing --base-url and --key-variable" in done.err
    assert list(inside.folder.glob("headwater-*")) == []


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("Acme", _options(), "expected the name of a provider"),
        ("acme_cloud", _options(), "expected the name of a provider"),
        ("../acme", _options(), "expected the name of a provider"),
        ("a" * 25, _options(), "24 at most"),
        ("acme", _options("grpc"), "expected chat-completions, sse, ndjson"),
        ("acme", _options(url="acme.example"), "begins with https:// or http://"),
        ("acme", _options(url="https://me:pw@acme.example"), "holds a user name or password"),
        ("acme", _options(url='https://acme.example/"'), "expected an address in plain ASCII"),
        ("acme", _options(url=f"{URL}/chat/completions"), "leave out /chat/completions"),
        ("acme", _options(variable="acme key"), "expected the name of an environment variable"),
    ],
    ids=[
        "capital",
        "underscore",
        "path",
        "long",
        "dialect",
        "no-url",
        "credentials",
        "quote",
        "whole-path",
        "variable",
    ],
)
def test_bad_input_is_refused(inside: Inside, name: str, options: list[str], said: str) -> None:
    """What cannot stand in a package is refused with what was expected, and nothing is written."""
    done = inside.run("new-provider", name, *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert ":pw@" not in done.err
    assert list(inside.folder.glob("headwater-*")) == []


def test_a_folder_that_exists_is_left_alone(inside: Inside) -> None:
    """Nobody's work is written over."""
    (inside.folder / "headwater-acme").mkdir()
    done = inside.run("new-provider", "acme", *_options())
    assert done.code == 2
    assert "headwater-acme exists" in done.err
    assert list((inside.folder / "headwater-acme").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [("demo", "the provider demo is installed"), ("cli", "a package headwater-cli is installed")],
    ids=["provider", "package"],
)
def test_a_taken_name_is_told(inside: Inside, name: str, said: str) -> None:
    """It is written all the same, with a word on what will come of it."""
    done = inside.run("new-provider", name, *_options())
    assert done.code == 0
    assert f"Note: {said}" in done.err


def test_half_a_package_is_none(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file cannot be written, nothing stays behind."""
    write = Path.write_text

    def full(path: Path, *arguments: str, **options: str) -> int:
        if path.name == "pyproject.toml":
            raise OSError(28, "No space left on device")
        return write(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", full)
    done = inside.run("new-provider", "acme", *_options())
    assert done.code == 1
    assert "No space left" in done.err
    assert list(inside.folder.glob("headwater-*")) == []


@pytest.mark.slow
def test_a_terminal_is_asked(shell: Shell) -> None:
    """What was not given is asked for, again where the answer does not do."""
    with shell.terminal("new-provider", "acme") as terminal:
        terminal.expect("How does acme speak")
        terminal.press("grpc\r")
        terminal.expect("expected chat-completions, sse, ndjson")
        terminal.press("ndjson\r")
        terminal.expect("Its base URL")
        terminal.press("nowhere\r")
        terminal.expect("begins with https://")
        terminal.press(f"{URL}\r")
        terminal.expect("[ACME_API_KEY]")
        terminal.press("\r")
        terminal.expect("headwater-acme is written")
        assert terminal.wait() == 0
    plugin = shell.folder / "headwater-acme" / "src" / "headwater_acme" / "_plugin.py"
    text = plugin.read_text(encoding="utf-8")
    assert "Framing.NDJSON" in text
    assert '"ACME_API_KEY"' in text


@pytest.mark.slow
@pytest.mark.parametrize("keys", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
def test_a_question_can_be_left(shell: Shell, keys: str) -> None:
    """Ctrl-C and Ctrl-D at a question write nothing."""
    with shell.terminal("new-provider", "acme") as terminal:
        terminal.expect("How does acme speak")
        terminal.press(keys)
        assert terminal.wait() == 130
    assert list(shell.folder.glob("headwater-*")) == []
