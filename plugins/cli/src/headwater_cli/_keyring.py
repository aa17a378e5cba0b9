"""The keyring of the system, where the extra `keyring` is installed: the one door to it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Final, TypeVar

from headwater import ConfigurationError

__all__ = ["KeyringUnusable", "has_keyring", "keyring_delete", "keyring_get", "keyring_set"]

T = TypeVar("T")

_SERVICE: Final = "headwater"


class KeyringUnusable(ConfigurationError):
    """Say that this machine has no keyring that works here and now."""


def has_keyring() -> bool:
    """Tell whether the extra is installed; imports nothing."""
    return find_spec("keyring") is not None


def keyring_get(name: str) -> str | None:
    """Look a provider's key up; None: the keyring has none.

    Raises:
        KeyringUnusable: There is no keyring, or it is locked.
    """

    def get() -> str | None:
        import keyring  # here, as in all of these: it looks for its backends as it is imported

        return keyring.get_password(_SERVICE, name)

    return _asked(get)


def keyring_set(name: str, key: str) -> None:
    """Keep a provider's key.

    Raises:
        KeyringUnusable: There is no keyring, or it is locked.
    """

    def put() -> None:
        import keyring

        keyring.set_password(_SERVICE, name, key)

    _asked(put)


def keyring_delete(name: str) -> None:
    """Take a provider's key away; that there is none is no failure.

    Raises:
        KeyringUnusable: There is no keyring, or it is locked.
    """

    def delete() -> None:
        import keyring
        from keyring.errors import PasswordDeleteError

        try:
            keyring.delete_password(_SERVICE, name)
        except PasswordDeleteError:
            return

    _asked(delete)


def _asked(work: Callable[[], T]) -> T:
    try:
        return work()
    except Exception as error:  # noqa: BLE001  # a backend raises whatever its system does
        # Its words stay out: nobody vouches that they hold no key.
        raise KeyringUnusable(
            f"the keyring of this machine cannot be used here ({type(error).__name__})"
        ) from None
