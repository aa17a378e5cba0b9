"""What the commands that ask a model share: their arguments, and the defaults of a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import attrs
import click
from click.shell_completion import CompletionItem

from headwater import ChatOptions, HeadwaterError, Runner

from ._installed import provider_names
from ._key_store import KeyStore
from ._options import OPTION_NAMES, read_options
from ._settings import Settings, load_settings
from ._values import as_text

__all__ = [
    "DEFAULT_MODEL",
    "MODEL_VARIABLE",
    "ChosenModel",
    "attach_option",
    "choose_model",
    "complete_model",
    "complete_provider",
    "make_runner",
    "option_option",
    "read_call_options",
    "system_option",
    "text_argument",
]

DEFAULT_MODEL: Final = "demo/eliza"
MODEL_VARIABLE: Final = "HEADWATER_MODEL"

Command = TypeVar("Command", bound=Callable[..., Any])


def text_argument(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    """Give an argument as the text that was typed: a callback of click."""
    return None if value is None else as_text(value)


def complete_model(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the names of providers and aliases; imports no plugin."""
    try:
        aliases = list(load_settings().aliases)
    except HeadwaterError:
        aliases = []  # a shell that completes is no place to complain
    names = [*aliases, *(f"{name}/" for name in provider_names())]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_provider(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the names of providers; imports no plugin."""
    return [CompletionItem(name) for name in provider_names() if name.startswith(incomplete)]


def _complete_option(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    return [CompletionItem(name) for name in OPTION_NAMES if name.startswith(incomplete)]


def system_option(command: Command) -> Command:
    """Add -s."""
    return click.option(
        "-s",
        "--system",
        metavar="TEXT",
        callback=text_argument,
        help="How the model should behave.",
    )(command)


def attach_option(command: Command) -> Command:
    """Add -a."""
    return click.option(
        "-a",
        "--attach",
        "attachments",
        metavar="FILE|URL",
        multiple=True,
        shell_complete=lambda _context, _parameter, incomplete: [
            CompletionItem(incomplete, "file")
        ],
        help="Send an image, sound, video, document or text file along; may be repeated.",
    )(command)


def option_option(command: Command) -> Command:
    """Add -o."""
    return click.option(
        "-o",
        "--option",
        "pairs",
        metavar="KEY VALUE",
        nargs=2,
        multiple=True,
        shell_complete=_complete_option,
        help="Set an option of the call, a limit (total_s 30) or extra.KEY; may be repeated.",
    )(command)


@attrs.frozen
class ChosenModel:
    """Hold which model is asked.

    Attributes:
        model: Its id.
        alias: The alias that it was named by, None where it was named itself.
        is_default: Whether nobody has chosen one.
    """

    model: str
    alias: str | None = None
    is_default: bool = False


def choose_model(given: str | None, settings: Settings) -> ChosenModel:
    """Choose the model: the one given (-m, or HEADWATER_MODEL), else the set one, else the demo."""
    named = settings.model if given is None else given
    if named is None:
        return ChosenModel(DEFAULT_MODEL, is_default=True)
    model = settings.resolve(named)
    return ChosenModel(model, None if model == named else named)


def read_call_options(
    pairs: Sequence[tuple[str, str]], system: str | None, settings: Settings
) -> ChatOptions:
    """Read -o and -s, each before what is set for every call.

    Raises:
        click.UsageError: An option does not exist, comes twice, or has a wrong value.
    """
    try:
        options = read_options(settings.with_options(pairs))
    except click.BadParameter as error:
        raise click.UsageError(f"-o {error.message}") from None
    if system is not None and "system" in options:
        raise click.UsageError("the system prompt is given twice: with -s and with -o system")
    if system is not None:
        options["system"] = system
    elif settings.system is not None:
        options.setdefault("system", settings.system)
    return options


def make_runner() -> Runner:
    """Make a runner that finds the keys of `headwater keys` as well."""
    return Runner(keys=KeyStore().get)
