"""How many retries the calls to one provider have left between them."""

from __future__ import annotations

import weakref
from contextlib import suppress
from typing import Final

import attrs

__all__ = ["RetryBudget"]

RETRIES: Final = 10.0
RETURNED_BY_SUCCESS: Final = 0.1


@attrs.define(eq=False)
class RetryBudget:
    """Hold how many retries the calls to one provider object have left between them.

    Attributes:
        left: How many.
    """

    left: float = RETRIES

    @classmethod
    def of(cls, provider: object) -> RetryBudget:
        """Find the budget of a provider object, which is forgotten with the object.

        One that cannot be referred to weakly gets another budget each time.
        """
        budget = _BUDGETS.get(id(provider))
        if budget is None:
            budget = cls()
            with suppress(TypeError):
                weakref.finalize(provider, _BUDGETS.pop, id(provider), None).atexit = False
                _BUDGETS[id(provider)] = budget
        return budget

    def take(self) -> bool:
        """Take one, if there is one."""
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def give_back(self) -> None:
        """Count a success, which returns a tenth of one."""
        self.left = min(RETRIES, self.left + RETURNED_BY_SUCCESS)


_BUDGETS: Final[dict[int, RetryBudget]] = {}  # by identity: provider objects need not have a hash
