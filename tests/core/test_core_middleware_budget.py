"""A limit on what calls use."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from decimal import Decimal

import pytest

from headwater import (
    BudgetExceeded,
    Category,
    ChatRequest,
    ChatResponse,
    ConfigurationError,
    Event,
    Finished,
    FinishReason,
    InvalidRequest,
    ModelId,
    ModelNotFound,
    ReasoningDelta,
    RefusalDelta,
    RequestError,
    Runner,
    ServerError,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    Usage,
    UsageUpdated,
    hookimpl,
)
from headwater.middleware import Budget, Retry
from headwater.wire.transport import Transport


class Wordy:
    """Write a hundred words, and count ten tokens of input.

    Attributes:
        sent: How often it was asked.
        ends: What comes after the words.
    """

    def __init__(self, *begins: Event, ends: Event | Exception | None = None) -> None:
        self.sent = 0
        self.begins = begins
        self.ends = ends or Finished(FinishReason.STOP, usage=Usage(10, 100))

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Write."""
        self.sent += 1
        yield Started("m")
        for event in self.begins:
            yield event
        for _ in range(100):
            await transport.wait(asyncio.sleep(0))
            yield TextDelta("word ")
        if isinstance(self.ends, Exception):
            raise self.ends
        yield self.ends


class Refusing:
    """Say no."""

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        """Refuse."""
        raise ModelNotFound("no")


def _runner(budget: Budget, provider: object) -> Runner:
    return Runner(providers={"p": provider}, middleware=[budget, Retry()])


def _cent_a_token(model: ModelId, usage: Usage) -> Decimal | None:
    """Know the price of one model."""
    tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
    return None if model.name == "unknown" else Decimal(tokens) / 100


async def test_what_is_left_is_counted_down() -> None:
    """Each answer counts as it was reported, until the next would pass the limit."""
    budget, provider = Budget(max_tokens=224), Wordy()
    runner = _runner(budget, provider)
    await runner.stream_chat("p/m", "Hi").collect()
    assert (budget.spent_tokens, budget.spent_cost) == (110, Decimal(0))
    await runner.chat("p/m", "Hi")
    assert budget.spent_tokens == 220
    with pytest.raises(BudgetExceeded, match="max_tokens=224") as caught:
        await runner.stream_chat("p/m", "Hi").collect()
    assert provider.sent == 2
    assert (caught.value.limit, caught.value.spent) == (224, 225)
    assert caught.value.attempts == 0
    assert budget.spent_tokens == 220


@pytest.mark.parametrize("max_cost", [Decimal("0.5"), 0.5, "0.50"])
async def test_an_answer_is_stopped_in_mid_stream(max_cost: Decimal | float | str) -> None:
    """A few tokens past the limit, with the answer so far; what it used is counted."""
    budget = Budget(max_cost=max_cost, price=_cent_a_token)
    with pytest.raises(BudgetExceeded, match=r"max_cost=0\.50?") as caught:
        await _runner(budget, Wordy()).stream_chat("p/m", "Hi").collect()
    error = caught.value
    assert error.partial is not None
    assert error.partial.finish_reason is None
    words = len(error.partial.text.split())
    assert 44 <= words <= 56
    assert error.spent == budget.spent_cost == Decimal(5 + words) / 100
    assert isinstance(error, RequestError)
    assert (error.category, error.is_retryable) == (Category.RATE_LIMIT, False)


@pytest.mark.parametrize(
    "event",
    [
        ReasoningDelta("word " * 100),
        RefusalDelta("word " * 100),
        UsageUpdated(Usage(10, 100)),
    ],
    ids=lambda event: type(event).__name__,
)
async def test_all_that_is_written_counts(event: Event) -> None:
    """Thoughts and refusals, and what is reported on the way."""
    with pytest.raises(BudgetExceeded) as caught:
        await _runner(Budget(max_tokens=90), Wordy(event)).stream_chat("p/m", "Hi").collect()
    assert caught.value.partial is not None
    assert caught.value.partial.text == ""


async def test_arguments_of_calls_count() -> None:
    """As text does."""
    call: list[Event] = [
        ToolCallStarted("c", "look"),
        ToolCallDelta("c", "word " * 100),
        ToolCallFinished("c", "look", None, "", False),
    ]
    with pytest.raises(BudgetExceeded) as caught:
        await _runner(Budget(max_tokens=90), Wordy(*call)).stream_chat("p/m", "Hi").collect()
    assert caught.value.partial is not None
    assert caught.value.partial.tool_calls == ()


async def test_a_complete_answer_stays() -> None:
    """That it was over the limit is told to the next call."""
    budget = Budget(max_tokens=108)
    response = (
        await _runner(budget, Wordy(UsageUpdated(Usage(2)))).stream_chat("p/m", "Hi").collect()
    )
    assert response.finish_reason is FinishReason.STOP
    assert budget.spent_tokens == 110


async def test_calls_at_once_share_it() -> None:
    """What is under way is spent, so that together they pass it no further than one."""
    budget, provider = Budget(max_tokens=200), Wordy()
    runner = _runner(budget, provider)
    calls = [runner.stream_chat("p/m", "Hi").collect() for _ in range(4)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, BudgetExceeded) for result in results)
    assert 200 < budget.spent_tokens <= 200 + 4 * 12


async def test_what_never_began_is_not_counted() -> None:
    """A call that fails before an answer costs nothing; one that fails after it does."""
    budget = Budget(max_tokens=500)
    with pytest.raises(ModelNotFound):
        await _runner(budget, Refusing()).chat("p/m", "Hi")
    assert budget.spent_tokens == 0
    with pytest.raises(ServerError):
        await _runner(budget, Wordy(ends=ServerError("no"))).stream_chat("p/m", "Hi").collect()
    assert budget.spent_tokens == 105
    with pytest.raises(BudgetExceeded):
        await _runner(budget, Wordy()).chat("p/m", "word " * 500)
    assert budget.spent_tokens == 105


async def test_other_operations_pass() -> None:
    """To count, or to list models, costs nothing."""
    budget = Budget(max_tokens=1)
    assert (await _runner(budget, Wordy()).count_usage("p/m", "one two three")).input_tokens
    assert budget.spent_tokens == 0


async def test_a_model_without_a_price_is_refused() -> None:
    """A budget of money cannot hold for it; one of tokens can."""
    provider = Wordy()
    for budget in (Budget(max_cost=1), Budget(max_cost=1, price=_cent_a_token)):
        with pytest.raises(ConfigurationError, match="no price is known for p/unknown"):
            await _runner(budget, provider).chat("p/unknown", "Hi")
        assert (budget.spent_tokens, budget.spent_cost) == (0, Decimal(0))
    assert provider.sent == 0


async def test_the_prices_are_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has given no price of their own is told what to install; tokens need none."""
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    with pytest.raises(ConfigurationError, match=r"headwater\[prices\]"):
        await _runner(Budget(max_cost=1), Wordy()).chat("p/m", "Hi")
    await _runner(Budget(max_tokens=1000), Wordy()).chat("p/m", "Hi")


async def test_known_prices_are_used() -> None:
    """Those of `headwater.prices`."""
    budget = Budget(max_cost="0.01")
    runner = Runner(providers={"openai": Wordy()}, middleware=[budget])
    await runner.chat("openai/gpt-4o", "Hi")
    assert budget.spent_cost == Decimal("0.001025")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"max_tokens": 0},
        {"max_tokens": True},
        {"max_tokens": 1.5},
        {"max_cost": 0},
        {"max_cost": "much"},
        {"max_cost": float("nan")},
        {"max_cost": True},
    ],
    ids=str,
)
def test_what_is_no_limit_is_refused(arguments: dict[str, object]) -> None:
    """With what was expected."""
    with pytest.raises(InvalidRequest):
        Budget(**arguments)  # type: ignore[arg-type]  # that is the test
