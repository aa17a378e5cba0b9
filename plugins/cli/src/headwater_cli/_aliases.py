"""The command `aliases`: short names of models."""

from __future__ import annotations

import sys
from typing import Final

import click
from click.shell_completion import CompletionItem

from headwater import HeadwaterError

from ._asking import complete_model
from ._json import write_json
from ._settings import ALIASES, check_alias, load_settings, settings_file
from ._table import write_table
from ._terminal import as_line
from ._values import as_text

__all__ = ["aliases"]

_HEADS: Final = ("ALIAS", "MODEL")


def _complete_alias(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    try:
        names = list(load_settings().aliases)
    except HeadwaterError:
        names = []  # a shell that completes is no place to complain
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.group()
def aliases() -> None:
    """Keep short names of models, for wherever a model is named."""


@aliases.command("set")
@click.argument("name")
@click.argument("model", metavar="PROVIDER/MODEL", shell_complete=complete_model)
def set_alias(name: str, model: str) -> None:
    """Let NAME stand for a model."""
    load_settings()  # who has a broken file is told before it is changed
    name, model = as_text(name), as_text(model)
    check_alias(name, model)
    with settings_file().changing() as document:
        document.setdefault(ALIASES, {})[name] = model


@aliases.command("list")
@click.option("--json", "is_json", is_flag=True, help="Print a JSON object.")
def list_aliases(is_json: bool) -> None:
    """List the aliases and what each stands for."""
    found = load_settings().aliases
    if is_json:
        write_json(dict(found), sys.stdout)
    elif found:
        write_table(_HEADS, list(found.items()), sys.stdout)
    else:
        click.echo("There is no alias: `headwater aliases set NAME PROVIDER/MODEL`.", err=True)


@aliases.command("remove")
@click.argument("name", shell_complete=_complete_alias)
def remove_alias(name: str) -> None:
    """Take an alias away."""
    found = load_settings().aliases
    if name not in found:
        there = ", ".join(found) or "none"
        raise click.UsageError(as_line(f"no alias is called {name}; there are: {there}"))
    with settings_file().changing() as document:
        del document[ALIASES][name]
        if not document[ALIASES]:
            del document[ALIASES]
