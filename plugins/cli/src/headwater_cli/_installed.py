"""What is installed, by its metadata alone: nothing is imported."""

from __future__ import annotations

from importlib.metadata import distribution, entry_points

__all__ = ["installed_distributions", "provider_names"]

_GROUP = "headwater"


def provider_names() -> list[str]:
    """List the names of the providers, those of broken plugins too."""
    return sorted({point.name for point in entry_points(group=_GROUP)})


def installed_distributions() -> list[tuple[str, str]]:
    """List the distributions that provide them, and this one, each with its version."""
    found = [point.dist for point in entry_points(group=_GROUP) if point.dist is not None]
    found.append(distribution("headwater-cli"))
    return sorted({(str(dist.name), str(dist.version)) for dist in found})
