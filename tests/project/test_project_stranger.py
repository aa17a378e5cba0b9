"""A stranger writes a provider by the tutorial, and installs it beside wheels of ours."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
import pytest
from packaging.requirements import Requirement

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "tutorial" / "write-a-provider.md"
OURS: Final = {
    "headwater": ROOT / "core",
    "headwater-cli": ROOT / "plugins" / "cli",
    "headwater-demo": ROOT / "plugins" / "demo",
}
_FENCE: Final = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FAILS: Final = "# fails"

pytestmark = pytest.mark.slow


def _environment(**variables: str) -> dict[str, str]:
    """Give an environment that knows nothing of here but the programs of this interpreter."""
    unset = ("HEADWATER", "PYTHON", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    return {**kept, "PATH": path, "LANG": "C.UTF-8", **variables}


def _ran(
    command: list[str], folder: Path, variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=_environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )


@attrs.define
class Reader:
    """Do what the tutorial says, in the order in which it says it.

    Attributes:
        folder: Where the reader is.
        variables: What stands for an installed package: there is no network to install from.
        failed: What the commands said that were told to fail.
    """

    folder: Path
    variables: dict[str, str]
    failed: list[str] = attrs.field(factory=list)

    def follow(self, page: str) -> None:
        """Write each file and run each command of a page."""
        for kind, name, text in _FENCE.findall(page):
            if name:
                (self.folder / name).write_text(text, encoding="utf-8")
            elif kind == "sh":
                for line in text.splitlines():
                    self._do(line)

    def _do(self, line: str) -> None:
        if line.startswith("cd "):
            self.folder /= line.removeprefix("cd ")
        elif line.startswith("pip install -e"):
            self.variables["PYTHONPATH"] = _linked(self.folder)
        else:
            if line == "python -m build":
                line += " --no-isolation --wheel"
            done = _ran(["bash", "-c", line], self.folder, self.variables)
            told = done.stdout + done.stderr
            assert (done.returncode != 0) is line.endswith(_FAILS), f"{line}: {told}"
            if line.endswith(_FAILS):
                self.failed.append(told)


def _linked(folder: Path) -> str:
    """Leave what `pip install -e` would, and give the folder that PYTHONPATH has to name."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    made = folder / "src" / f"{project['name'].replace('-', '_')}-0.1.0.dist-info"
    _describe(made, project["name"], project["entry-points"]["headwater"])
    return str(folder / "src")


def _describe(folder: Path, name: str, points: Mapping[str, str]) -> None:
    """Write the metadata of an installed distribution."""
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    lines = [f"{point} = {value}" for point, value in points.items()]
    (folder / "entry_points.txt").write_text("\n".join(["[headwater]", *lines, ""]))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Follow the tutorial to its end."""
    folder = tmp_path_factory.mktemp("tutorial")
    reader = Reader(folder, {"HOME": str(folder), "MYPY_CACHE_DIR": str(folder / "mypy")})
    reader.follow(PAGE.read_text(encoding="utf-8"))
    return reader


def test_the_tutorial_leads_to_a_published_package(reader: Reader) -> None:
    """Each command does what the page says of it, and there is a wheel at the end."""
    (told,) = reader.failed
    assert "promised: An answer becomes what it says" in told
    assert [path.name for path in (reader.folder / "dist").iterdir()] == [
        "headwater_tide-0.1.0-py3-none-any.whl"
    ]


def _closure() -> set[str]:
    """Name what our distributions and the kit need, and what that needs."""
    found, open_names = set[str](), [*OURS, "hypothesis", "pytest"]
    while open_names:
        name = open_names.pop()
        for text in importlib.metadata.requires(name) or ():
            needed = Requirement(text)
            applies = needed.marker is None or needed.marker.evaluate({"extra": ""})
            if applies and needed.name not in found | set(OURS):
                found.add(needed.name)
                open_names.append(needed.name)
    return {*found, "aiosqlite", "hypothesis", "pytest"}


@attrs.frozen
class Elsewhere:
    """Hold an environment that has wheels of ours and the stranger's, and nothing from here.

    Attributes:
        bin: Where its programs are.
        packages: Where its packages are.
        home: Where it is used.
    """

    bin: Path
    packages: Path
    home: Path

    def run(self, program: str, *arguments: str, **variables: str) -> tuple[int, str, str]:
        """Run a program of it; gives the exit code, and what it said on either stream."""
        command = [str(self.bin / program), *arguments]
        done = _ran(command, self.home, {"HOME": str(self.home), **variables})
        return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def elsewhere(reader: Reader, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    """Install the stranger's wheel beside wheels of ours into an empty environment."""
    wheels = tmp_path_factory.mktemp("wheels")
    for folder in OURS.values():
        build = ["-m", "build", "--no-isolation", "--wheel", "--outdir", str(wheels), str(folder)]
        subprocess.run([sys.executable, *build], check=True, capture_output=True)
    place = tmp_path_factory.mktemp("elsewhere") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    (packages,) = place.glob("lib/python*/site-packages")
    for name in _closure():
        files = importlib.metadata.distribution(name).files or ()
        for top in {file.parts[0] for file in files if file.parts[0] != ".."}:
            source = Path(str(importlib.metadata.distribution(name).locate_file(top)))
            if top != "__pycache__" and not (packages / top).exists():
                (packages / top).symlink_to(source)
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "install"]
    offline = ["--quiet", "--no-index", "--no-deps", "--disable-pip-version-check"]
    found = [*wheels.glob("*.whl"), *(reader.folder / "dist").glob("*.whl")]
    subprocess.run([*pip, *offline, *map(str, found)], check=True, capture_output=True)
    home = place.parent / "home"
    home.mkdir()
    return Elsewhere(place / "bin", packages, home)


def test_the_installed_plugin_streams_by_its_name(reader: Reader, elsewhere: Elsewhere) -> None:
    """Its name in a model id is all it takes; the server is the one that its package brings."""
    python = str(elsewhere.bin / "python")
    server = subprocess.Popen(
        [python, str(reader.folder / "tests" / "sample_server.py")],
        cwd=elsewhere.home,
        env=_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        assert server.stdout is not None
        server.stdout.readline()
        url, key, *command = server.stdout.readline().split()
        variables = dict([url.split("=", 1), key.split("=", 1)])
        code, said, told = elsewhere.run(*command, "--jsonl", **variables)
        server.terminate()
    assert (code, told) == (0, "")
    deltas = [line for line in said.splitlines() if '"event": "text_delta"' in line]
    assert len(deltas) == 2
    assert all(word in said for word in ('"High "', '"water."', '"reported"'))


def test_the_installed_plugin_passes_the_kit(reader: Reader, elsewhere: Elsewhere) -> None:
    """With pytest by its own test, and by the report on what is installed."""
    tests = str(reader.folder / "tests")
    code, said, _ = elsewhere.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", tests)
    assert code == 0, said
    samples = ["--samples", str(reader.folder / "tests" / "samples")]
    code, said, told = elsewhere.run("headwater", "plugins", "--verify", "tide", *samples)
    assert (code, told) == (0, ""), said
    assert ", 0 broken, " in said


BROKEN: Final = {
    "headwater_sunk": "raise RuntimeError('it sank')\n",
    "headwater_askew": (
        "from headwater import hookimpl\n\n\n"
        "class Askew:\n"
        "    @hookimpl\n"
        "    def stream_chat(self, request, socket):\n"
        "        yield\n"
    ),
    "headwater_claimant": "class Claimant:\n    pass\n",
}


@pytest.fixture
def among_broken(elsewhere: Elsewhere) -> Elsewhere:
    """Install three more: one fails on import, one has a wrong signature, one claims a name."""
    for module, text in BROKEN.items():
        (elsewhere.packages / f"{module}.py").write_text(text)
    points = {
        "sunk": "headwater_sunk:Sunk",
        "askew": "headwater_askew:Askew",
        "demo": "headwater_claimant:Claimant",
    }
    for module, (name, value) in zip(BROKEN, points.items(), strict=True):
        folder = elsewhere.packages / f"{module}-0.1.0.dist-info"
        if not folder.exists():
            _describe(folder, module.replace("_", "-"), {name: value})
    return elsewhere


def test_broken_packages_break_themselves_only(among_broken: Elsewhere) -> None:
    """All stand in the list with what is wrong, and the stranger's works beside them."""
    code, said, told = among_broken.run("headwater", "plugins")
    assert (code, told) == (0, "")
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line.strip()}
    assert "ok" in rows["tide"]
    reasons = dict(re.findall(r"^(\w+) is broken: (.*)$", said, re.MULTILINE))
    assert set(reasons) == {"sunk", "askew", "demo"}
    assert "headwater-sunk 0.1.0" in reasons["sunk"]
    assert "RuntimeError: it sank" in reasons["sunk"]
    assert "headwater-askew 0.1.0" in reasons["askew"]
    assert "'socket'" in reasons["askew"]
    assert "claimed by headwater-claimant 0.1.0 and headwater-demo" in reasons["demo"]
    code, _, told = among_broken.run("headwater", "plugins", "--verify", "tide", "--json")
    assert "speaks none of the wires" in told  # it is asked, and needs its samples


@pytest.mark.parametrize("name", ["sunk", "askew", "demo"])
def test_a_broken_package_is_told_to_who_asks_it(among_broken: Elsewhere, name: str) -> None:
    """The distribution is named, and there is no traceback."""
    code, said, told = among_broken.run("headwater", "chat", "-m", f"{name}/any", "Hello")
    assert (code, said) == (1, "")
    assert "headwater-" in told
    assert "Traceback" not in told
