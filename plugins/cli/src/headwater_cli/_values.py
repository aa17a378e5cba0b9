"""Texts of the command line as the values that they stand for."""

from __future__ import annotations

import json
import os
from typing import Final, NoReturn, cast

import click

from headwater import JSONObject, JSONValue

__all__ = [
    "as_text",
    "read_boolean",
    "read_json",
    "read_json_or_text",
    "read_number",
    "read_object",
    "read_whole",
]

_BOOLEANS: Final = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_MAX_FILE_BYTES: Final = 10 * 2**20  # of a schema: more is another file


def as_text(value: str) -> str:
    """Give an argument as the text that was typed, whatever the locale made of its bytes.

    Raises:
        click.BadParameter: Its bytes are no UTF-8, and no provider could be sent them.
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        try:
            return os.fsencode(value).decode()
        except UnicodeError:
            raise click.BadParameter("expected text in UTF-8") from None
    return value


def read_whole(text: str) -> int:
    """Read a whole number."""
    try:
        return int(text)
    except ValueError:
        raise click.BadParameter(f"expected a whole number, got {text!r}") from None


def read_number(text: str) -> float:
    """Read a number; "inf" is one, as a limit may be off."""
    try:
        return float(text)
    except ValueError:
        raise click.BadParameter(f"expected a number, got {text!r}") from None


def read_boolean(text: str) -> bool:
    """Read true or false."""
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise click.BadParameter(f"expected true or false, got {text!r}")
    return value


def read_json(text: str) -> JSONValue:
    """Read JSON, or with @ before it the file that holds it."""
    source = _file_text(text[1:]) if text.startswith("@") else text
    try:
        return cast("JSONValue", json.loads(source, parse_constant=_refuse_constant))
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise click.BadParameter(f"expected JSON, or @FILE of JSON: {problem}") from None


def read_json_or_text(text: str) -> JSONValue:
    """Read JSON where it is JSON, and take anything else as the text that it is."""
    if text.startswith("@"):
        return read_json(text)
    try:
        return read_json(text)
    except click.BadParameter:
        return text


def read_object(text: str) -> JSONObject:
    """Read a JSON object."""
    value = read_json(text)
    if not isinstance(value, dict):
        raise click.BadParameter(f"expected a JSON object, got {type(value).__name__}")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _file_text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise click.BadParameter(f"cannot read {path}: {error.strerror or error}") from None
    if len(content) > _MAX_FILE_BYTES:
        raise click.BadParameter(f"{path} is larger than {_MAX_FILE_BYTES // 2**20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.BadParameter(f"{path} is no text in UTF-8") from None
