"""A keyring in a file, for the tests of the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class Backend(KeyringBackend):
    """Keep passwords in a file of JSON."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        """Look one up."""
        return self._all().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep one."""
        self._path().write_text(json.dumps({**self._all(), f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        """Forget one."""
        kept = self._all()
        if kept.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError
        self._path().write_text(json.dumps(kept))

    def _all(self) -> dict[str, str]:
        if os.environ.get("STAGE_LOCKED"):
            raise KeyringLocked("locked; the key was sk-never-shown")
        kept: dict[str, str] = json.loads(self._path().read_text())
        return kept

    def _path(self) -> Path:
        return Path(os.environ["STAGE_KEYRING"])
