"""Keys that do not show: `Secret`, where it is looked for, and taking it out of text."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Final

from .errors import MalformedKey, MissingKey

__all__ = ["Secret", "as_secret", "find_key", "redact", "require_key"]

REDACTED: Final = "***"
_KEY = re.compile(r"[\x21-\x7e]+")


class Secret:
    """Hold a key so that it shows in no `repr`, log line or traceback.

    White space at the ends (a key read from a file) is dropped. What cannot stand in a header is
    refused with a message that does not repeat it.

    Args:
        value: The key.
        prefix: What goes before the key in a header, such as "Bearer ".

    Raises:
        MalformedKey: The key is empty, or holds white space, control or non-ASCII characters.
    """

    __slots__ = ("_prefix", "_value")

    def __init__(self, value: str, *, prefix: str = "") -> None:
        stripped = value.strip()
        if not _KEY.fullmatch(stripped):
            what = "is empty" if not stripped else "holds characters that no key has"
            raise MalformedKey(
                f"the key {what}: expected printable ASCII without blanks; copy it again, whole"
            )
        self._value = stripped
        self._prefix = prefix

    @classmethod
    def of(cls, value: str | Secret | None) -> Secret | None:
        """Convert what a caller gives; None and a Secret stay as they are."""
        return cls(value) if isinstance(value, str) else value

    def bearer(self) -> Secret:
        """Give the value of an `Authorization` header for this key."""
        bearer = Secret.__new__(Secret)  # what is a key already need not be checked again
        bearer._value = self._value
        bearer._prefix = "Bearer "
        return bearer

    def reveal(self) -> str:
        """Give the header value in clear, for the wire alone."""
        return self._prefix + self._value

    def remove_from(self, text: str) -> str:
        """Replace the key in a text by `***`."""
        return text.replace(self._value, REDACTED)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reveal() == other.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __repr__(self) -> str:
        return f"Secret({REDACTED!r})"

    __str__ = __repr__


def as_secret(value: str | Secret | None) -> Secret | None:
    """Convert what a caller gives as a key, as `Secret.of` does: the converter of a plugin's field.

    Raises:
        MalformedKey: It cannot be a key.
    """
    return Secret.of(value)  # a function, since mypy takes no class method for a converter


def find_key(given: Secret | None, *variables: str) -> Secret | None:
    """Find a provider's key: the one given, else the first environment variable that is set.

    Args:
        given: What the application passed; it wins.
        variables: Environment variables in the order in which they count.

    Returns:
        The key, or None when there is none.

    Raises:
        MalformedKey: The one found cannot be one.
    """
    if given is not None:
        return given
    for variable in variables:
        if value := os.environ.get(variable, "").strip():
            return Secret(value)
    return None


def require_key(given: Secret | None, *variables: str) -> Secret:
    """Find a provider's key as `find_key` does, and insist on one.

    Raises:
        MissingKey: There is none.
        MalformedKey: The one found cannot be one.
    """
    key = find_key(given, *variables)
    if key is None:
        where = f"set {' or '.join(variables)} in the environment, or " if variables else ""
        raise MissingKey(f"this provider needs a key and none was found: {where}pass api_key=…")
    return key


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """Replace each of the live keys in a text by `***`."""
    for secret in secrets:
        text = secret.remove_from(text)
    return text
