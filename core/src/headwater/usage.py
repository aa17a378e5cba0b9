"""Token counts, and where they come from."""

from __future__ import annotations

from enum import StrEnum

import attrs

__all__ = ["Provenance", "Usage", "tokens_per_s"]


class Provenance(StrEnum):
    """How far to trust a count, best first."""

    REPORTED = "reported"
    PARTIAL = "partial"
    ESTIMATED = "estimated"


def _as_provenance(value: str) -> Provenance:
    return value if isinstance(value, Provenance) else Provenance(value)


_TRUST = tuple(Provenance)
SHORTEST_S = 0.02  # below it, what is measured is the machine and not the model


def _added(one: int | None, other: int | None) -> int | None:
    """Add two counts; one that nobody knows adds nothing."""
    if one is None or other is None:
        return other if one is None else one
    return one + other


@attrs.frozen
class Usage:
    """Count the tokens of one answer, or of several added up.

    None means that nobody reported or estimated the count; it is never 0.

    Attributes:
        input_tokens: Everything the model read, cached tokens included.
        output_tokens: Everything the model wrote, reasoning included.
        cached_input_tokens: How many of the input tokens came out of a cache.
        cache_write_tokens: How many of the input tokens were put into a cache.
        reasoning_tokens: How many of the output tokens were reasoning.
        provenance: "reported" by the provider; "partial" when the stream ended before the final
            count; "estimated" from the text when the provider gave none.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = attrs.field(default=None, kw_only=True)
    cache_write_tokens: int | None = attrs.field(default=None, kw_only=True)
    reasoning_tokens: int | None = attrs.field(default=None, kw_only=True)
    provenance: Provenance = attrs.field(
        default=Provenance.REPORTED, converter=_as_provenance, kw_only=True
    )

    @property
    def total_tokens(self) -> int | None:
        """Add input and output; None unless both are known."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens

    @property
    def is_known(self) -> bool:
        """Tell whether there is any count of input or output."""
        return self.input_tokens is not None or self.output_tokens is not None

    def __add__(self, other: Usage) -> Usage:
        """Add the counts of two answers, in any grouping with the same result.

        A sum is no better than its worst part, and a sum in which one part's input or output is
        unknown is partial.
        """
        trust = max(_TRUST.index(self.provenance), _TRUST.index(other.provenance))
        if (self.input_tokens is None) != (other.input_tokens is None) or (
            self.output_tokens is None
        ) != (other.output_tokens is None):
            trust = max(trust, _TRUST.index(Provenance.PARTIAL))
        return Usage(
            _added(self.input_tokens, other.input_tokens),
            _added(self.output_tokens, other.output_tokens),
            cached_input_tokens=_added(self.cached_input_tokens, other.cached_input_tokens),
            cache_write_tokens=_added(self.cache_write_tokens, other.cache_write_tokens),
            reasoning_tokens=_added(self.reasoning_tokens, other.reasoning_tokens),
            provenance=_TRUST[trust],
        )


def tokens_per_s(usage: Usage, first_content_s: float | None, total_s: float) -> float | None:
    """Tell how fast the output came, from the first content to the end.

    Returns:
        Tokens a second; None when the count or the time is not known, or the answer came too
        quickly for a speed to mean anything.
    """
    if usage.output_tokens is None or first_content_s is None:
        return None
    if total_s - first_content_s < SHORTEST_S:
        return None
    return round(usage.output_tokens / (total_s - first_content_s), 2)
