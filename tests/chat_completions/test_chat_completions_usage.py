"""Tests of how an answer ends, and of its token counts."""

from __future__ import annotations

from typing import Any

import pytest

from headwater import (
    Finished,
    FinishReason,
    Provenance,
    Usage,
    UsageUpdated,
)

from .frames import DONE, chunk, decoded, delta, end

COUNTS = {"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16}


def test_bytes_that_just_end_complete_nothing() -> None:
    """Without reason and end mark there is no end, a usage chunk notwithstanding."""
    events = decoded(delta(content="a"), chunk(choices=[], usage=COUNTS))
    assert not any(isinstance(event, Finished) for event in events)


def test_a_reason_without_an_end_mark_is_enough() -> None:
    """Some servers send no [DONE]; without usage the count is partial then."""
    *_, finished = decoded(delta(content="a"), end())
    assert finished == Finished(FinishReason.STOP, "stop", Usage(provenance=Provenance.PARTIAL))


def test_usage_before_a_cut_end_is_partial() -> None:
    """A count from before the reason may not be the last one, if the end mark is missing."""
    *_, finished = decoded(delta(content="a"), chunk(choices=[], usage=COUNTS), end())
    assert finished == Finished(
        FinishReason.STOP, "stop", Usage(9, 7, provenance=Provenance.PARTIAL)
    )


def test_usage_with_the_reason_is_final() -> None:
    """A count that comes with the reason is reported, end mark or not."""
    *_, finished = decoded(delta(content="a"), end(usage=COUNTS))
    assert finished == Finished(FinishReason.STOP, "stop", Usage(9, 7))


def test_the_core_estimates_what_nobody_reports() -> None:
    """A complete answer without usage leaves it to the core."""
    *_, finished = decoded(delta(content="a"), end(), DONE)
    assert finished == Finished(FinishReason.STOP, "stop", None)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (COUNTS, Usage(9, 7)),
        ({"prompt_tokens": 9, "completion_tokens": 7.0}, Usage(9, 7)),
        (
            {**COUNTS, "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2}},
            Usage(9, 7, cached_input_tokens=3, cache_write_tokens=2),
        ),
        (
            {**COUNTS, "completion_tokens_details": {"reasoning_tokens": 5}},
            Usage(9, 7, reasoning_tokens=5),
        ),
        ({**COUNTS, "prompt_cache_hit_tokens": 4}, Usage(9, 7, cached_input_tokens=4)),
        ({**COUNTS, "prompt_tokens_details": None}, Usage(9, 7)),
        (
            {
                "prompt_tokens": 294,
                "completion_tokens": 63,
                "total_tokens": 699,
                "completion_tokens_details": {"reasoning_tokens": 342},
            },
            Usage(294, 405, reasoning_tokens=342),
        ),
        ({"prompt_tokens": 9}, Usage(9)),
        ({}, None),
        (None, None),
    ],
    ids=[
        "plain",
        "floats",
        "cache",
        "reasoning",
        "cache-hit",
        "null-details",
        "reasoning-beside",
        "half",
        "empty",
        "null",
    ],
)
def test_usage_is_read_in_every_arithmetic(
    usage: dict[str, object] | None, expected: Usage | None
) -> None:
    """Input includes cached tokens, output reasoning; a count that is not there is unknown."""
    *_, finished = decoded(delta(content="a"), end(usage=usage), DONE)
    assert finished == Finished(FinishReason.STOP, "stop", expected)


def test_the_last_usage_counts() -> None:
    """Of counts that grow with each chunk the last one is the answer's."""
    first, last = {"prompt_tokens": 9, "completion_tokens": 1}, COUNTS
    events = decoded(
        chunk(choices=[{"index": 0, "delta": {"content": "a"}}], usage=first),
        end(usage=last),
        chunk(choices=[], usage=None),
        DONE,
    )
    assert events[-1] == Finished(FinishReason.STOP, "stop", Usage(9, 7))
    assert [e.usage for e in events if isinstance(e, UsageUpdated)] == [Usage(9, 1), Usage(9, 7)]


@pytest.mark.parametrize(
    "fields",
    [{"x_groq": {"id": "q", "usage": COUNTS}}, {"usage": COUNTS, "x_groq": {"usage": {}}}],
    ids=["there-alone", "both"],
)
def test_groqs_own_place_for_usage_is_read(fields: dict[str, Any]) -> None:
    """Usage in `x_groq` counts where there is no other."""
    *_, finished = decoded(delta(content="a"), end(**fields), DONE)
    assert finished == Finished(FinishReason.STOP, "stop", Usage(9, 7))
