"""The budget of retries belongs to a provider object, whoever calls it and by whatever name."""

from __future__ import annotations

import asyncio
import gc

import pytest

from headwater import ChatOptions, ChatRequest, Runner, ServerError, hookimpl
from headwater.events import EventStream
from headwater.middleware import Middleware, Retry
from headwater.retry_budget import _BUDGETS

CALLS = 8
WITH_ONE_BUDGET = CALLS + 10
WITH_TWO_BUDGETS = 3 * CALLS


class Failing:
    """Fail each time, and count."""

    __slots__ = ("__weakref__", "attempts")

    def __init__(self) -> None:
        self.attempts = 0

    @hookimpl
    async def stream_chat(self, request: ChatRequest) -> EventStream:
        """Fail."""
        self.attempts += 1
        raise ServerError("no")
        yield


class Unnoticed(Failing):
    """Compare equal to any other, and have no hash."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unnoticed)

    __hash__ = None  # type: ignore[assignment]  # the point of it


class Bare:
    """Fail each time; nobody can refer to it weakly."""

    __slots__ = ("attempts",)

    __init__ = Failing.__init__
    stream_chat = Failing.stream_chat


async def no_sleep(_seconds: float) -> None:
    """Wait for nothing."""


def retry() -> list[Middleware]:
    """Make the one layer that matters here."""
    return [Retry(sleep=no_sleep)]


async def fail(runner: Runner, model: str, layers: list[Middleware] | None = None) -> None:
    """Make a call that fails, with layers of its own or those of the runner."""
    options: ChatOptions = {} if layers is None else {"middleware": layers}
    with pytest.raises(ServerError):
        await runner.chat(model, "Hi", **options)


@pytest.mark.parametrize("kind", [Failing, Unnoticed, Bare])
async def test_the_calls_of_a_runner_share_it(kind: type[Failing]) -> None:
    """However the object is made: what has no hash, or takes no weak reference, has one too."""
    provider = kind()
    async with Runner(providers={"p": provider}, middleware=retry()) as runner:
        for _ in range(CALLS):
            await fail(runner, "p/m")
    assert provider.attempts == WITH_ONE_BUDGET


async def test_calls_with_layers_of_their_own_share_it() -> None:
    """A `Retry` made for one call does not bring a budget with it."""
    provider = Failing()
    async with Runner(providers={"p": provider}) as runner:
        await asyncio.gather(*[fail(runner, "p/m", retry()) for _ in range(CALLS)])
    assert provider.attempts == WITH_ONE_BUDGET


async def test_two_runners_share_it() -> None:
    """A server that fails is not asked more often because two runners ask it."""
    provider = Failing()
    for _ in range(CALLS):
        async with Runner(providers={"p": provider}, middleware=retry()) as runner:
            await fail(runner, "p/m")
    assert provider.attempts == WITH_ONE_BUDGET


async def test_two_names_share_it() -> None:
    """One object by two names is one."""
    provider = Failing()
    async with Runner(providers={"p": provider, "q": provider}, middleware=retry()) as runner:
        for model in ("p/m", "q/m") * (CALLS // 2):
            await fail(runner, model)
    assert provider.attempts == WITH_ONE_BUDGET


async def test_two_objects_by_one_name_do_not() -> None:
    """Neither equality, nor a name, nor a `Retry` in common makes two objects one."""
    layers = retry()
    first, second = Unnoticed(), Unnoticed()
    for provider in (first, second):
        async with Runner(providers={"p": provider}, middleware=layers) as runner:
            for _ in range(CALLS // 2):
                await fail(runner, "p/m")
    assert first.attempts + second.attempts == WITH_TWO_BUDGETS


async def test_it_is_forgotten_with_its_object() -> None:
    """A provider object that is gone leaves nothing behind."""
    before = set(_BUDGETS)
    async with Runner(providers={"p": Failing()}, middleware=retry()) as runner:
        await fail(runner, "p/m")
    del runner
    gc.collect()
    assert set(_BUDGETS) <= before
