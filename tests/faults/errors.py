"""Looking at errors: all that one leads to."""

from __future__ import annotations

from collections.abc import Iterator


def reachable(error: BaseException) -> Iterator[BaseException]:
    """Walk the errors that an error leads to, whether a traceback shows them or not."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]
