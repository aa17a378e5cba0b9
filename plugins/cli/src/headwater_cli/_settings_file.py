"""Files of settings: read strictly, changed without losing a comment, replaced whole."""

from __future__ import annotations

import os
import stat
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import attrs

from headwater import ConfigurationError
from headwater.errors import printable

try:
    import fcntl
except ImportError:  # no POSIX
    fcntl = None  # type: ignore[assignment]  # a module, or none

if TYPE_CHECKING:
    from collections.abc import Generator

    from tomlkit import TOMLDocument

__all__ = ["FOLDER_VARIABLE", "SettingsFile", "config_folder"]

FOLDER_VARIABLE: Final = "HEADWATER_CONFIG_DIR"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def config_folder() -> Path:
    """Name the folder of settings and keys: the one that is set, else where the system has such."""
    if given := os.environ.get(FOLDER_VARIABLE, "").strip():
        return Path(given).expanduser()
    from platformdirs import user_config_path  # here, since help needs none

    return user_config_path("headwater", appauthor=False)


@attrs.frozen
class SettingsFile:
    """Read and change one TOML file, which need not exist.

    Attributes:
        path: Where it is.
    """

    path: Path

    @classmethod
    def named(cls, name: str) -> SettingsFile:
        """Find the file of that name in the folder of settings."""
        return cls(config_folder() / name)

    def read(self) -> Mapping[str, Any]:
        """Read what it holds; nothing, where there is no file.

        Raises:
            ConfigurationError: It cannot be read, or is no TOML.
        """
        return tomllib.loads(self._checked_text())

    @contextmanager
    def changing(self) -> Generator[TOMLDocument, None, None]:
        """Give what it holds, to be changed; then replace the file, readable by its owner alone.

        Raises:
            ConfigurationError: It cannot be read or written, or is no TOML.
        """
        import tomlkit  # only where something is changed: reading has no need of comments

        target = self.path.resolve()  # a link stays one
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _alone_in(target.parent):
                document = tomlkit.parse(self._checked_text())
                yield document
                text = tomlkit.dumps(document).strip("\n")
                _replace(target, f"{text}\n" if text else "")
        except OSError as error:
            raise ConfigurationError(f"cannot write {self.path}: {error.strerror}") from error

    def exposed_mode(self) -> str | None:
        """Tell the mode of a file that others than its owner may open; None: they may not."""
        if os.name != "posix":
            return None  # elsewhere the mode says nothing
        with suppress(OSError):
            mode = stat.S_IMODE(self.path.stat().st_mode)
            return f"{mode:04o}" if mode & _OTHERS else None
        return None

    def _checked_text(self) -> str:
        try:
            text = self.path.read_bytes().decode()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise ConfigurationError(f"cannot read {self.path}: {error.strerror}") from error
        except UnicodeDecodeError:
            raise ConfigurationError(
                f"{self.path} is no text in UTF-8: mend or remove it"
            ) from None
        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            # Of a file of keys no part may be shown, and such an error quotes a character at most.
            raise ConfigurationError(
                f"{self.path} is no TOML: {printable(str(error))}; mend or remove it"
            ) from None
        return text


@contextmanager
def _alone_in(folder: Path) -> Generator[None, None, None]:
    """Keep other processes from changing a file of the folder at the same time."""
    if fcntl is None:
        yield  # elsewhere the last one wins
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)  # which lets go of the lock


def _replace(target: Path, text: str) -> None:
    """Write a file beside it, of mode 0600 from its first byte, and put it in its place."""
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(number, "wb") as file:
            _write_through(file, text)
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _write_through(file: IO[bytes], text: str) -> None:
    file.write(text.encode())
    file.flush()
    os.fsync(file.fileno())
