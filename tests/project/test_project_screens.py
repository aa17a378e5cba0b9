"""The pictures of the terminal in the docs can be made again, from real runs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def _builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_screens", DOCS / "build_screens.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # attrs looks its module up
    spec.loader.exec_module(module)
    return module


BUILDER = _builder()
NAMES = [screen.name for screen in BUILDER.SCREENS]


def _words(picture: Path) -> str:
    """Read what a picture shows."""
    root = ElementTree.parse(picture).getroot()
    return " ".join("".join(element.itertext()) for element in root)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_screen_can_be_made_again(name: str, tmp_path: Path) -> None:
    """The script runs the command and draws what it shows: no traceback, no path of a machine."""
    BUILDER.main([name], tmp_path)
    shown = _words(tmp_path / f"{name}.svg")
    assert shown.lstrip().startswith("$ headwater ")
    assert "Traceback" not in shown
    assert str(tmp_path) not in shown


def test_every_screen_is_in_the_docs() -> None:
    """Each picture was made, has its description in the script, and is shown on a page."""
    assert sorted(path.stem for path in (DOCS / "screens").iterdir()) == sorted(NAMES)
    pages = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("**/*.md"))
    assert [name for name in NAMES if f"screens/{name}.svg)" not in pages] == []
