"""What a mutation is."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final

import attrs

__all__ = ["CHECKOUT", "Area", "Mutation", "scenario"]

CHECKOUT: Final = Path(__file__).parents[2]
_CORE: Final = "core/src/headwater/"


class Area(StrEnum):
    """What the broken code is for."""

    RETRY = "retry"
    TIMEOUT = "timeout"
    TRUNCATION = "truncation"
    CLOSING = "closing"


def scenario(name: str, wire: str = "chat_completions") -> str:
    """Name the test that plays a scenario of the table."""
    return f"tests/faults/test_faults_table.py::test_a_scenario_holds[{name} [{wire}]]"


def _file(module: str) -> Path:
    """Find a module: of core as "wire/http", of a plugin as "google: _decode"."""
    plugin, _, own = module.rpartition(": ")
    package = f"plugins/{plugin}/src/headwater_{plugin.replace('-', '_')}/" if plugin else _CORE
    return Path(f"{package}{own}.py")


@attrs.frozen
class Mutation:
    """Break one thing, by a change that somebody might make in good faith.

    Attributes:
        name: What it is called by.
        area: What the code is for.
        file: Where it stands, in the checkout.
        broken: What no longer holds, in words.
        text: What stands there, once.
        instead: What stands there then.
        tests: What notices it, as pytest is told.
    """

    name: str
    area: Area
    file: Path = attrs.field(converter=_file)
    broken: str
    text: str = attrs.field(kw_only=True)
    instead: str = attrs.field(kw_only=True)
    tests: tuple[str, ...] = attrs.field(kw_only=True)

    def apply(self, source: str) -> str:
        """Break the source.

        Raises:
            ValueError: The text does not stand there, or more than once.
        """
        count = source.count(self.text)
        if count != 1:
            raise ValueError(
                f"the mutation {self.name!r}: expected its text once in {self.file}, found it "
                f"{count} times: the code has changed, so change the mutation with it"
            )
        return source.replace(self.text, self.instead)
