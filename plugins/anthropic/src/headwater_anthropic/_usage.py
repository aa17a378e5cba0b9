"""Token counts of the wire to ours; pure."""

from __future__ import annotations

import attrs

from headwater import Provenance, Usage

from ._wire import Counts

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
        if counts.input_tokens is not None:
            self._input = int(counts.input_tokens)
        if counts.cache_read_input_tokens is not None:
            self._cache_read = int(counts.cache_read_input_tokens)
        if counts.cache_creation_input_tokens is not None:
            self._cache_write = int(counts.cache_creation_input_tokens)
        if counts.output_tokens is not None:
            self._output = int(counts.output_tokens)
            self._is_final = self._is_final or is_final
        details = counts.output_tokens_details
        if details is not None and details.thinking_tokens is not None:
            self._reasoning = int(details.thinking_tokens)

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
