"""Each distribution builds, carries what it must, and works from its wheel elsewhere."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
FOLDERS = [ROOT / "core", *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]
LICENCE = (ROOT / "LICENSE").read_text(encoding="utf-8")

pytestmark = pytest.mark.slow


def _project(folder: Path) -> dict[str, str]:
    settings = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    project: dict[str, str] = settings["project"]
    return project


NAMES = [_project(folder)["name"] for folder in FOLDERS]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build each distribution, source and wheel, and give the folder that holds them."""
    target = tmp_path_factory.mktemp("dist")
    for folder in FOLDERS:
        subprocess.run(
            [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(folder)],
            check=True,
            capture_output=True,
        )
    return target


def _wheel(built: Path, name: str) -> Path:
    (wheel,) = built.glob(f"{name.replace('-', '_')}-*.whl")
    return wheel


def _closure(names: list[str]) -> set[str]:
    """Name the distributions that these ones need, and those that they need."""
    ours, found, open_names = set(NAMES), set[str](), list(names)
    while open_names:
        for text in importlib.metadata.requires(open_names.pop()) or ():
            needed = Requirement(text)
            applies = needed.marker is None or needed.marker.evaluate({"extra": ""})
            if applies and needed.name not in found | ours:
                found.add(needed.name)
                open_names.append(needed.name)
            elif applies and needed.name in ours - set(names):
                names.append(needed.name)
                open_names.append(needed.name)
    return found


def _empty_environment(folder: Path, needed: set[str]) -> Path:
    """Make an environment that holds these distributions, linked from this one, and no other.

    Tests have no network to install them from.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in needed:
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}:
            source = Path(str(distribution.locate_file(top)))
            if top != "__pycache__" and not (packages / top).exists():
                (packages / top).symlink_to(source)
    return folder / "bin" / "python"


def _install(python: Path, wheels: list[Path]) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    offline = ["--no-index", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*command, *offline, *map(str, wheels)], check=True, capture_output=True)


def _run(python: Path, *arguments: str) -> str:
    """Run Python there, and nothing from here: no PYTHONPATH, an empty folder."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HEADWATER", "PYTHON"))}
    done = subprocess.run(
        [str(python), *arguments],
        cwd=python.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_wheel_carries_types_readme_and_licence(built: Path, name: str) -> None:
    """A wheel has `py.typed`, the licence, its README as description, and no tests."""
    with zipfile.ZipFile(_wheel(built, name)) as wheel:
        files = wheel.namelist()
        package = name.replace("-", "_")
        assert f"{package}/py.typed" in files
        (licence,) = [file for file in files if file.endswith("licenses/LICENSE")]
        assert wheel.read(licence).decode() == LICENCE
        (metadata,) = [file for file in files if file.endswith(".dist-info/METADATA")]
        described = Parser().parsestr(wheel.read(metadata).decode())
        assert str(described.get_payload()).startswith(f"# {name}")
        assert {file.partition("/")[0] for file in files} <= {package, metadata.partition("/")[0]}


@pytest.mark.parametrize("name", NAMES)
def test_a_source_distribution_builds_the_same(built: Path, name: str) -> None:
    """A source distribution carries its licence, README and sources."""
    (source,) = built.glob(f"{name.replace('-', '_')}-*.tar.gz")
    with tarfile.open(source) as archive:
        files = {member.name.partition("/")[2] for member in archive.getmembers()}
    assert {"LICENSE", "README.md", "pyproject.toml"} <= files


@pytest.mark.parametrize("name", [name for name in NAMES if name != "headwater"])
def test_a_distribution_works_on_its_own(built: Path, tmp_path: Path, name: str) -> None:
    """Beside `headwater`, a plugin's wheel installs, is discovered, and lacks nothing."""
    ours = ["headwater", name]
    python = _empty_environment(tmp_path / "venv", _closure(ours))
    _install(python, [_wheel(built, each) for each in dict.fromkeys(ours)])
    check = [sys.executable, "-m", "pip", "--python", str(python), "check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    code = (
        "from importlib.metadata import entry_points\nfrom headwater import Runner\n"
        "print(*(s.name for s in Runner().plugins() if s.error is None))\n"
        f"assert all(s.error is None for s in Runner().plugins())\nimport {name.replace('-', '_')}"
    )
    names = _run(python, "-c", code).split()
    points = tomllib.loads((FOLDERS[NAMES.index(name)] / "pyproject.toml").read_text("utf-8"))
    declared = points["project"].get("entry-points", {}).get("headwater", {})
    assert set(declared) <= set(names)


def test_the_command_works_from_wheels(built: Path, tmp_path: Path) -> None:
    """Installed from wheels into an empty environment, the command streams an answer."""
    ours = ["headwater-cli"]
    python = _empty_environment(tmp_path / "venv", _closure(ours))
    _install(python, [_wheel(built, each) for each in dict.fromkeys(["headwater", *ours])])
    answer = _run(python.parent / "headwater", "chat", "-m", "demo/echo", "from a wheel")
    assert answer == "from a wheel\n"


def test_the_extras_name_what_there_is() -> None:
    """Each extra of `headwater` that names a distribution of ours names one that exists."""
    extras = tomllib.loads((ROOT / "core" / "pyproject.toml").read_text("utf-8"))["project"]
    named = {
        Requirement(text).name
        for texts in extras["optional-dependencies"].values()
        for text in texts
    }
    assert {name for name in named if name.startswith("headwater")} <= set(NAMES)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_distribution_has_the_licence(folder: Path) -> None:
    """The licence in each folder is the repository's."""
    assert (folder / "LICENSE").read_text(encoding="utf-8") == LICENCE


def test_constraints_name_no_index() -> None:
    """The exported constraints hold versions and nothing else."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+")
    assert [line for line in lines if not line.startswith("#") and not pinned.fullmatch(line)] == []
