"""A session as a file of JSON Lines: the head, then its turns, then what was spent."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

from ..errors import StorageError
from ..requests import ModelId
from ..transcript import read, read_json, write_json
from ..turns import Spending, Turn

__all__ = ["Head", "VERSION", "Saved", "load_file", "save_file"]

VERSION: Final = 1


@attrs.frozen
class Head:
    """Hold what the first line says of the session."""

    model: ModelId
    system: str | None = None


@attrs.frozen(kw_only=True)
class Saved:
    """Hold what a file keeps of a session."""

    model: ModelId
    system: str | None
    turns: Sequence[Turn]
    spendings: Sequence[Spending]


def save_file(path: str | Path, saved: Saved) -> None:
    """Write a session to a file, wholly or not at all.

    Raises:
        StorageError: The file cannot be written.
    """
    target = Path(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{line}\n" for line in _lines(saved))
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror or error}") from error


def load_file(path: str | Path) -> Saved:
    """Read a session from a file.

    Raises:
        StorageError: It cannot be read, is no such file, or a newer Headwater wrote it.
    """
    source = Path(path)
    try:
        lines = source.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise StorageError(f"cannot read {source}: {reason or error}") from error
    if lines[-1] == "":
        lines.pop()
    places = (f"{source}, line {number}" for number in range(1, len(lines) + 1))
    return _read_lines(zip(places, lines, strict=True), source)


def _lines(saved: Saved) -> Iterator[str]:
    head = {"headwater": "session", "version": VERSION, "model": saved.model}
    yield write_json(head if saved.system is None else {**head, "system": saved.system})
    for turn in saved.turns:
        yield write_json({"turn": turn})
    for spending in saved.spendings:
        yield write_json({"spent": spending})


def _read_lines(lines: Iterable[tuple[str, str]], source: Path) -> Saved:
    ahead = iter(lines)
    where, first = next(ahead, (f"{source}, line 1", ""))
    head = read_json(first, where) if first.startswith("{") else None
    if not isinstance(head, dict) or head.get("headwater") != "session":
        raise StorageError(f"{source} is no session that Headwater saved")
    version = head.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise StorageError(
            f"{source} was saved in version {version!r} of the format, and this Headwater reads "
            f"up to {VERSION}: upgrade it"
        )
    named = read(Head, {name: head[name] for name in ("model", "system") if name in head}, where)
    turns: list[Turn] = []
    spendings: list[Spending] = []
    for where, line in ahead:
        match read_json(line, where):
            case {"turn": turn}:
                turns.append(read(Turn, turn, where))
            case {"spent": spent}:
                spendings.append(read(Spending, spent, where))
            case _:
                raise StorageError(f"{where}: expected a turn, or what was spent")
    return Saved(model=named.model, system=named.system, turns=turns, spendings=spendings)
