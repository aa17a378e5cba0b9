"""Checks of the provider object itself: its hooks, what it says of itself, how it is made."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final

from ...errors import PluginLoadError
from ...runner import Runner
from ._promises import BrokenPromise, Skipped, promise
from ._subject import Subject
from ._watch import watched

_SECRETIVE: Final = ("KEY", "TOKEN", "SECRET")
# Imported in an interpreter of its own; says what it did besides.
_IMPORT: Final = """
import sys
done = []
watched = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "time.sleep")
sys.addaudithook(lambda event, _: done.append(event) if event in watched else None)
import {module}
print(*done, *[name for name in ("aiohttp",) if name in sys.modules])
"""


@promise("Its hooks have the arguments of the specification, and it answers.", feature=None)
def hooks_fit(subject: Subject) -> None:
    """Register the provider as the runner does."""
    name = subject.model.provider
    provider = subject.make()
    (status,) = [s for s in Runner(providers={name: provider}).plugins() if s.name == name]
    if status.error is not None:
        assert isinstance(status.error, PluginLoadError)
        raise BrokenPromise(str(status.error))


@promise("It says what it is: a title, and the names of its variables.", feature=None)
def says_what_it_is(subject: Subject) -> None:
    """Look at its `ProviderInfo`."""
    name = subject.model.provider
    (status,) = [s for s in Runner(providers={name: subject.make()}).plugins() if s.name == name]
    info = getattr(subject.make(), "info", None)
    if info is None or status.info is None or not info.title.strip():
        raise BrokenPromise("it has no `info`, or one without a title")
    variables = (*info.key_variables, info.base_url_variable or "A")
    wrong = [v for v in variables if not (isinstance(v, str) and v.isupper() and v.isascii())]
    if isinstance(info.key_variables, str) or wrong:
        raise BrokenPromise(
            f"expected environment variables such as ACME_API_KEY, got {info.key_variables!r}, "
            f"{info.base_url_variable!r}"
        )


class _Watched(dict[str, str]):
    """The environment, keeping account of what is read from it."""

    def __init__(self, inner: Mapping[str, str]) -> None:
        super().__init__(inner)
        self.read: list[str] = []

    def __getitem__(self, name: str) -> str:
        self.read.append(name)
        return super().__getitem__(name)

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]  # as `os.environ` has it
        self.read.append(name)
        return super().get(name, default)


@contextmanager
def _environment() -> Iterator[_Watched]:
    real = os.environ
    watching = _Watched(real)
    os.environ = watching  # type: ignore[assignment]  # noqa: B003  # watched, not cleared
    try:
        yield watching
    finally:
        os.environ = real  # noqa: B003


@promise("Making the provider object reads no key and opens nothing.", feature=None)
def making_it_does_nothing(subject: Subject) -> None:
    """Make one, while environment and sockets are watched."""
    info = getattr(subject.make(), "info", None)
    own = {*getattr(info, "key_variables", ()), getattr(info, "base_url_variable", None)}
    with _environment() as environment, watched() as done:
        subject.make()
    read = [n for n in environment.read if n in own or any(word in n for word in _SECRETIVE)]
    if read:
        raise BrokenPromise(f"it read {', '.join(sorted(set(read)))} from the environment")
    if done:
        raise BrokenPromise(f"it did {', '.join(done)}")


@promise("Importing the plugin does no work, and does not import the network.", feature=None)
def importing_it_does_nothing(subject: Subject) -> None:
    """Import its package in an interpreter of its own."""
    module = type(subject.make()).__module__
    package = module.partition(".")[0]
    done = _done_by_importing(module)
    if f"No module named '{package}'" in done:
        raise Skipped("the provider is in no package that can be imported by its name")
    if done:
        raise BrokenPromise(f"importing {module} did {done}")


@cache
def _done_by_importing(module: str) -> str:
    program = _IMPORT.format(module=module)
    path = os.pathsep.join(entry for entry in sys.path if entry)
    finished = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    if finished.returncode:
        return f"fail: {finished.stderr.strip()[-500:]}"
    return finished.stdout.strip()
