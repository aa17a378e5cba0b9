"""What `headwater config` keeps: the defaults of a person, checked as strictly as arguments."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import attrs
import click

from headwater import ConfigurationError, InvalidRequest, ModelId
from headwater.options import read_limits, read_request

from ._options import OPTION_NAMES, read_options
from ._settings_file import SettingsFile
from ._values import read_boolean

__all__ = [
    "ALIASES",
    "OPTIONS",
    "SETTING_NAMES",
    "Settings",
    "as_stored",
    "as_typed",
    "check_alias",
    "check_name",
    "load_settings",
    "settings_file",
]

ALIASES: Final = "aliases"
OPTIONS: Final = "options"
SETTING_NAMES: Final = ("model", "system", "plain", f"{OPTIONS}.KEY")

Stored: TypeAlias = str | bool | int | float


@attrs.frozen
class Settings:
    """Hold the defaults that a person has set.

    Attributes:
        model: The model to ask, or an alias of it.
        system: How models should behave.
        is_plain: Whether answers are shown without rendering and colour.
        options: Options of every call, as -o takes them.
        aliases: Short names of models.
    """

    model: str | None = None
    system: str | None = None
    is_plain: bool = False
    options: tuple[tuple[str, str], ...] = ()
    aliases: Mapping[str, str] = attrs.field(factory=dict)

    def resolve(self, model: str) -> str:
        """Give the id of the model that an alias stands for; an id stays what it is."""
        return self.aliases.get(model, model)

    def with_options(self, given: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Put the options of a call in place of the default ones of their name."""
        pairs = [*given]
        names = {name if "." in name else name.replace("-", "_") for name, _ in pairs}
        if "extra" in names:
            names |= {name for name, _ in self.options if name.startswith("extra.")}
        return [pair for pair in self.options if pair[0] not in names] + pairs


def settings_file() -> SettingsFile:
    """Find the file of settings."""
    return SettingsFile.named("config.toml")


def load_settings() -> Settings:
    """Read the settings; where there is no file, nothing is set.

    Raises:
        ConfigurationError: The file holds what is no setting.
    """
    file = settings_file()
    try:
        return _read(file.read())
    except click.ClickException as error:
        raise ConfigurationError(f"{file.path}: {error.message}") from None


def _read(found: Mapping[str, Any]) -> Settings:
    aliases, options = _table(found, ALIASES), _table(found, OPTIONS)
    for name, model in aliases.items():
        check_alias(name, model)
    single = {name: as_typed(found[name]) for name in found if name not in (ALIASES, OPTIONS)}
    for name, text in (*single.items(), *((f"{OPTIONS}.{key}", options[key]) for key in options)):
        as_stored(name, text)
    return Settings(
        model=single.get("model"),
        system=single.get("system"),
        is_plain=read_boolean(single.get("plain", "false")),
        options=tuple(options.items()),
        aliases=aliases,
    )


def _table(found: Mapping[str, Any], name: str) -> Mapping[str, str]:
    table = found.get(name, {})
    if not isinstance(table, dict):
        raise click.BadParameter(f"expected {name} to be a table, got {as_typed(table)}")
    return {key: as_typed(value) for key, value in table.items()}


def as_typed(value: object) -> str:
    """Give a value of the file as a person would type it."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def as_stored(name: str, text: str) -> Stored:
    """Check what was typed, and give it as the file holds it: numbers and truth values as such.

    Raises:
        click.BadParameter: There is no such setting, or it does not take this value.
    """
    check_name(name)
    if not text.strip():
        raise click.BadParameter(
            f"{name}: expected a value; `headwater config unset` takes it away"
        )
    value: object = text
    try:
        if name == "plain":
            value = read_boolean(text)
        elif name.startswith(f"{OPTIONS}."):
            value = _option(name.removeprefix(f"{OPTIONS}."), text)
    except (click.BadParameter, InvalidRequest) as error:
        raise click.BadParameter(f"{name}: {error.message}") from None
    return value if isinstance(value, bool | int | float) else text


def check_name(name: str) -> None:
    """Refuse a name that is no setting.

    Raises:
        click.BadParameter: It lists the ones that exist.
    """
    table, _, option = name.partition(".")
    if name in SETTING_NAMES[:-1] or (table == OPTIONS and option):
        return
    near = difflib.get_close_matches(name, SETTING_NAMES[:-1], n=1)
    if name in OPTION_NAMES:
        near = [f"{OPTIONS}.{name}"]
    guess = f" Did you mean {near[0]}?" if near else ""
    raise click.BadParameter(
        f"{name}: no such setting; there are {', '.join(SETTING_NAMES)}.{guess}"
    )


def _option(name: str, text: str) -> object:
    """Read an option of every call, and let the core check it as it would that of a call."""
    if name == "system":
        raise click.BadParameter("there is a setting of its own, system")
    options = read_options([(name, text)])
    read_limits(options)
    read_request("demo/echo", "x", options)
    (value,) = options.values()
    return value


def check_alias(name: str, model: str) -> None:
    """Refuse an alias that could be taken for a model id, or that stands for none.

    Raises:
        click.BadParameter: It says which.
    """
    if not name.isprintable() or not name or any(mark in name for mark in "/: "):
        raise click.BadParameter(f"expected an alias without /, : and blanks, got {name!r}")
    try:
        ModelId.parse(model)
    except InvalidRequest as error:
        raise click.BadParameter(f"the alias {name}: {error.message}") from None
