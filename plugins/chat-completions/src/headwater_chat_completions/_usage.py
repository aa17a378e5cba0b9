"""Token counts of the wire to ours; pure."""

from __future__ import annotations

from headwater import Usage

from ._wire import TokenCounts

__all__ = ["read_usage"]


def read_usage(counts: TokenCounts, *, reasoning_is_beside: bool = False) -> Usage | None:
    """Read a usage object, whatever the server's arithmetic; None where it holds no count.

    Input includes cached tokens everywhere. Output includes reasoning, but for servers that count
    it beside the output, as their own total shows, or their quirks say where it shows nothing:
    there it is added.

    Shapes:
        {"prompt_tokens": 9, "completion_tokens": 7}              -> Usage(9, 7)
        {"prompt_tokens": 294, "completion_tokens": 63, "total_tokens": 699,
         "completion_tokens_details": {"reasoning_tokens": 342}}  -> Usage(294, 405, …)

    Args:
        counts: The usage object.
        reasoning_is_beside: What the quirks say.

    Source:
        FORMATS 1.3.
    """
    prompt, completion = _first(counts.prompt_tokens), _first(counts.completion_tokens)
    if prompt is None and completion is None:
        return None
    inputs, outputs = counts.prompt_tokens_details, counts.completion_tokens_details
    cached = _first(
        inputs.cached_tokens if inputs is not None else None,
        counts.prompt_cache_hit_tokens,
        counts.cached_tokens,
    )
    reasoning = _first(
        outputs.reasoning_tokens if outputs is not None else None, counts.reasoning_tokens
    )
    if prompt is not None and completion is not None and reasoning:
        total, without = _first(counts.total_tokens), prompt + completion
        if total == without + reasoning or (reasoning_is_beside and total != without):
            completion += reasoning
    return Usage(
        prompt,
        completion,
        cached_input_tokens=cached,
        cache_write_tokens=_first(inputs.cache_write_tokens) if inputs is not None else None,
        reasoning_tokens=reasoning,
    )


def _first(*counts: int | float | None) -> int | None:
    """Give the first count that is on the wire, as a whole number."""
    for count in counts:
        if count is not None:
            return int(count)
    return None
