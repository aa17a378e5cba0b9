"""What moves while a call is under way."""

from __future__ import annotations

import asyncio

import pytest

from headwater import (
    DeadlineExceeded,
    FirstContentTimeout,
    HeadwaterError,
    PluginError,
    StreamInterrupted,
)
from headwater.progress import Progress


def test_an_attempt_forgets_the_one_before() -> None:
    """Its signs of life are its own; the count and the clock are the call's."""
    progress = Progress()
    assert (progress.attempt, progress.is_between_attempts) == (0, True)
    progress.waited_s = 2.0
    progress.sent_at = progress.last_byte_at = progress.content_at = 1.0
    progress.request_id, progress.is_whole = "r-1", True
    progress.begin_attempt()
    assert (progress.attempt, progress.is_between_attempts, progress.attempt_at) == (1, False, 2.0)
    for sign in ("sent_at", "last_byte_at", "content_at", "request_id"):
        assert getattr(progress, sign) is None
    signs = (progress.is_whole, progress.reader)
    assert signs == (False, None)


@pytest.mark.parametrize(
    ("error", "is_kept"),
    [
        (FirstContentTimeout("late", limit_s=1, waited_s=1), False),
        (DeadlineExceeded("late", limit_s=1, waited_s=1), True),
        (StreamInterrupted("closed", is_retryable=False), True),
        (PluginError("went on"), True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, HeadwaterError) else "",
)
def test_a_limit_on_an_attempt_ends_with_it(error: HeadwaterError, *, is_kept: bool) -> None:
    """What ends the whole call does not."""
    progress = Progress()
    progress.begin_attempt()
    progress.interrupt(error)
    progress.end_attempt()
    assert progress.interruption is (error if is_kept else None)
    assert progress.is_between_attempts


@pytest.mark.parametrize("error", [None, StreamInterrupted("closed")], ids=["none", "closed"])
def test_only_a_cancellation_is_forgiven(error: HeadwaterError | None) -> None:
    """Whatever else interrupts a call goes on doing so."""
    progress = Progress()
    progress.interruption = error
    progress.forgive()
    assert progress.interruption is error
    progress.interruption = PluginError("went on")
    progress.forgive()
    assert progress.interruption is None


async def test_a_reader_is_cancelled_once() -> None:
    """However many limits pass before it runs again."""
    progress = Progress()
    progress.reader = asyncio.create_task(asyncio.sleep(30))
    await asyncio.sleep(0)
    progress.interrupt(StreamInterrupted("one"))
    progress.interrupt(StreamInterrupted("two"))
    assert progress.reader.cancelling() == 1
    with pytest.raises(asyncio.CancelledError):
        await progress.reader
