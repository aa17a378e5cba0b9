"""How a liar is named, with the check that must find it out.

`@liar("check")` is for a provider; `@misread("check")` for a decoder that a provider is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import attrs

from headwater.testing.conformance import ProviderConformance

from .honest import Decoder, Honest

__all__ = ["KEY", "LIARS", "Liar", "liar", "misread"]

KEY: Final = ProviderConformance.key


@attrs.frozen
class Liar:
    """Name a provider that lies, and the check that must find out.

    Attributes:
        name: What it does.
        check: The check's name.
        make: Makes the provider object.
    """

    name: str
    check: str
    make: Callable[[], object]


LIARS: Final[list[Liar]] = []
P = TypeVar("P", bound=type[Honest])
D = TypeVar("D", bound=type[Decoder])


def liar(check: str) -> Callable[[P], P]:
    """Add a provider to the liars."""

    def add(kind: P) -> P:
        LIARS.append(Liar(kind.__name__, check, lambda: kind(KEY)))
        return kind

    return add


def misread(check: str) -> Callable[[D], D]:
    """Add a provider with this decoder to the liars."""

    def add(kind: D) -> D:
        class Misreading(Honest):
            make_decoder = kind

        LIARS.append(Liar(kind.__name__, check, lambda: Misreading(KEY)))
        return kind

    return add
