"""The files of a new provider's package, written from templates."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

import attrs

from headwater import __version__

__all__ = ["NewProvider", "Wire", "write_package"]

_TEMPLATES: Final = "_new_provider_templates"


class Wire(StrEnum):
    """How a service speaks."""

    CHAT_COMPLETIONS = "chat-completions"
    SSE = "sse"
    NDJSON = "ndjson"


_MEDIA_TYPES: Final[Mapping[Wire, str]] = {
    Wire.CHAT_COMPLETIONS: "text/event-stream",
    Wire.SSE: "text/event-stream",
    Wire.NDJSON: "application/x-ndjson",
}
# Where each template goes; `@` stands for the package's name.
_EVERY: Final[Mapping[str, str]] = {
    "check.yml": ".github/workflows/check.yml",
    "gitattributes": ".gitattributes",
    "gitignore": ".gitignore",
    "pyproject.toml": "pyproject.toml",
    "sample_server.py": "tests/sample_server.py",
}
_COMPATIBLE: Final[Mapping[str, str]] = {
    "README.md": "README.md",
    "__init__.py": "src/@/__init__.py",
    "test_conformance.py": "tests/test_conformance.py",
    "hello.sample": "tests/samples/hello.sample",
}
_OWN_WIRE: Final[Mapping[str, str]] = {
    "README.md": "README.md",
    **{
        name: f"src/@/{name}"
        for name in (
            "__init__.py",
            "_decode.py",
            "_encode.py",
            "_errors.py",
            "_plugin.py",
            "_wire.py",
        )
    },
    "test_conformance.py": "tests/test_conformance.py",
    **{
        f"{name}.sample": f"tests/samples/{name}.sample"
        for name in ("broken-off", "hello", "hello.whole", "quota", "slow-down", "uncounted")
    },
}


@attrs.frozen(kw_only=True)
class NewProvider:
    """Hold what is known of a provider that has no package yet.

    Attributes:
        name: What stands before the slash of its model ids.
        wire: How the service speaks.
        base_url: Where it is.
        key_variable: The environment variable that holds its key.
    """

    name: str
    wire: Wire
    base_url: str
    key_variable: str

    @property
    def distribution(self) -> str:
        """Give the name of the package, and of its folder."""
        return f"headwater-{self.name}"

    def words(self) -> dict[str, str]:
        """Give what stands for each name of a template."""
        spoken = [word.capitalize() for word in self.name.split("-")]
        is_compatible = self.wire is Wire.CHAT_COMPLETIONS
        major, minor = __version__.split(".")[:2]
        fits = f">={major}.{minor},<{major}.{int(minor) + 1}"
        ours = [f"headwater{fits}"]
        ours += [f"headwater-chat-completions{fits}"] if is_compatible else []
        others = [] if is_compatible else ["attrs>=24.2", "msgspec>=0.19"]
        return {
            "name": self.name,
            "title": " ".join(spoken),
            "module": f"headwater_{self.name.replace('-', '_')}",
            "prefix": self.name.upper().replace("-", "_"),
            "entry": "provider" if is_compatible else f"{''.join(spoken)}Provider",
            "dependencies": ", ".join(f'"{needed}"' for needed in [*ours, *others]),
            "base_url": self.base_url,
            "key_variable": self.key_variable,
            "framing": self.wire.name,
            "media_type": _MEDIA_TYPES[self.wire],
        }

    def files(self) -> dict[str, str]:
        """Write each file of the package, by its path in it."""
        words = self.words()
        kind, own = (
            ("compatible", _COMPATIBLE)
            if self.wire is Wire.CHAT_COMPLETIONS
            else ("own_wire", _OWN_WIRE)
        )
        places = {f"every/{name}": path for name, path in _EVERY.items()}
        places |= {f"{kind}/{name}": path for name, path in own.items()}
        written = {
            path.replace("@", words["module"]): self._written(name, words)
            for name, path in places.items()
        }
        return {**written, f"src/{words['module']}/py.typed": ""}

    def _written(self, name: str, words: Mapping[str, str]) -> str:
        template = files(__package__).joinpath(_TEMPLATES, f"{name}.tmpl")
        text = Template(template.read_text(encoding="utf-8")).substitute(words)
        is_stream = name.endswith(".sample") and f'"{words["media_type"]}"' in text
        return _as_events(text) if self.wire is Wire.SSE and is_stream else text


def _as_events(sample: str) -> str:
    """Turn a sample in lines of JSON into one in server-sent events; its head stays."""
    head, *lines = sample.splitlines()
    return "\n".join([head, *(f"data: {line}\n" for line in lines), ""])


def write_package(new: NewProvider, parent: Path) -> Path:
    """Write the package of a provider into a folder of its own, wholly or not at all.

    Raises:
        FileExistsError: The folder exists.
        OSError: It cannot be written.
    """
    folder = parent / new.distribution
    contents = new.files()
    folder.mkdir()
    try:
        for path, text in contents.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="\n")
    except BaseException:  # Ctrl-C too: half a package is none
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder
