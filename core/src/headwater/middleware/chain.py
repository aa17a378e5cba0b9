"""The shape of middleware, and how layers of it make one handler."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol, TypeAlias, TypeVar

from ..call import Call

__all__ = ["Handler", "Middleware", "compose"]

T = TypeVar("T")

Handler: TypeAlias = Callable[[Call], AsyncGenerator[T, None]]
"""Takes a call and gives what comes of it: events, or a stream of one value."""


class Middleware(Protocol):
    """Wrap a handler, in the handler's own shape.

    A layer is generic in what flows: events for `stream_chat`, one value for `chat` and
    `count_usage`. It closes the inner stream on every path (`contextlib.aclosing`), and holds no
    timeout, task group or context variable across a `yield`. One that touches no item gives the
    inner stream itself. One object serves many calls at once.
    """

    def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        """Handle a call by handing it on, once, several times or not at all."""
        ...


def compose(layers: Sequence[Middleware], handler: Handler[T]) -> Handler[T]:
    """Wrap a handler in layers, the first being outermost."""
    for layer in reversed(layers):
        handler = _around(layer, handler)
    return handler


def _around(layer: Middleware, handler: Handler[T]) -> Handler[T]:
    def handle(call: Call) -> AsyncGenerator[T, None]:
        return layer(call, handler)

    return handle
