"""A provider without key and network: for first steps, for tests, for rehearsing errors."""

from ._plugin import Demo

__all__ = ["Demo"]
