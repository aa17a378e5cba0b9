"""What a session has spent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ..turns import Spending
from ..usage import Usage

__all__ = ["Ledger"]


class Ledger:
    """Add up what calls used; what has been priced is not priced again."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self._spendings: list[Spending] = []
        self._priced = 0  # how many of them are in the cost
        self._cost: Decimal | None = Decimal(0)

    @property
    def spendings(self) -> Sequence[Spending]:
        """Show what each call used; not a copy."""
        return self._spendings

    def add(self, spending: Spending) -> None:
        """Count one call."""
        self.usage = spending.usage if self.usage is None else self.usage + spending.usage
        self._spendings.append(spending)

    def cost(self) -> Decimal | None:
        """Give what all of it cost in US dollars; None where part of it has no price.

        Raises:
            ConfigurationError: The extra `headwater[prices]` is not installed.
        """
        from ..prices import cost_of  # only where cost is asked for: an extra

        for spending in self._spendings[self._priced :]:
            cost = cost_of(spending.model, spending.usage, at=spending.at)
            self._cost = None if cost is None or self._cost is None else self._cost + cost
            self._priced += 1
        return self._cost if self._spendings else None
