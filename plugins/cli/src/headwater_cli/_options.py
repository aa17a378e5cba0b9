"""What is set with -o KEY VALUE: the options of a call, and the provider's own."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Final, cast

import click

from headwater import ChatOptions, JSONObject, JSONValue

from ._values import (
    as_text,
    read_boolean,
    read_json_or_text,
    read_number,
    read_object,
    read_whole,
)

__all__ = ["OPTION_NAMES", "read_options"]

EXTRA: Final = "extra."


def _stop(text: str) -> JSONValue:
    """Read one text, or JSON: a list of them, or a text with escapes."""
    return read_json_or_text(text) if text.startswith(("[", '"', "@")) else text


def _response_format(text: str) -> str | JSONObject:
    return text if text in ("json", "text") else read_object(text)


def _cache(text: str) -> bool | str:
    return text if text in ("5m", "1h") else read_boolean(text)


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "system": str,
    "max_output_tokens": read_whole,
    "temperature": read_number,
    "top_p": read_number,
    "stop": _stop,
    "seed": read_whole,
    "response_format": _response_format,
    "reasoning": str,
    "cache": _cache,
    "extra": read_object,
    "raw": read_boolean,
    "connect_s": read_number,
    "first_content_s": read_number,
    "idle_s": read_number,
    "content_gap_s": read_number,
    "total_s": read_number,
    "attempts": read_whole,
}

OPTION_NAMES: Final = tuple(_READERS)


def read_options(pairs: Iterable[tuple[str, str]]) -> ChatOptions:
    """Read the pairs of -o.

    Shapes:
        [("seed", "7"), ("extra.a.b", "1")] -> {"seed": 7, "extra": {"a": {"b": 1}}}

    Raises:
        click.BadParameter: A name does not exist or comes twice, or a value is of the wrong type.
    """
    options: dict[str, object] = {}
    extra: dict[str, JSONValue] = {}
    for key, text in pairs:
        name = key.replace("-", "_") if not key.startswith(EXTRA) else key
        value = _read(name, as_text(text))
        if name.startswith(EXTRA):
            _put(extra, name, value)
        elif name in options:
            raise click.BadParameter(f"{name} is given twice")
        else:
            options[name] = value
    if extra:
        options["extra"] = _merged(cast("JSONObject", options.get("extra", {})), extra)
    return cast("ChatOptions", options)


def _read(name: str, text: str) -> object:
    reader = read_json_or_text if name.startswith(EXTRA) else _READERS.get(name)
    if reader is None:
        raise click.BadParameter(_unknown(name))
    try:
        return reader(text)
    except click.BadParameter as error:
        raise click.BadParameter(f"{name}: {error.message}") from None


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, OPTION_NAMES, n=1)
    guess = f" Did you mean {near[0]}?" if near else ""
    return (
        f"{name}: no such option; there are {', '.join(OPTION_NAMES)}, and extra.KEY for one "
        f"of the provider's own.{guess}"
    )


def _put(extra: dict[str, JSONValue], name: str, value: object) -> None:
    """Put a value where the dots of its name lead."""
    *path, last = name.removeprefix(EXTRA).split(".")
    if not all((*path, last)):
        raise click.BadParameter(f"expected extra.KEY or extra.KEY.KEY, got {name!r}")
    inner = extra
    for step in path:
        inner = cast("dict[str, JSONValue]", inner.setdefault(step, {}))
        if not isinstance(inner, dict):
            raise click.BadParameter(f"{name} is set, and so is what it would stand in")
    if last in inner:
        raise click.BadParameter(f"{name} is given twice")
    inner[last] = cast("JSONValue", value)


def _merged(whole: JSONObject, single: JSONObject) -> JSONObject:
    twice = sorted(whole.keys() & single.keys())
    if twice:
        raise click.BadParameter(f"extra.{twice[0]} is given twice")
    return {**whole, **single}
