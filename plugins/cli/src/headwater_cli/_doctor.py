"""The command `doctor`: find out what is wrong."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
import click

from headwater import __version__

from ._checks import (
    LocalServer,
    ProviderCheck,
    check_local_servers,
    check_providers,
    check_settings,
)
from ._errors import ExitCode
from ._installed import installed_distributions
from ._json import write_json
from ._key_store import FoundKey, KeyStore, key_fields
from ._run import run_until_signal
from ._settings import settings_file
from ._spinner import Spinner
from ._table import write_table
from ._terminal import as_line

__all__ = ["doctor"]

_PROVIDER_HEADS: Final = ("PROVIDER", "KEY", "ADDRESS", "STATE")
_SERVER_HEADS: Final = ("LOCAL SERVER", "PORT", "STATE")
_LIBRARIES: Final = ("aiohttp", "msgspec", "pluggy")


@attrs.frozen
class Findings:
    """Hold all that was found.

    Attributes:
        versions: Of the interpreter, the libraries and the plugins.
        providers: How each stands.
        servers: The usual local servers; empty where the network was not to be touched.
        files: Where settings, keys and conversations are kept, and whether the file exists.
        problems: What somebody should see to.
    """

    versions: dict[str, str]
    providers: list[ProviderCheck]
    servers: list[LocalServer]
    files: dict[str, tuple[str, bool]]
    problems: list[str]


@click.command()
@click.option("--offline", "is_offline", is_flag=True, help="Ask nobody, not even this machine.")
@click.option("--json", "is_json", is_flag=True, help="Print a JSON object.")
def doctor(is_offline: bool, is_json: bool) -> None:
    """Find out what is wrong: plugins, keys, addresses, local servers, settings.

    Providers that have a key or need none are asked whether they answer, all at once, for five
    seconds at most. The exit code is 1 where there is something to see to. Keys do not show.
    """
    found = run_until_signal(_tell(is_offline=is_offline, is_json=is_json))
    if found.problems:
        raise click.exceptions.Exit(ExitCode.FAILED)


async def _tell(*, is_offline: bool, is_json: bool) -> Findings:
    """Find, and write what was found: a name that is looked up for long holds up the end alone."""
    found = await _examine(is_offline=is_offline)
    if is_json:
        write_json(_fields(found), sys.stdout)
    else:
        _write(found)
        sys.stdout.flush()
    return found


async def _examine(*, is_offline: bool) -> Findings:
    from headwater.store import Store  # only here: it imports a database

    store = KeyStore()
    async with Spinner("asking the providers", sys.stderr):
        providers = await check_providers(store, is_offline=is_offline)
        servers = [] if is_offline else await check_local_servers()
    problems = check_settings(store, [check.name for check in providers])
    told = tuple(problems)  # a file of keys that cannot be used is told once
    for check in providers:
        if check.problem is not None and not check.problem.endswith(told):
            problems.append(check.problem)
    paths = {
        "settings": settings_file().path,
        "keys": store.file.path,
        "conversations": Store().path,
    }
    return Findings(
        versions=_versions(),
        providers=providers,
        servers=servers,
        files={name: (str(path), path.exists()) for name, path in paths.items()},
        problems=problems,
    )


def _versions() -> dict[str, str]:
    return {
        "headwater": __version__,
        **dict(installed_distributions()),
        **{name: version(name) for name in _LIBRARIES},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _write(found: Findings) -> None:
    for name, text in found.versions.items():
        click.echo(f"{name:<26} {as_line(text)}")
    for name, (path, exists) in found.files.items():
        click.echo(f"{name:<26} {as_line(_short(path))}{'' if exists else ' (there is none)'}")
    click.echo()
    lacking = [check for check in found.providers if _lacks_key(check)]
    shown = [check for check in found.providers if not _lacks_key(check)]
    write_table(_PROVIDER_HEADS, [_provider_row(check) for check in shown], sys.stdout)
    if lacking:
        names = ", ".join(check.name for check in lacking)
        click.echo(f"\n{_wrapped(f'Without a key: {names}')}")
    if found.servers:
        click.echo()
        write_table(_SERVER_HEADS, [_server_row(server) for server in found.servers], sys.stdout)
    click.echo()
    for problem in found.problems:
        click.echo(f"Problem: {as_line(problem)}")
    if not found.problems:
        click.echo("No problem was found.")


def _wrapped(text: str) -> str:
    """Break a line between words where a terminal would break it within one."""
    width = shutil.get_terminal_size().columns
    return textwrap.fill(text, width) if sys.stdout.isatty() else text


def _short(path: str) -> str:
    """Write the home of a person as they do."""
    home = f"{Path.home()}{os.sep}"
    return f"~{os.sep}{path.removeprefix(home)}" if path.startswith(home) else path


def _lacks_key(check: ProviderCheck) -> bool:
    """Tell whether a provider was not asked because it would need a key."""
    return check.takes_key and check.key is None and check.endpoint is None and not check.problem


def _provider_row(check: ProviderCheck) -> tuple[str, ...]:
    return (check.name, _key_text(check.key), _origin(check.endpoint), _state_text(check))


def _origin(url: str | None) -> str:
    """Shorten an address to the server that it leads to."""
    if url is None:
        return ""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _key_text(key: FoundKey | None) -> str:
    return "" if key is None else f"{key.shown or '?'} {key.place}"


def _state_text(check: ProviderCheck) -> str:
    if check.is_ok is None:
        return "not asked" if check.endpoint is not None else check.detail
    if not check.is_ok and check.is_local and check.problem is None:
        return "not running"
    waited = "" if check.waited_s is None else f" ({check.waited_s:.1f} s)"
    return f"{'ok' if check.is_ok else 'not ok'}{waited}: {check.detail}"


def _server_row(server: LocalServer) -> tuple[str, ...]:
    listening = f"something listens; `headwater models {server.provider}` asks it"
    return (server.title, str(server.port), listening if server.is_listening else "nothing listens")


def _fields(found: Findings) -> dict[str, Any]:
    return {
        "versions": found.versions,
        "files": {
            name: {"path": path, "exists": exists} for name, (path, exists) in found.files.items()
        },
        "providers": [
            {**attrs.asdict(check), "key": None if check.key is None else key_fields(check.key)}
            for check in found.providers
        ],
        "local_servers": [attrs.asdict(server) for server in found.servers],
        "problems": found.problems,
    }
