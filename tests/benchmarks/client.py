"""What each client has to offer, and what shows that it did its work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol, TypeAlias

__all__ = ["Answer", "Client", "Make", "Opened", "StreamingClient"]


class Answer(NamedTuple):
    """What came of a call.

    Attributes:
        deltas: How many pieces of text; 1 for a whole answer.
        text_length: Of all text, folded.
        output_tokens: As the server counted.
        reason: Why the model stopped, in the provider's or the client's words; not empty.
    """

    deltas: int
    text_length: int
    output_tokens: int | None
    reason: str | None


class Client(Protocol):
    """One client of one wire, kept warm."""

    async def stream(self, model: str) -> Answer:
        """Stream an answer to its end."""
        ...

    async def whole(self, model: str) -> Answer:
        """Have a whole answer."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Opened(Protocol):
    """A stream that has given its first text."""

    @property
    def deltas(self) -> int:
        """Count the pieces of text so far."""
        ...

    async def rest(self) -> Answer:
        """Read it to its end."""
        ...


class StreamingClient(Client, Protocol):
    """A client that can be stopped at the first token."""

    def opened(self, model: str) -> AbstractAsyncContextManager[Opened]:
        """Open a stream, and read until the first text."""
        ...


Make: TypeAlias = Callable[[str], Client]
"""Makes a client for the server's address."""
