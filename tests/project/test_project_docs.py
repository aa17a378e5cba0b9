"""The documentation is true: links lead somewhere, snippets and examples run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from headwater.discovery import Registry

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/*.md")]
    if "reference/api" not in path.as_posix()
)
EXAMPLES = sorted(ROOT.glob("examples/*.py"))
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _blocks(page: Path, language: str) -> list[str]:
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [text for kind, text in found if kind == language]


def _run(arguments: list[str], tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a reader would: in a folder and a home of its own, with nothing set."""
    unset = ("HEADWATER", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    return subprocess.run(
        arguments,
        cwd=tmp_path,
        env={
            **kept,
            "PATH": path,
            "PYTHONWARNINGS": "error",
            "HOME": str(tmp_path),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file leads to one that exists."""
    links = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if _blocks(p, "python")], ids=_name)
def test_python_snippets_run(page: Path, tmp_path: Path) -> None:
    """The snippets of a page run as they stand, one after the other."""
    script = tmp_path / "snippets.py"
    script.write_text("\n".join(_blocks(page, "python")), encoding="utf-8")
    done = _run([sys.executable, str(script)], tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if _blocks(p, "console")], ids=_name)
def test_commands_run(page: Path, tmp_path: Path) -> None:
    """Each `$ headwater …` of a page works."""
    lines = "\n".join(_blocks(page, "console")).splitlines()
    for command in [line[2:] for line in lines if line.startswith("$ headwater ")]:
        done = _run(shlex.split(command), tmp_path)
        assert done.returncode == 0, f"{command}: {done.stderr}"


def test_each_provider_is_in_the_tables() -> None:
    """The README has its name, the page on selecting one its variables as well."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    page = (ROOT / "docs/how-to/select-a-provider.md").read_text(encoding="utf-8")
    for status in Registry().statuses():
        name, info = status.name, status.info
        assert info is not None, status.error
        assert re.search(rf"^\| .*`{name}`", readme, re.MULTILINE), name
        rows = [line for line in page.splitlines() if re.match(rf"\| .*`{name}`.* \|", line)]
        own = [*info.key_variables, info.base_url_variable or ""]
        own = [variable for variable in own if variable and not variable.startswith("HEADWATER_")]
        assert [variable for variable in own if f"`{variable}`" not in "".join(rows)] == [], name


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=_name)
def test_examples_run(example: Path, tmp_path: Path) -> None:
    """Each example runs without a key and without a network, and prints something."""
    done = _run([sys.executable, str(example)], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_examples_are_listed() -> None:
    """The page of the examples names each of them."""
    page = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES if f"`{path.name}`" not in page] == []


def test_the_readme_has_a_short_example() -> None:
    """The first program that a reader meets is a dozen lines, blank ones apart."""
    lines = [line for line in _blocks(ROOT / "README.md", "python")[0].splitlines() if line.strip()]
    assert len(lines) <= 12


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_pages_name_no_machine(page: Path) -> None:
    """No page carries a path of the machine that it was written on."""
    assert str(ROOT) not in page.read_text(encoding="utf-8")
