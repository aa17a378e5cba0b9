"""Token counts; pure."""

from __future__ import annotations

import math

from headwater import Usage

from ._wire import PlainCounts, TokenCounts

__all__ = ["answer_tokens", "read_plain_usage", "read_usage"]


def read_usage(counts: TokenCounts) -> Usage | None:
    """Read the counts of a chunk.

    Input is the prompt, cached tokens included, and what server-side tools put before the model;
    output is the answer and the thoughts. The wire leaves out what is 0: where it counts neither,
    the output is what the total has beyond the input.

    Shapes:
        prompt 15, tools 770, candidates 37, thoughts 742 -> input 785, output 779
        prompt 12, total 12                               -> input 12, output 0
        no counts                                         -> None

    Source:
        FORMATS 1.3.
    """
    prompt = _added(counts.prompt_token_count, counts.tool_use_prompt_token_count)
    written = _added(counts.candidates_token_count, counts.thoughts_token_count)
    total = _whole(counts.total_token_count)
    if written is None and prompt is not None and total is not None:
        written = max(0, total - prompt)
    if prompt is None and written is None:
        return None
    return Usage(
        prompt,
        written,
        cached_input_tokens=_whole(counts.cached_content_token_count),
        reasoning_tokens=_whole(counts.thoughts_token_count),
    )


def read_plain_usage(counts: PlainCounts) -> Usage:
    """Read counts as `read_usage` does, of which there is less to ask: for each token."""
    thoughts = counts.thoughts_token_count
    return Usage(
        counts.prompt_token_count,
        counts.candidates_token_count + (thoughts or 0),
        cached_input_tokens=counts.cached_content_token_count,
        reasoning_tokens=thoughts,
    )


def answer_tokens(usage: Usage) -> int:
    """Give how much of the output is no thought."""
    return (usage.output_tokens or 0) - (usage.reasoning_tokens or 0)


def _added(one: float | None, other: float | None) -> int | None:
    first, second = _whole(one), _whole(other)
    if first is None or second is None:
        return second if first is None else first
    return first + second


def _whole(count: float | None) -> int | None:
    if count is None or type(count) is int:
        return count
    return int(count) if math.isfinite(count) else None
