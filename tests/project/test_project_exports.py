"""What is public is listed, complete, and documented."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def _builder() -> ModuleType:
    path = ROOT / "docs" / "build_reference.py"
    spec = importlib.util.spec_from_file_location("build_reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILDER = _builder()
PLUGIN_PACKAGES = sorted(path.name for path in ROOT.glob("plugins/*/src/*") if path.is_dir())
MODULES: list[ModuleType] = [
    module
    for package in ("headwater", *PLUGIN_PACKAGES)
    for module in BUILDER.public_modules(package)
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_all_is_sorted_and_true(module: ModuleType) -> None:
    """`__all__` is sorted, without repetition, and each name in it exists."""
    names = getattr(module, "__all__", [])
    assert names == sorted(set(names))
    assert [name for name in names if not hasattr(module, name)] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_all_is_complete(module: ModuleType) -> None:
    """A class or function that a module defines without an underscore is in its `__all__`."""
    defined = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    }
    assert defined - set(getattr(module, "__all__", [])) == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_public_names_have_docstrings(module: ModuleType) -> None:
    """Each public class and function says what it is for, and so does its module."""
    values = {name: getattr(module, name) for name in getattr(module, "__all__", [])}
    silent = [
        name
        for name, value in values.items()
        if (inspect.isclass(value) or inspect.isfunction(value)) and not inspect.getdoc(value)
    ]
    assert silent == []
    assert module.__doc__


@pytest.mark.parametrize("package", ["headwater", *PLUGIN_PACKAGES])
def test_a_package_says_that_it_is_typed(package: str) -> None:
    """Each package carries `py.typed`, so that a type checker reads its annotations."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    assert (Path(spec.origin).parent / "py.typed").exists()


def test_the_reference_is_up_to_date() -> None:
    """`docs/reference/api` is what `docs/build_reference.py` writes: every public name, truly."""
    wanted = BUILDER.pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in BUILDER.FOLDER.glob("*.md")}
    stale = sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name))
    assert stale == [], "run: python docs/build_reference.py"


def test_every_hook_is_documented() -> None:
    """The page of hooks names each hook with the arguments that it has."""
    hookspecs = importlib.import_module("headwater.hookspecs")
    page = (ROOT / "docs" / "reference" / "hooks.md").read_text(encoding="utf-8")
    for name, function in vars(hookspecs.Hooks).items():
        if not name.startswith("_"):
            arguments = list(inspect.signature(function).parameters)[1:]
            row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
            assert all(f"{argument}: " in row for argument in arguments), row
