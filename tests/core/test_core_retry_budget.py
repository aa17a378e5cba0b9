"""How many retries the calls to one provider object have between them."""

from __future__ import annotations

import gc

from headwater.retry_budget import RetryBudget


class Provider:
    """Stand for a provider object."""


class Unhashable:
    """Compare by value, as attrs classes do."""

    __hash__ = None  # type: ignore[assignment]  # as Python does it for __eq__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unhashable)


class Slotted:
    """Refuse to be referred to weakly."""

    __slots__ = ()


def test_a_budget_belongs_to_the_object() -> None:
    """Two providers that are equal have two, and none needs a hash."""
    first, second = Unhashable(), Unhashable()
    assert RetryBudget.of(first) is RetryBudget.of(first)
    assert RetryBudget.of(first) is not RetryBudget.of(second)


def test_a_budget_is_forgotten_with_its_provider() -> None:
    """An object that comes to live at the same place has one of its own."""
    provider = Provider()
    budget = RetryBudget.of(provider)
    place = id(provider)
    del provider
    gc.collect()
    others = [Provider() for _ in range(50)]
    assert all(RetryBudget.of(other) is not budget for other in others)
    assert place  # where one of the others may be now


def test_a_provider_that_cannot_be_watched_gets_another_each_time() -> None:
    """Rather than one that is never forgotten."""
    provider = Slotted()
    assert RetryBudget.of(provider) is not RetryBudget.of(provider)


def test_ten_retries_and_a_tenth_back() -> None:
    """An outage costs ten; ten successes buy one, and never more than ten."""
    budget = RetryBudget()
    assert [budget.take() for _ in range(11)] == [True] * 10 + [False]
    for _ in range(11):
        budget.give_back()
    assert (budget.take(), budget.take()) == (True, False)
    for _ in range(200):
        budget.give_back()
    assert budget.left == 10
