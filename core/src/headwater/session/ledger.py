"""What a session has spent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import attrs

from ..requests import ModelId
from ..usage import Usage

__all__ = ["Ledger", "Spending"]


@attrs.frozen
class Spending:
    """Hold what one call used."""

    model: ModelId
    usage: Usage
    at: datetime


class Ledger:
    """Add up what calls used; what has been priced is not priced again."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self._unpriced: list[Spending] = []
        self._cost: Decimal | None = Decimal(0)
        self._is_empty = True

    def add(self, spending: Spending) -> None:
        """Count one call."""
        self.usage = spending.usage if self.usage is None else self.usage + spending.usage
        self._unpriced.append(spending)
        self._is_empty = False

    def cost(self) -> Decimal | None:
        """Give what all of it cost in US dollars; None where part of it has no price.

        Raises:
            ConfigurationError: The extra `headwater[prices]` is not installed.
        """
        from ..prices import cost_of  # only where cost is asked for: an extra

        if self._is_empty:
            return None
        while self._unpriced:
            spending = self._unpriced[-1]
            cost = cost_of(spending.model, spending.usage, at=spending.at)
            self._cost = None if cost is None or self._cost is None else self._cost + cost
            self._unpriced.pop()
        return self._cost
