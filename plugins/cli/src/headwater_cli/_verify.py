"""The report of `plugins --verify`: which promises an installed plugin keeps."""

from __future__ import annotations

import asyncio
import inspect
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from headwater import ConfigurationError, HeadwaterError, ModelId, Runner
from headwater.discovery import Registry

from ._json import write_json
from ._table import write_table
from ._terminal import as_line, shown

if TYPE_CHECKING:
    from headwater.testing.conformance import CheckResult, Subject

__all__ = ["Verdict", "verify_provider"]

_HEADS: Final = ("VERDICT", "PROMISE", "WHY")
_WORDS: Final[Mapping[str, str]] = {"passed": "held", "failed": "broken", "skipped": "skipped"}
_MODEL: Final = "some-model"
_SHOWN_BYTES: Final = 2000
_DECLARED: Final = re.compile(r"the provider declares Feature\.(\w+) unsupported")


@attrs.frozen
class Verdict:
    """Hold what a plugin was found to speak, and what became of each promise.

    Attributes:
        model: The model that was asked.
        wire: The name of the wire that it speaks; None: its own, or none.
        lacks: What it was found to lack.
        results: What became of each check.
    """

    model: ModelId
    wire: str | None
    lacks: Sequence[str]
    results: Sequence[CheckResult]

    @property
    def broken(self) -> list[CheckResult]:
        """List the promises that do not hold."""
        return [result for result in self.results if result.outcome == "failed"]

    def write(self, *, is_json: bool) -> None:
        """Print it, for people or for programs."""
        if is_json:
            write_json(self._fields(), sys.stdout)
            return
        wire = "" if self.wire is None else f", which speaks {self.wire}"
        click.echo(f"{as_line(str(self.model))}{wire}")
        write_table(_HEADS, [_row(result) for result in self.results], sys.stdout)
        for result in self.broken:
            click.echo(f"\n{result.name} is broken.\n" + "\n".join(_told(result)))
        counts = dict.fromkeys(_WORDS.values(), 0)
        for result in self.results:
            counts[_WORDS[result.outcome]] += 1
        click.echo("\n" + ", ".join(f"{count} {word}" for word, count in counts.items()))

    def _fields(self) -> dict[str, Any]:
        return {
            "provider": self.model.provider,
            "model": str(self.model),
            "wire": self.wire,
            "lacks": list(self.lacks),
            "is_kept": not self.broken,
            "promises": [
                {
                    "name": result.name,
                    "promise": result.promise,
                    "verdict": _WORDS[result.outcome],
                    "seen": result.seen,
                    "sample": result.sample,
                    "bytes": _bytes(result),
                }
                for result in self.results
            ],
        }


def _bytes(result: CheckResult) -> str | None:
    if result.shown is None:
        return None
    return result.shown[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")


def _row(result: CheckResult) -> tuple[str, str, str]:
    seen = {"passed": "", "failed": "see below", "skipped": result.seen}[result.outcome]
    return _WORDS[result.outcome], result.promise, seen


def _told(result: CheckResult) -> Iterator[str]:
    """Say what was promised and what was seen, text of others made safe to show."""
    yield f"  promised: {result.promise}"
    yield f"  seen:     {shown(result.seen)}"
    if result.sample is not None:
        yield f"  sample:   {as_line(result.sample)}"
    if (raw := _bytes(result)) is not None:
        yield f"  bytes:    {as_line(raw)}"


def verify_provider(name: str, *, model: str | None, samples: Path | None) -> Verdict:
    """Run the checks of the kit that open no socket against an installed plugin.

    Args:
        name: The provider.
        model: What follows it in the model id; None: the first that it lists offline, else any.
        samples: The folder of its sample payloads, where it has a wire of its own.

    Raises:
        click.ClickException: The kit is not installed.
        HeadwaterError: The plugin cannot be loaded, or what it speaks is not found out.
    """
    try:
        from headwater.testing import conformance as kit  # only here: it is an extra
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f'the conformance kit needs {error.name}: pip install "headwater[testing]"'
        ) from None
    Registry().get(name)  # what cannot be loaded is told as everywhere
    make = _maker(name, kit.ProviderConformance.key)
    asked = ModelId(name, model or _first_model(name, make()) or _MODEL)
    known = () if samples is None else kit.read_samples(samples)
    if sys.stderr.isatty():
        click.echo(f"Checking {as_line(str(asked))} …", err=True)
    with _scratch(), redirect_stdout(io.StringIO()):  # what a plugin prints is no report
        try:
            subject = kit.discovered(make, asked, samples=known)
        except ConfigurationError as error:
            error.advice = "--samples FOLDER names sample payloads, --model another model to ask"
            raise
        results = [_by_finding(result) for result in kit.verify(subject)]
    wire = None if subject.dialect is None else subject.dialect.name
    return Verdict(asked, wire, sorted(_lacks(subject)), results)


@contextmanager
def _scratch() -> Iterator[None]:
    """Give hypothesis a folder to write to that goes away, in place of the one we stand in."""
    with TemporaryDirectory(prefix="headwater-") as folder:
        os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", folder)
        yield


def _first_model(name: str, provider: object) -> str | None:
    """Find the first model of a provider that knows its models without asking anybody."""
    from headwater.testing import ReplayTransport  # only here: it is an extra

    async def first() -> str | None:
        transport = ReplayTransport()
        async with Runner(providers={name: provider}, transport=transport) as runner:
            try:
                listed = await runner.list_models(name)
            except HeadwaterError:
                return None
        return listed[0].name if listed and not transport.requests else None

    return asyncio.run(first())


def _lacks(subject: Subject) -> list[str]:
    return [feature.value for feature in subject.unsupported]


def _by_finding(result: CheckResult) -> CheckResult:
    """Say of what was skipped that it was found lacking: nobody has declared anything here."""
    return attrs.evolve(result, seen=_DECLARED.sub(_found_lacking, result.seen))


def _found_lacking(declared: re.Match[str]) -> str:
    return f"found to lack {declared[1].lower()}"


def _maker(name: str, key: str) -> Callable[[], object]:
    """Give a function that makes the provider object as discovery does, with a key of nobody's."""
    (point,) = entry_points(group="headwater", name=name)
    factory: Callable[..., object] = point.load()
    taken = inspect.signature(factory).parameters
    settings = {"api_key": key, "base_url": "https://server.test/v1"}
    given = {name: value for name, value in settings.items() if name in taken}
    return lambda: factory(**given)
