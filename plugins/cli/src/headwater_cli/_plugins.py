"""The command `plugins`: what is installed, how it stands, and what it keeps of its promises."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from headwater import PluginStatus, Runner

from ._asking import complete_provider
from ._errors import ExitCode
from ._json import write_json
from ._table import write_table
from ._terminal import as_line
from ._verify import verify_provider

__all__ = ["plugins"]

_HEADS: Final = ("NAME", "TITLE", "DISTRIBUTION", "STATE", "HOOKS")


@click.command()
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
@click.option(
    "--verify",
    "verified",
    metavar="NAME",
    shell_complete=complete_provider,
    help="Check which promises this one keeps, without a key and without a network.",
)
@click.option("--model", metavar="MODEL", help="With --verify: what follows NAME in the model id.")
@click.option(
    "--samples",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="With --verify: the sample payloads of a provider with a wire of its own.",
)
def plugins(is_json: bool, verified: str | None, model: str | None, samples: Path | None) -> None:
    """List the providers that are installed, and how each stands."""
    if verified is not None:
        verdict = verify_provider(verified, model=model, samples=samples)
        verdict.write(is_json=is_json)
        if verdict.broken:
            raise click.exceptions.Exit(ExitCode.FAILED)
        return
    if model is not None or samples is not None:
        raise click.UsageError("--model and --samples go with --verify NAME")
    statuses = Runner().plugins()
    if is_json:
        write_json([_fields(status) for status in statuses], sys.stdout)
        return
    write_table(_HEADS, [_row(status) for status in statuses], sys.stdout)
    for status in statuses:
        if status.error is not None:
            click.echo(f"\n{as_line(status.name)} is broken: {as_line(str(status.error))}")


def _state(status: PluginStatus) -> str:
    return "ok" if status.error is None else "broken"


def _row(status: PluginStatus) -> tuple[str, ...]:
    return (
        status.name,
        "" if status.info is None else status.info.title,
        ", ".join(status.distributions),
        _state(status),
        ", ".join(status.hooks),
    )


def _fields(status: PluginStatus) -> dict[str, Any]:
    info, error = status.info, status.error
    return {
        "name": status.name,
        "title": None if info is None else info.title,
        "description": None if info is None else info.description,
        "key_variables": None if info is None else info.key_variables,
        "distributions": status.distributions,
        "hooks": status.hooks,
        "state": _state(status),
        "error": None if error is None else {"class": type(error).__name__, "message": str(error)},
    }
