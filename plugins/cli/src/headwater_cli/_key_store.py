"""The keys that `headwater keys` keeps: in a file of its owner alone, or in the keyring."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from enum import StrEnum
from functools import partial
from typing import Any, Final

import attrs

from headwater import ConfigurationError, HeadwaterError, ProviderInfo, Secret
from headwater.discovery import key_variables
from headwater.errors import printable

from ._keyring import KeyringUnusable, has_keyring, keyring_delete, keyring_get, keyring_set
from ._settings_file import SettingsFile

__all__ = ["FoundKey", "KeyStore", "Place", "find_key_of", "key_fields", "masked"]

FILE_TITLE: Final = "the file of keys"
KEYRING_TITLE: Final = "the keyring"
_SHOWN_CHARS: Final = 4
_LONG_ENOUGH: Final = 16  # four characters of a shorter key would be too much of it


class Place(StrEnum):
    """Where a key is kept; the names of the tables of the file as well."""

    FILE = "keys"
    KEYRING = "keyring"


@attrs.frozen
class FoundKey:
    """Hold a key and where it was found, to be shown without showing it.

    Attributes:
        place: The environment variable, "the file of keys" or "the keyring".
        shown: The key, masked.
        problem: Why it cannot be used, None where it can.
        hides: Where another one is kept that would be used without it.
    """

    place: str
    shown: str = ""
    problem: str | None = None
    hides: str | None = None


def masked(key: Secret) -> str:
    """Show of a key no more than its end, and that of a long one alone."""
    text = key.reveal()
    return f"…{text[-_SHOWN_CHARS:]}" if len(text) >= _LONG_ENOUGH else "…"


class KeyStore:
    """Keep keys by the name of their provider.

    The file lists every key: those in the keyring by name alone, as a keyring cannot be listed.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Place, str]] | None = None

    @property
    def file(self) -> SettingsFile:
        """Find the file, which need not exist."""
        return SettingsFile.named("keys.toml")

    def kept(self) -> Mapping[str, Place]:
        """Tell which keys are kept, and where.

        Raises:
            ConfigurationError: The file cannot be read.
        """
        return {name: place for name, (place, _) in self._all().items()}

    def get(self, name: str) -> Secret | None:
        """Give the key of a provider, None where none is kept: what `Runner(keys=…)` takes.

        Raises:
            ConfigurationError: The file cannot be read, or others can read it too; or the keyring
                that holds the key cannot be used.
        """
        place, text = self._all().get(name, (None, ""))
        if place is None:
            return None
        if place is Place.KEYRING:
            return self._from_keyring(name)
        if (problem := self.exposure()) is not None:
            raise ConfigurationError(problem)
        return Secret(text)

    def exposure(self) -> str | None:
        """Say what is wrong with a file that others than its owner may open."""
        mode = self.file.exposed_mode()
        if mode is None:
            return None
        return (
            f"{self.file.path} holds keys, and others may open it (mode {mode}): run "
            f"`chmod 600 {self.file.path}`, and replace the keys if others use this machine"
        )

    def put(self, name: str, key: Secret, *, is_for_file: bool) -> Place:
        """Keep a key: in the keyring if there is one, else in the file.

        Raises:
            KeyringUnusable: The extra is installed, but no keyring works here.
            ConfigurationError: The file cannot be read or written.
        """
        before = self.kept().get(name)  # who has a broken file is told before anything is kept
        place = Place.FILE if is_for_file or not has_keyring() else Place.KEYRING
        text = key.reveal()
        if place is Place.KEYRING:
            keyring_set(name, text)
        elif before is Place.KEYRING:
            with suppress(KeyringUnusable):  # it may be the reason for the file
                keyring_delete(name)
        with self.file.changing() as document:
            _drop(document, name)
            document.setdefault(place.value, {})[name] = True if place is Place.KEYRING else text
        self._kept = None
        return place

    def remove(self, name: str) -> None:
        """Take a key away.

        Raises:
            KeyringUnusable: It is in the keyring, which cannot be used.
            ConfigurationError: The file cannot be written.
        """
        if self.kept().get(name) is Place.KEYRING:
            keyring_delete(name)
        with self.file.changing() as document:
            _drop(document, name)
        self._kept = None

    def _from_keyring(self, name: str) -> Secret:
        say = f"set it anew with `headwater keys set {name}`"
        if not has_keyring():
            raise KeyringUnusable(
                f"the key of {name} is in the keyring, and what reads it is not installed: "
                f'pip install "headwater-cli[keyring]", or {say}'
            )
        try:
            text = keyring_get(name)
        except KeyringUnusable as error:
            raise KeyringUnusable(f"the key of {name} is in the keyring: {error}; {say}") from None
        if text is None:
            raise ConfigurationError(f"the key of {name} is no longer in the keyring: {say}")
        return Secret(text)

    def _all(self) -> dict[str, tuple[Place, str]]:
        if self._kept is None:
            self._kept = _checked(self.file.read(), f"{self.file.path}")
        return self._kept


def _checked(found: Mapping[str, Any], where: str) -> dict[str, tuple[Place, str]]:
    """Take the tables apart; what else stands there is named, and never shown."""
    kept: dict[str, tuple[Place, str]] = {}
    for table, entries in found.items():
        if table not in tuple(Place) or not isinstance(entries, dict):
            raise ConfigurationError(
                f"{where}: expected the tables [keys] and [keyring], got {printable(table)!r}"
            )
        place = Place(table)
        for name, value in entries.items():
            if not isinstance(value, str if place is Place.FILE else bool):
                raise ConfigurationError(f"{where}: expected a key as text for {printable(name)!r}")
            kept[name] = (place, value if isinstance(value, str) else "")
    return kept


def _drop(document: MutableMapping[str, Any], name: str) -> None:
    for table in (place.value for place in Place if place.value in document):
        document[table].pop(name, None)
        if not document[table]:
            del document[table]


def find_key_of(name: str, info: ProviderInfo, store: KeyStore) -> FoundKey | None:
    """Find the key that a provider would be used with, in the order in which that is looked for."""
    kept = _kept_key(name, store)
    for variable in key_variables(name, info):
        if value := os.environ.get(variable, "").strip():
            found = _found(variable, partial(Secret, value))
            return attrs.evolve(found, hides=None if kept is None else kept.place)
    return kept


def key_fields(key: FoundKey) -> dict[str, str | None]:
    """Give what may be told of a key, for JSON."""
    return {"key": key.shown, "from": key.place, "problem": key.problem, "hides": key.hides}


def _kept_key(name: str, store: KeyStore) -> FoundKey | None:
    try:
        place = store.kept().get(name)
    except HeadwaterError as error:
        return FoundKey(FILE_TITLE, problem=str(error))
    if place is None:
        return None
    return _found(FILE_TITLE if place is Place.FILE else KEYRING_TITLE, partial(store.get, name))


def _found(place: str, get: Callable[[], Secret | None]) -> FoundKey:
    try:
        key = get()
    except HeadwaterError as error:
        return FoundKey(place, problem=str(error))
    return FoundKey(place, "" if key is None else masked(key))
