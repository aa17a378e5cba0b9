"""Write `docs/reference/api` from the docstrings and signatures of the public names.

`python docs/build_reference.py` writes; the tests compare what is there with what it would write.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent / "reference" / "api"
PACKAGE = "headwater"
_QUOTED = re.compile(r"(?<=[:>] )'([^']*)'")  # an annotation, which is text
_OBJECT = re.compile(r"<[^<>]*>")  # a default that has no literal form


def public_modules(package: str = PACKAGE) -> list[ModuleType]:
    """Import the public modules of a package, itself included."""
    root = importlib.import_module(package)
    names = [
        found.name
        for found in pkgutil.walk_packages(root.__path__, f"{package}.")
        if not any(part.startswith("_") for part in found.name.split("."))
    ]
    return [root, *map(importlib.import_module, sorted(names))]


def pages() -> dict[str, str]:
    """Give each page's text by its file name."""
    modules = public_modules()
    written = {f"{module.__name__}.md": _page(module) for module in modules[1:]}
    return {"README.md": _index(modules), **written}


def _index(modules: list[ModuleType]) -> str:
    lines = [
        "# All public names",
        "",
        "Written from the docstrings by `docs/build_reference.py`.",
        "",
    ]
    lines += ["| module | what it is for |", "| --- | --- |"]
    for module in modules[1:]:
        name = module.__name__
        lines.append(f"| [`{name}`]({name}.md) | {_summary(module)} |")
    lines += ["", f"`{PACKAGE}` itself has these:", ""]
    root = modules[0]
    homes = {name: _home(getattr(root, name)) for name in root.__all__ if name[0] != "_"}
    lines += [f"- [`{name}`]({home}.md)" if home else f"- `{name}`" for name, home in homes.items()]
    return "\n".join(lines) + "\n"


def _home(value: object) -> str | None:
    module = getattr(value, "__module__", None)
    return module if isinstance(module, str) and module.startswith(PACKAGE) else None


def _summary(value: object) -> str:
    return (inspect.getdoc(value) or "").partition("\n")[0]


def _page(module: ModuleType) -> str:
    blocks = [f"# {module.__name__}", _fenced(inspect.getdoc(module) or "")]
    for name in getattr(module, "__all__", []):
        blocks += _entry(name, getattr(module, name), level=2)
    return "\n\n".join(blocks) + "\n"


def _entry(name: str, value: object, level: int) -> Iterator[str]:
    heading = "#" * level
    if not inspect.isclass(value) and not inspect.isroutine(value):
        yield f"{heading} `{name}`"
        return
    yield f"{heading} `{name}`"
    yield f"```python\n{name.rpartition('.')[2]}{_signature(value)}\n```"
    own = value.__doc__ if inspect.isclass(value) else inspect.getdoc(value)
    if own:
        yield _fenced(inspect.cleandoc(own))
    if inspect.isclass(value):
        for member, attribute in _members(value):
            yield from _entry(f"{name}.{member}", attribute, level + 1)


def _members(kind: type) -> Iterator[tuple[str, object]]:
    """Give the public methods and properties that a class defines itself."""
    for name, value in vars(kind).items():
        function = getattr(value, "fget", value)  # of a property
        function = getattr(function, "__func__", function)  # of a class method
        if not name.startswith("_") and inspect.isfunction(function) and function.__doc__:
            yield name, function


def _signature(value: object) -> str:
    try:
        written = str(inspect.signature(value))  # type: ignore[arg-type]  # it is callable
    except (TypeError, ValueError):
        return ""
    return _OBJECT.sub("…", _QUOTED.sub(r"\1", written))


def _fenced(text: str) -> str:
    return f"```text\n{text}\n```"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for stale in FOLDER.glob("*.md"):
        if stale.name not in wanted:
            stale.unlink()
    for file_name, text in wanted.items():
        (FOLDER / file_name).write_text(text, encoding="utf-8")
