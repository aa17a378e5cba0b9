"""Laws of the layers: retry never repeats and never exceeds, and no layers change nothing."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence

import attrs
from hypothesis import example, given
from hypothesis import strategies as st

from headwater import (
    Call,
    ChatRequest,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    Limits,
    ModelId,
    Operation,
    Overloaded,
    Started,
    TextDelta,
    Usage,
    UsageUpdated,
    user,
)
from headwater.events import is_content
from headwater.middleware import Deadline, Handler, Log, Middleware, Retry, Timeout, compose


@attrs.frozen
class Attempt:
    """What one attempt yields, and how it fails in the end."""

    events: tuple[Event, ...]
    failure: HeadwaterError | None


@attrs.frozen
class Seen:
    """What a caller saw of a call."""

    events: list[Event]
    failure: HeadwaterError | None
    attempts: int
    waits: list[float]


early: list[Event] = [Started("m"), UsageUpdated(Usage(1)), UsageUpdated(Usage(2))]
preambles = st.lists(st.sampled_from(early), max_size=3)
contents = st.lists(st.text("ab", min_size=1, max_size=2).map(TextDelta), max_size=3)


@st.composite
def attempts(draw: st.DrawFn) -> Attempt:
    """Make an attempt that may fail anywhere."""
    events: list[Event] = [*draw(preambles), *draw(contents)]
    if draw(st.booleans()):
        return Attempt((*events, Finished(FinishReason.STOP)), None)
    hint = draw(st.none() | st.just(math.nan) | st.floats())
    return Attempt(
        tuple(events), Overloaded("no", is_retryable=draw(st.booleans()), retry_after_s=hint)
    )


def run(plan: Sequence[Attempt], allowed: int, layers: Sequence[Middleware] | None = None) -> Seen:
    """Make a call that goes as planned; the last attempt of the plan is played again."""
    made = 0
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def handler(_call: Call) -> AsyncGenerator[Event, None]:
        nonlocal made
        attempt = plan[min(made, len(plan) - 1)]
        made += 1
        for event in attempt.events:
            yield event
        if attempt.failure is not None:
            raise attempt.failure

    async def read() -> Seen:
        request = ChatRequest(model=ModelId("p", "m"), messages=(user("Hi"),))
        limits = Limits(attempts=allowed)
        call = Call(request=request, operation=Operation.STREAM_CHAT, limits=limits)
        chain: Handler[Event] = compose([Retry(sleep=sleep)] if layers is None else layers, handler)
        events: list[Event] = []
        try:
            async for event in chain(call):
                events.append(event)  # noqa: PERF401  # kept, the error notwithstanding
        except HeadwaterError as error:
            return Seen(events, error, made, waits)
        return Seen(events, None, made, waits)

    return asyncio.run(read())


plans = st.lists(attempts(), min_size=1, max_size=5)


@given(plan=plans, allowed=st.integers(1, 4))
def test_retry_makes_no_more_attempts_than_allowed(plan: list[Attempt], allowed: int) -> None:
    """However often it fails, so many attempts and no more."""
    assert 1 <= run(plan, allowed).attempts <= allowed


@given(plan=plans, allowed=st.integers(1, 4))
def test_retry_shows_one_attempt_alone(plan: list[Attempt], allowed: int) -> None:
    """What is shown is the last attempt, whole, with its counts before content cut to the last."""
    seen = run(plan, allowed)
    last = plan[min(seen.attempts, len(plan)) - 1]
    assert [e for e in seen.events if is_content(e)] == [e for e in last.events if is_content(e)]
    assert seen.failure is last.failure


@example(plan=[Attempt((*early, TextDelta("a")), Overloaded("no"))], allowed=2)
@given(plan=plans, allowed=st.integers(1, 4))
def test_retry_keeps_the_last_count_of_a_preamble(plan: list[Attempt], allowed: int) -> None:
    """Of several counts before content only the last is shown."""
    seen = run(plan, allowed)
    last = plan[min(seen.attempts, len(plan)) - 1]
    counts = [e for e in last.events if isinstance(e, UsageUpdated)]
    shown = [e for e in seen.events if isinstance(e, UsageUpdated)]
    assert shown == counts[-1:]


@given(plan=plans, allowed=st.integers(1, 4))
def test_retry_only_repeats_what_showed_nothing(plan: list[Attempt], allowed: int) -> None:
    """An attempt that was followed by another had no content and a failure that may pass."""
    for number in range(run(plan, allowed).attempts - 1):
        attempt = plan[min(number, len(plan) - 1)]
        assert not any(is_content(event) for event in attempt.events)
        assert attempt.failure is not None
        assert attempt.failure.is_retryable


@example(plan=[Attempt((), Overloaded("no", retry_after_s=math.nan))], allowed=2)
@given(plan=plans, allowed=st.integers(1, 4))
def test_retry_waits_sanely(plan: list[Attempt], allowed: int) -> None:
    """No wait is negative, endless or no number, whatever a server asked for."""
    assert all(0 <= wait_s <= 66 for wait_s in run(plan, allowed).waits)


@given(attempt=attempts())
def test_no_layers_change_nothing(attempt: Attempt) -> None:
    """An empty chain gives what the handler gives."""
    seen = run([attempt], 3, [])
    assert (seen.events, seen.failure) == (list(attempt.events), attempt.failure)


@given(attempt=attempts())
def test_the_layers_that_only_watch_change_nothing(attempt: Attempt) -> None:
    """Log, Deadline and Timeout pass on what comes, as it comes."""
    seen = run([attempt], 3, (Log(), Deadline(), Timeout()))
    assert (seen.events, seen.failure) == (list(attempt.events), attempt.failure)
