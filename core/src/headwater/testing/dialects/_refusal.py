"""Refusals as samples."""

from __future__ import annotations

from ..samples import Expected, ExpectedError, Sample
from ._frames import text

__all__ = ["refusal"]


def refusal(status: int, body: object, error: ExpectedError, **headers: str) -> Sample:
    """Make the sample of a refusal.

    Args:
        status: HTTP status.
        body: The body, written as JSON.
        error: What it means.
        headers: Its headers, with `_` for `-`.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Sample(
        name=f"{status} {error.kind.__name__}",
        body=text(body).encode(),
        status=status,
        headers={"content-type": "application/json", **named},
        is_stream=False,
        expected=Expected(error=error),
    )
