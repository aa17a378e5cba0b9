"""The command `config`: the defaults of a person."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from headwater import InvalidRequest, ModelId

from ._json import write_json
from ._options import OPTION_NAMES
from ._settings import (
    ALIASES,
    OPTIONS,
    SETTING_NAMES,
    as_stored,
    as_typed,
    check_name,
    load_settings,
    settings_file,
)
from ._table import write_table
from ._terminal import as_line
from ._values import as_text

__all__ = ["config"]

_HEADS: Final = ("NAME", "VALUE")


def _complete_setting(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    options = [f"{OPTIONS}.{name}" for name in OPTION_NAMES if name != "system"]
    names = [*SETTING_NAMES[:-1], *options]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


_setting = click.argument("name", shell_complete=_complete_setting)


@click.group()
def config() -> None:
    """Keep defaults: the model, the system prompt, options of every call.

    An argument wins over the environment, that over what is kept here, that over what is built in.
    """


@config.command("set")
@_setting
@click.argument("value")
def set_setting(name: str, value: str) -> None:
    """Set NAME to VALUE: model, system, plain, or options.KEY as -o takes it."""
    settings = load_settings()  # who has a broken file is told before it is changed
    table, key = _place(name)
    stored = as_stored(_full(table, key), as_text(value))
    if name == "model":
        _check_model(settings.resolve(value))
    with settings_file().changing() as document:
        inner: MutableMapping[str, Any] = document.setdefault(table, {}) if table else document
        inner[key] = stored


@config.command("get")
@_setting
def get_setting(name: str) -> None:
    """Print what NAME is set to; the exit code is 1 where it is not."""
    table, key = _place(name)
    found = _all().get(_full(table, key))
    if found is None:
        click.echo(f"{as_line(name)} is not set.", err=True)
        raise click.exceptions.Exit(1)
    click.echo(found)


@config.command("unset")
@_setting
def unset_setting(name: str) -> None:
    """Take what NAME is set to away."""
    table, key = _place(name)
    if _full(table, key) not in _all():
        raise click.UsageError(f"{as_line(name)} is not set")
    with settings_file().changing() as document:
        inner: MutableMapping[str, Any] = document[table] if table else document
        del inner[key]
        if table and not inner:
            del document[table]


@config.command("list")
@click.option("--json", "is_json", is_flag=True, help="Print a JSON object.")
def list_settings(is_json: bool) -> None:
    """List what is set."""
    found = _all()
    if is_json:
        write_json(found, sys.stdout)
    elif found:
        write_table(_HEADS, list(found.items()), sys.stdout)
    else:
        click.echo("Nothing is set: `headwater config set model PROVIDER/MODEL`.", err=True)


@config.command("path")
def show_path() -> None:
    """Tell which file the settings are kept in."""
    click.echo(settings_file().path)


def _check_model(model: str) -> None:
    try:
        ModelId.parse(model)
    except InvalidRequest as error:
        raise click.BadParameter(f"{error.message}; and no alias is called that") from None


def _place(name: str) -> tuple[str | None, str]:
    """Tell where a setting stands in the file: its table, if any, and its name there."""
    check_name(name)
    table, _, key = name.partition(".")
    if not key:
        return None, table
    return table, key if "." in key else key.replace("-", "_")


def _full(table: str | None, key: str) -> str:
    return f"{table}.{key}" if table else key


def _all() -> dict[str, str]:
    """Read all settings but the aliases, by their full names."""
    load_settings()
    found = settings_file().read()
    single = {name: as_typed(found[name]) for name in found if name not in (ALIASES, OPTIONS)}
    options = {f"{OPTIONS}.{key}": as_typed(value) for key, value in found.get(OPTIONS, {}).items()}
    return {**single, **options}
