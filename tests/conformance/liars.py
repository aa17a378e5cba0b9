"""Providers that break a promise, each a small variant of the honest one."""

from __future__ import annotations

from . import (
    liars_of_answers,
    liars_of_errors,
    liars_of_life,
    liars_of_requests,
    liars_of_streams,
)
from .lying import LIARS, Liar

__all__ = ["CHAPTERS", "LIARS", "Liar"]

CHAPTERS = (  # imported for the liars that they add
    liars_of_answers,
    liars_of_streams,
    liars_of_errors,
    liars_of_requests,
    liars_of_life,
)
