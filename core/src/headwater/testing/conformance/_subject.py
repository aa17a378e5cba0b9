"""Whom the checks are about."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from ...requests import ModelId
from ..dialects import Dialect
from ..samples import Sample
from ._features import Feature

__all__ = ["DEFAULT_KEY", "Subject"]

DEFAULT_KEY = "conformance-key-0123456789abcdef"


@attrs.frozen(kw_only=True, eq=False)
class Subject:
    """Hold a provider, and what is known of it.

    Attributes:
        make: Makes the provider object, with `key` as its key.
        model: The model to ask.
        samples: Payloads, and what they mean.
        unsupported: What the provider lacks.
        dialect: How its wire is written, where that is known: payloads are then made up too.
        key: The key that the provider object has, looked for where it must not be.
        max_examples: How many payloads and slicings a generating check tries.
    """

    make: Callable[[], object]
    model: ModelId
    samples: tuple[Sample, ...] = ()
    unsupported: frozenset[Feature] = frozenset()
    dialect: Dialect | None = None
    key: str = DEFAULT_KEY
    max_examples: int = 20
