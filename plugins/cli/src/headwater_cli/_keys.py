"""The command `keys`: the keys that are kept, and the ones that the environment has."""

from __future__ import annotations

import getpass
import sys
from typing import Final

import click

from headwater import HeadwaterError, ProviderInfo, Secret, UnknownProvider
from headwater.discovery import Registry, key_variables

from ._asking import complete_provider
from ._json import write_json
from ._key_store import FoundKey, KeyStore, Place, find_key_of, key_fields, masked
from ._keyring import KeyringUnusable
from ._table import write_table
from ._terminal import as_line

__all__ = ["keys"]

_HEADS: Final = ("PROVIDER", "KEY", "FROM", "NOTE")
_MAX_KEY_BYTES: Final = 100_000  # a key is shorter; a file given by mistake is not read whole


@click.group()
def keys() -> None:
    """Keep the keys of providers.

    A key is looked for in the environment first, then among the ones that are kept.
    """


@keys.command("set")
@click.argument("provider", shell_complete=complete_provider)
@click.argument("excess", nargs=-1, metavar="")
@click.option(
    "--file", "is_for_file", is_flag=True, help="Use the file, though there is a keyring."
)
def set_key(provider: str, excess: tuple[str, ...], is_for_file: bool) -> None:
    """Keep the key of a PROVIDER, which is asked for without showing, or read from standard input.

    It goes to the keyring of the system where the extra `keyring` is installed and works, else to
    a file that its owner alone can read.
    """
    if excess:
        raise click.UsageError(
            "a key is no argument, which other users of the machine and the history of the shell "
            f"would see: run `headwater keys set {as_line(provider)}` and paste it, or pipe it in"
        )
    variables = _variables_of(provider)
    key = Secret(_asked(provider))
    store = KeyStore()
    exposed = store.file.exposed_mode()
    place = _put(store, provider, key, is_for_file=is_for_file)
    where = "the keyring" if place is Place.KEYRING else str(store.file.path)
    click.echo(f"The key of {provider} is kept in {where}: {masked(key)}")
    if exposed is not None:
        click.echo(
            f"Note: others could open {store.file.path} (mode {exposed}), and can no longer: "
            "replace the keys in it if others use this machine.",
            err=True,
        )
    found = find_key_of(provider, ProviderInfo(provider, key_variables=variables), store)
    if found is not None and found.place in variables:
        click.echo(f"Note: {found.place} is set in the environment, and wins.", err=True)


def _variables_of(provider: str) -> tuple[str, ...]:
    """Look up which variables a provider's key may stand in.

    Raises:
        UnknownProvider: No plugin has that name.
        click.UsageError: It takes no key.
    """
    registry = Registry()
    try:
        info = registry.get(provider).info
    except UnknownProvider:
        raise
    except HeadwaterError:
        return ()  # it is there, and broken: its key may be kept until it works
    variables = key_variables(provider, info)
    if not variables:
        raise click.UsageError(f"{provider} takes no key")
    return variables


def _asked(provider: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.buffer.read(_MAX_KEY_BYTES).decode("utf-8-sig", "replace")
    try:
        return getpass.getpass(f"Key of {as_line(provider)} (it does not show): ", sys.stderr)
    except EOFError:
        click.echo(err=True)
        return ""


def _put(store: KeyStore, provider: str, key: Secret, *, is_for_file: bool) -> Place:
    try:
        return store.put(provider, key, is_for_file=is_for_file)
    except KeyringUnusable as error:
        click.echo(f"Note: {error}, so the key goes to a file.", err=True)
    return store.put(provider, key, is_for_file=True)


@keys.command("list")
@click.option("--json", "is_json", is_flag=True, help="Print a list of JSON objects.")
def list_keys(is_json: bool) -> None:
    """List the keys that were found, masked, and where."""
    found = _found_keys(KeyStore())
    if is_json:
        write_json([{"provider": name, **key_fields(key)} for name, key in found], sys.stdout)
    elif found:
        write_table(_HEADS, [_row(name, key) for name, key in found], sys.stdout)
    else:
        click.echo("No key was found: `headwater keys set PROVIDER` keeps one.", err=True)


def _found_keys(store: KeyStore) -> list[tuple[str, FoundKey]]:
    """Find the key of every provider that is installed, and every key that is kept.

    Raises:
        ConfigurationError: The file of keys cannot be read.
    """
    infos = {name: ProviderInfo(name) for name in store.kept()}
    for status in Registry().statuses():
        infos[status.name] = status.info or ProviderInfo(status.name)
    found = [(name, find_key_of(name, infos[name], store)) for name in sorted(infos)]
    return [(name, key) for name, key in found if key is not None]


def _row(name: str, key: FoundKey) -> tuple[str, ...]:
    note = key.problem or (f"hides the one in {key.hides}" if key.hides else "")
    return (name, key.shown, key.place, note)


@keys.command("path")
def show_path() -> None:
    """Tell which file the keys are kept in."""
    click.echo(KeyStore().file.path)


@keys.command("remove")
@click.argument("provider", shell_complete=complete_provider)
def remove_key(provider: str) -> None:
    """Take the key of a PROVIDER away."""
    store = KeyStore()
    kept = store.kept()
    if provider not in kept:
        there = ", ".join(sorted(kept)) or "none"
        raise click.UsageError(as_line(f"no key of {provider} is kept; there are keys of: {there}"))
    store.remove(provider)
    click.echo(f"The key of {as_line(provider)} is no longer kept.")
