"""Which attempt of its call this is."""

from __future__ import annotations

import weakref

from headwater import ChatRequest

__all__ = ["Attempts"]


class Attempts:
    """Count the attempts of each call that is under way.

    A provider is not told which attempt it is asked for. What the attempts of one call share, and
    two calls never do, is the request: the object, as two calls may well ask for the same.
    """

    def __init__(self) -> None:
        self._made: dict[int, int] = {}

    def count(self, request: ChatRequest) -> int:
        """Count one more attempt of a request's call, and say which it is, from 1."""
        key = id(request)
        if key not in self._made:
            forget = weakref.finalize(request, self._made.pop, key, None)
            forget.atexit = False
        self._made[key] = self._made.get(key, 0) + 1
        return self._made[key]
