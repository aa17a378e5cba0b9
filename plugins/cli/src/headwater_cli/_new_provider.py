"""The command `new-provider`: a complete package to begin a provider with."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

import click

from headwater import ConfigurationError
from headwater.wire.url import check_address

from ._installed import provider_names
from ._new_provider_files import NewProvider, Wire, write_package
from ._terminal import as_line

__all__ = ["new_provider"]

_MAX_NAME_CHARS: Final = 24  # so that what is written keeps to the length of a line
_MAX_VARIABLE_CHARS: Final = 50
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_URL: Final = re.compile(r"[A-Za-z0-9:/._~%?=&+,;@!*()\[\]-]+")  # fit for a string of Python's
_ANSWER_PATH: Final = "/chat/completions"


def _read_name(text: str) -> str:
    if not _NAME.fullmatch(text) or len(text) > _MAX_NAME_CHARS:
        raise click.BadParameter(
            "expected the name of a provider, small letters and digits with dashes between, such "
            f'as "acme" or "acme-cloud", {_MAX_NAME_CHARS} at most; got "{as_line(text)[:80]}"'
        )
    return text


def _read_wire(text: str) -> str:
    if text not in set(Wire):
        raise click.BadParameter(f'expected {", ".join(Wire)}, got "{as_line(text)[:80]}"')
    return text


def _read_url(text: str) -> str:
    try:
        check_address(text)
    except ConfigurationError as error:
        raise click.BadParameter(as_line(error.message)) from None
    if not _URL.fullmatch(text):
        raise click.BadParameter(
            "expected an address in plain ASCII, such as https://api.acme.example/v1, got "
            f'"{as_line(text)[:80]}"'
        )
    if text.rstrip("/").endswith(_ANSWER_PATH):
        raise click.BadParameter(f"leave out {_ANSWER_PATH}: it is added where it is needed")
    return text.rstrip("/")


def _read_variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text) or len(text) > _MAX_VARIABLE_CHARS:
        raise click.BadParameter(
            'expected the name of an environment variable, such as "ACME_API_KEY", got '
            f'"{as_line(text)[:80]}"'
        )
    return text


def _callback(
    read: Callable[[str], str],
) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    return lambda _context, _parameter, value: None if value is None else read(value)


@click.command("new-provider")
@click.argument("name", callback=_callback(_read_name))
@click.option(
    "--dialect",
    metavar="|".join(Wire),
    callback=_callback(_read_wire),
    help="How the service speaks: as OpenAI does, or on a wire of its own, in server-sent events "
    "or in lines of JSON.",
)
@click.option(
    "--base-url", metavar="URL", callback=_callback(_read_url), help="Where the service is."
)
@click.option(
    "--key-variable",
    metavar="VARIABLE",
    callback=_callback(_read_variable),
    help="The environment variable that holds its key.",
)
def new_provider(
    name: str, dialect: str | None, base_url: str | None, key_variable: str | None
) -> None:
    """Write the package of a new provider into ./headwater-NAME.

    It installs, is found, and passes its conformance test as it is; what is missing is asked for.
    """
    folder = Path(f"headwater-{name}")
    if folder.exists() or folder.is_symlink():
        raise _taken(folder)
    given = {"--dialect": dialect, "--base-url": base_url, "--key-variable": key_variable}
    dialect, base_url, key_variable = _completed(name, given)
    new = NewProvider(name=name, wire=Wire(dialect), base_url=base_url, key_variable=key_variable)
    try:
        write_package(new, Path())
    except FileExistsError:
        raise _taken(folder) from None
    _tell(new)


def _taken(folder: Path) -> click.UsageError:
    return click.UsageError(f"{folder} exists: choose another name, or go elsewhere")


def _completed(name: str, given: dict[str, str | None]) -> list[str]:
    """Ask for what was not given; where nobody can be asked, say what is missing."""
    missing = [option for option, value in given.items() if value is None]
    if missing and not sys.stdin.isatty():
        raise click.UsageError(f"missing {' and '.join(missing)}; on a terminal you are asked")
    questions: dict[str, Callable[[], str]] = {
        "--dialect": lambda: _asked(
            f"How does {name} speak ({', '.join(Wire)})", _read_wire, Wire.CHAT_COMPLETIONS
        ),
        "--base-url": lambda: _asked("Its base URL", _read_url),
        "--key-variable": lambda: _asked(
            "The environment variable of its key",
            _read_variable,
            f"{name.upper().replace('-', '_')}_API_KEY",
        ),
    }
    try:
        return [value or questions[option]() for option, value in given.items()]
    except click.Abort:
        raise KeyboardInterrupt from None


def _asked(question: str, read: Callable[[str], str], default: str | None = None) -> str:
    answer: str = click.prompt(question, default=default, value_proc=read, err=True)
    return answer


def _tell(new: NewProvider) -> None:
    claimed = _claims(new)
    if claimed:
        click.echo(f"Note: {claimed}; two that claim one name cannot be used.", err=True)
    click.echo(f"{new.distribution} is written. Go on with:")
    for command in (f"cd {new.distribution}", 'pip install -e ".[dev]"', "pytest"):
        click.echo(f"  {command}")


def _claims(new: NewProvider) -> str:
    """Say who has the name already; "" where nobody has."""
    if new.name in provider_names():
        return f"the provider {new.name} is installed already"
    try:
        distribution(new.distribution)
    except PackageNotFoundError:
        return ""
    return f"a package {new.distribution} is installed already"
