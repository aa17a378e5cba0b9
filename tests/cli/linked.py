"""A package that can be found and imported as an installed one, without building it."""

from __future__ import annotations

import tomllib
from pathlib import Path

__all__ = ["link"]


def link(folder: Path) -> str:
    """Leave what `pip install -e` would, and give the folder that PYTHONPATH has to name."""
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    name, version = project["name"], project["version"]
    made = folder / "src" / f"{name.replace('-', '_')}-{version}.dist-info"
    made.mkdir()
    (made / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    points = project["entry-points"]["headwater"]
    lines = [f"{point} = {value}" for point, value in points.items()]
    (made / "entry_points.txt").write_text("\n".join(["[headwater]", *lines, ""]))
    return str(folder / "src")
