"""Holding a call to its limits, with one timer."""

from __future__ import annotations

import asyncio
import gc
import math
import weakref

import pytest

from headwater import (
    ConnectTimeout,
    ContentGapTimeout,
    DeadlineExceeded,
    FirstContentTimeout,
    HeadwaterError,
    IdleTimeout,
    LimitPassed,
)
from headwater.progress import Progress
from headwater.watch import Watch

SHORT_S = 0.008


async def interrupted(progress: Progress, watch: Watch) -> HeadwaterError | None:
    """Wait as a reader does, and tell what ended it."""
    reader = asyncio.create_task(asyncio.sleep(5 * SHORT_S))
    progress.reader = reader
    progress.waiting_since = asyncio.get_running_loop().time()
    await asyncio.wait([reader])
    progress.reader = None
    watch.stop()
    return progress.interruption


def begun(**signs: float) -> Progress:
    """Make the progress of an attempt that has shown these signs of life."""
    progress = Progress()
    progress.begin_attempt()
    for name, value in signs.items():
        setattr(progress, name, value)
    return progress


@pytest.mark.parametrize("is_streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(
    ("signs", "streamed", "whole"),
    [
        ({"connecting_at": 0.0}, ConnectTimeout, ConnectTimeout),
        ({}, FirstContentTimeout, None),
        ({"sent_at": 0.0}, FirstContentTimeout, None),
        ({"sent_at": 0.0, "last_byte_at": 0.0}, FirstContentTimeout, IdleTimeout),
        ({"content_at": 0.0}, ContentGapTimeout, ContentGapTimeout),
        ({"is_whole": True, "last_byte_at": 0.0}, IdleTimeout, IdleTimeout),
        ({"is_between_attempts": True, "connecting_at": 0.0}, None, None),
    ],
    ids=["connecting", "begun", "sent", "bytes", "content", "in one piece", "between"],
)
async def test_the_limit_of_the_phase_counts(
    signs: dict[str, float],
    streamed: type[LimitPassed] | None,
    whole: type[LimitPassed] | None,
    *,
    is_streamed: bool,
) -> None:
    """Each phase of an attempt has its own, and an answer in one piece no first content."""
    progress = begun(**signs)
    watch = Watch(progress, is_streamed=is_streamed)
    watch.limit_attempts(SHORT_S, SHORT_S, SHORT_S, SHORT_S)
    error = await interrupted(progress, watch)
    expected = streamed if is_streamed else whole
    assert type(error) is (expected or type(None))


async def test_idle_counts_beside_the_gap() -> None:
    """After content both run, and the shorter one passes first."""
    progress = begun(content_at=0.0, last_byte_at=0.0)
    watch = Watch(progress, is_streamed=True)
    watch.limit_attempts(math.inf, math.inf, SHORT_S, 10)
    assert isinstance(await interrupted(progress, watch), IdleTimeout)


@pytest.mark.parametrize("sign", ["sent_at", "attempt_at"])
async def test_what_came_before_does_not_count(sign: str) -> None:
    """The first content is awaited from the send; before that, from the attempt's beginning."""
    progress = begun(**{sign: 60.0})
    watch = Watch(progress, is_streamed=True)
    watch.limit_attempts(math.inf, SHORT_S, math.inf, math.inf)
    assert await interrupted(progress, watch) is None


async def test_a_limit_that_begins_later_is_not_missed() -> None:
    """What is looked at now is not what will count in a moment."""
    progress = begun(sent_at=0.0)
    watch = Watch(progress, is_streamed=True)
    watch.limit_attempts(math.inf, 60, SHORT_S / 4, math.inf)
    reader = asyncio.create_task(interrupted(progress, watch))
    await asyncio.sleep(SHORT_S)
    progress.content_at = progress.last_byte_at = 0.0
    assert isinstance(await reader, IdleTimeout)


async def test_no_limit_arms_no_timer() -> None:
    """Infinity costs nothing."""
    progress = begun()
    watch = Watch(progress, is_streamed=True)
    watch.limit_attempts(math.inf, math.inf, math.inf, math.inf)
    watch.limit_total(math.inf)
    assert (progress.deadline, watch._timer) == (math.inf, None)
    watch.stop()


async def test_the_earlier_deadline_counts() -> None:
    """A layer that hands a call on a second time gives it no more time."""
    progress = begun()
    watch = Watch(progress, is_streamed=True)
    watch.limit_total(SHORT_S)
    deadline = progress.deadline
    watch.limit_total(60)
    assert progress.deadline == deadline
    error = await interrupted(progress, watch)
    assert isinstance(error, DeadlineExceeded)
    assert f"total_s={SHORT_S}" in str(error)


async def test_a_deadline_passes_between_attempts_and_without_a_reader() -> None:
    """The consumer's own time counts; nobody is cancelled for it."""
    progress = Progress()
    watch = Watch(progress, is_streamed=True)
    watch.limit_total(SHORT_S)
    await asyncio.sleep(2 * SHORT_S)
    assert isinstance(progress.interruption, DeadlineExceeded)


async def test_a_limit_leaves_a_busy_consumer_alone() -> None:
    """Its clock stands still; it goes on with the next wait."""
    progress = begun(sent_at=0.0)
    watch = Watch(progress, is_streamed=True)
    watch.limit_attempts(math.inf, SHORT_S, math.inf, math.inf)
    await asyncio.sleep(3 * SHORT_S)
    assert progress.interruption is None
    assert isinstance(await interrupted(progress, watch), FirstContentTimeout)


async def test_a_later_limit_takes_the_place_of_an_earlier_one() -> None:
    """Another attempt may have others: longer ones are not cut short, shorter ones not missed."""
    progress = begun(sent_at=0.0)
    watch = Watch(progress, is_streamed=True)
    watch.limit_attempts(math.inf, SHORT_S, math.inf, math.inf)
    watch.limit_attempts(math.inf, 60, math.inf, math.inf)
    assert await interrupted(progress, watch) is None
    watch = Watch(progress, is_streamed=True)
    watch.limit_attempts(math.inf, 60, math.inf, math.inf)
    watch.limit_attempts(math.inf, SHORT_S, math.inf, math.inf)
    assert isinstance(await interrupted(progress, watch), FirstContentTimeout)


async def test_a_call_that_nobody_ends_is_forgotten() -> None:
    """The timer holds the call weakly, and looks no more once it is gone."""
    progress = begun()
    gone = weakref.ref(progress)
    watch = Watch(progress, is_streamed=True)
    watch.limit_attempts(SHORT_S, SHORT_S, SHORT_S, SHORT_S)
    del progress
    gc.collect()
    assert gone() is None
    await asyncio.sleep(2 * SHORT_S)
    assert watch._timer is None
    watch.limit_total(SHORT_S)
    assert watch._timer is None
