"""A limit on what calls use, in tokens and in money."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias, TypeVar

import attrs

from ..call import Call, Operation
from ..errors import BudgetExceeded, ConfigurationError, InvalidRequest
from ..estimate import LiveUsage, count_input
from ..events import Finished
from ..prices import cost_of, load_prices
from ..requests import ModelId
from ..usage import Usage
from .chain import Handler

__all__ = ["Budget", "Price"]

T = TypeVar("T")

Price: TypeAlias = Callable[[ModelId, Usage], Decimal | None]
"""Tells what a usage of a model costs in US dollars; None where it does not know."""

STEP_TOKENS: Final = 10  # how often to look, since a price takes 0.1 ms
_ASKING: Final = frozenset({Operation.STREAM_CHAT, Operation.CHAT})


class Budget:
    """Limit what all calls through this object use together.

    A call whose input alone would pass the limit is refused before it is sent. One that passes it
    while it is answered is stopped, a few tokens later at most, and the error carries the answer so
    far. What is under way counts: the input estimated from the text until the provider reports it,
    the output as it comes. An answer that is complete stays so.

    One object in the runner's layers is the budget of the runner; one in the options of a call is
    the budget of that call. It stands outside `Retry`: `[Log(), Budget(…), Deadline(), Retry(),
    Timeout()]`.

    Args:
        max_cost: US dollars. A model without a known price is refused.
        max_tokens: Tokens of input and output together.
        price: Tells what a usage costs; None: `headwater.prices`.

    Raises:
        InvalidRequest: There is no limit, or it is none.
    """

    def __init__(
        self,
        *,
        max_cost: Decimal | float | str | None = None,
        max_tokens: int | None = None,
        price: Price | None = None,
    ) -> None:
        if max_cost is None and max_tokens is None:
            raise InvalidRequest("expected max_cost, max_tokens or both")
        self.max_cost = None if max_cost is None else _money(max_cost)
        self.max_tokens = None if max_tokens is None else _whole(max_tokens)
        self._price = price
        self._is_loaded = price is not None or max_cost is None
        self._spent = _Amount()
        self._under_way: dict[str, _Amount] = {}

    @property
    def spent_tokens(self) -> int:
        """Tell how many tokens were used so far, by calls under way too."""
        return self._total().tokens

    @property
    def spent_cost(self) -> Decimal:
        """Tell what was spent so far, by calls under way too; 0 where there is no `max_cost`."""
        return self._total().cost

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        """Raise `BudgetExceeded` once the limit is passed."""
        if call.operation not in _ASKING:
            async with aclosing(call_next(call)) as items:
                async for item in items:
                    yield item
            return
        if not self._is_loaded:
            await call.wait(asyncio.to_thread(load_prices))
            self._is_loaded = True
        live = LiveUsage(lambda: count_input(call.request))
        self._begin(call, live)
        looked_at = live.output_tokens
        try:
            async with aclosing(call_next(call)) as items:
                async for item in items:
                    live.add(item)
                    yield item
                    if isinstance(item, Finished) or live.output_tokens - looked_at < STEP_TOKENS:
                        continue
                    looked_at = live.output_tokens
                    self._under_way[call.id] = self._amount(call, live.usage)
                    self._check()
        finally:
            del self._under_way[call.id]
            self._spent += self._amount(call, live.usage) if live.has_begun else _Amount()

    def _begin(self, call: Call, live: LiveUsage) -> None:
        """Count the input as spent, unless that would be too much."""
        self._under_way[call.id] = self._amount(call, live.usage)
        try:
            self._check("this request would pass it")
        except BudgetExceeded:
            del self._under_way[call.id]
            raise

    def _total(self) -> _Amount:
        return sum(self._under_way.values(), self._spent)

    def _amount(self, call: Call, usage: Usage) -> _Amount:
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        if self.max_cost is None:
            return _Amount(tokens)
        model = call.request.model
        cost = (self._price or cost_of)(model, usage)
        if cost is None:
            raise ConfigurationError(
                f"no price is known for {model}, so that max_cost cannot be held to: limit "
                "max_tokens, or give Budget a price=…"
            )
        return _Amount(tokens, cost)

    def _check(self, what: str = "it is passed") -> None:
        total = self._total()
        if self.max_tokens is not None and total.tokens > self.max_tokens:
            raise BudgetExceeded(
                f"the budget is max_tokens={self.max_tokens}, and {what}: {total.tokens} tokens; "
                "allow more with max_tokens",
                limit=self.max_tokens,
                spent=total.tokens,
            )
        if self.max_cost is not None and total.cost > self.max_cost:
            raise BudgetExceeded(
                f"the budget is max_cost={self.max_cost} US dollars, and {what}: {total.cost:f}; "
                "allow more with max_cost",
                limit=self.max_cost,
                spent=total.cost,
            )


@attrs.frozen
class _Amount:
    tokens: int = 0
    cost: Decimal = Decimal(0)

    def __add__(self, other: _Amount) -> _Amount:
        return _Amount(self.tokens + other.tokens, self.cost + other.cost)


def _money(value: object) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(value, bool) or not amount.is_finite() or amount <= 0:
        raise InvalidRequest(f"expected max_cost to be an amount of money above 0, got {value!r}")
    return amount


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidRequest(f"expected max_tokens to be a whole number from 1, got {value!r}")
    return value
