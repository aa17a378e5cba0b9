"""The command `models`: what can be asked, by whom."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import attrs
import click

from headwater import HeadwaterError, ModelInfo, Runner, UnsupportedFeature

from ._asking import complete_provider, make_runner
from ._errors import ExitCode, message_of
from ._installed import provider_names
from ._json import write_json
from ._run import run_until_signal
from ._spinner import Spinner
from ._table import write_table
from ._terminal import as_line

__all__ = ["models"]

_HEADS: Final = ("MODEL", "READS", "WRITES", "DESCRIPTION")

Listing: TypeAlias = Sequence[ModelInfo] | HeadwaterError


@click.command()
@click.argument("provider", required=False, shell_complete=complete_provider)
@click.option("--json", "is_json", is_flag=True, help="Print a list of JSON objects.")
def models(provider: str | None, is_json: bool) -> None:
    """List the models of a PROVIDER, or of all that can list theirs.

    A provider that fails is named on standard error, and the others go on.
    """
    names = provider_names() if provider is None else [provider]
    listings = dict(zip(names, run_until_signal(_list_all(names)), strict=True))
    failures = {name: error for name, error in listings.items() if isinstance(error, Exception)}
    if provider is not None and failures:
        raise failures[provider]
    found = [
        (name, model)
        for name, listing in listings.items()
        if not isinstance(listing, Exception)
        for model in listing
    ]
    if is_json:
        write_json([_fields(name, model) for name, model in found], sys.stdout)
    elif found:
        write_table(_HEADS, [_row(name, model) for name, model in found], sys.stdout)
    reported = _report(failures.items())
    if reported and not found:
        raise click.exceptions.Exit(ExitCode.FAILED)


def _report(failures: Iterable[tuple[str, HeadwaterError]]) -> int:
    """Name the providers that failed, and count them; to have no list is no failure."""
    told = [(name, error) for name, error in failures if not isinstance(error, UnsupportedFeature)]
    for name, error in told:
        click.echo(f"{as_line(name)}: {message_of(error)}", err=True)
    return len(told)


async def _list_all(names: Sequence[str]) -> list[Listing]:
    async with make_runner() as runner, Spinner("asking for models", sys.stderr):
        return await asyncio.gather(*(_list(runner, name) for name in names))


async def _list(runner: Runner, name: str) -> Listing:
    try:
        return await runner.list_models(name)
    except HeadwaterError as error:
        return error


def _row(provider: str, model: ModelInfo) -> tuple[str, ...]:
    return (
        f"{provider}/{model.name}",
        _count(model.max_input_tokens),
        _count(model.max_output_tokens),
        model.description,
    )


def _count(tokens: int | None) -> str:
    return "" if tokens is None else f"{tokens:,}"


def _fields(provider: str, model: ModelInfo) -> dict[str, Any]:
    return {"id": f"{provider}/{model.name}", "provider": provider, **attrs.asdict(model)}
