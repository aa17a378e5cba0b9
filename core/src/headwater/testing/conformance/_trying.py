"""How often generated payloads are tried, and how the least of those that fail is reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from hypothesis import HealthCheck, settings

from ._subject import Subject

__all__ = ["tried"]

USUAL: Final = 100  # what hypothesis tries where no profile says otherwise

F = TypeVar("F", bound=Callable[..., None])


def tried(subject: Subject) -> Callable[[F], F]:
    """Try a property of generated values, the same ones each time, and report the least failure."""
    of_profile = settings().max_examples
    chosen = settings(
        max_examples=subject.max_examples if of_profile == USUAL else of_profile,
        derandomize=True,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )

    def decorate(function: F) -> F:
        return chosen(function)  # type: ignore[no-any-return,unused-ignore]

    return decorate
