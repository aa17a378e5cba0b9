"""Token counts of the wire to ours; pure."""

from __future__ import annotations

import attrs

from headwater import Provenance, Usage

from ._wire import Counts, Number

__all__ = ["UsageCount"]


class UsageCount:
    """Keep the counts of one answer, each as it was last reported.

    The numbers of a stream are cumulative: a later one replaces an earlier one and is never added.

    Source:
        FORMATS 1.3 and 4.3.
    """

    def __init__(self) -> None:
        self._input: int | None = None
        self._cache_read: int | None = None
        self._cache_write: int | None = None
        self._output: int | None = None
        self._reasoning: int | None = None
        self._is_final = False
        self._usage: Usage | None = None  # what was read since the last count

    def take(self, counts: Counts, *, is_final: bool) -> None:
        """Take what a frame reports; what it leaves out stays as it was.

        Args:
            counts: The usage object.
            is_final: Whether its output is more than the one of an answer that has just begun.
        """
        self._usage = None
        details = counts.output_tokens_details
        self._input = _newer(counts.input_tokens, self._input)
        self._cache_read = _newer(counts.cache_read_input_tokens, self._cache_read)
        self._cache_write = _newer(counts.cache_creation_input_tokens, self._cache_write)
        self._output = _newer(counts.output_tokens, self._output)
        self._reasoning = _newer(details.thinking_tokens if details else None, self._reasoning)
        self._is_final = self._is_final or (is_final and counts.output_tokens is not None)

    def read(self) -> Usage | None:
        """Give the counts so far; input includes what was cached. None where there are none.

        Shapes:
            {"input_tokens": 4, "cache_creation_input_tokens": 1165, "output_tokens": 201}
                -> Usage(1169, 201, cache_write_tokens=1165)
        """
        if self._usage is None:
            total = self._input
            if total is not None:
                total += (self._cache_read or 0) + (self._cache_write or 0)
            self._usage = Usage(
                total,
                self._output,
                cached_input_tokens=self._cache_read,
                cache_write_tokens=self._cache_write,
                reasoning_tokens=self._reasoning,
            )
        return self._usage if self._usage.is_known else None

    def final(self) -> Usage | None:
        """Give the counts of an answer that is complete: partial where the last one never came."""
        usage = self.read()
        if usage is None or self._is_final:
            return usage
        return attrs.evolve(usage, provenance=Provenance.PARTIAL)


def _newer(count: Number, known: int | None) -> int | None:
    return known if count is None else int(count)
