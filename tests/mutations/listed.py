"""All mutations."""

from __future__ import annotations

from typing import Final

from . import closing, decoders, ending, exchanging, limits, retrying, truncating, waiting
from .mutation import Mutation

__all__ = ["MUTATIONS"]

MUTATIONS: Final[tuple[Mutation, ...]] = (
    *retrying.MUTATIONS,
    *limits.MUTATIONS,
    *waiting.MUTATIONS,
    *exchanging.MUTATIONS,
    *truncating.MUTATIONS,
    *decoders.MUTATIONS,
    *closing.MUTATIONS,
    *ending.MUTATIONS,
)
