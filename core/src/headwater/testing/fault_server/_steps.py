"""What a script is made of: the steps that a server takes to answer one request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import attrs


@attrs.frozen
class Wait:
    """Say nothing for a while."""

    seconds: float


@attrs.frozen
class Stall:
    """Say nothing more, and keep the connection until the client leaves."""


@attrs.frozen
class End:
    """Close the connection in the ordinary way."""


@attrs.frozen
class Reset:
    """Tear the connection down, so that the client's kernel gets a reset.

    What was written a moment before may be lost with it; let a `Wait` precede where the client is
    to have it.
    """


@attrs.frozen
class Raw:
    """Send bytes as they are, whatever the framing of the body: half a chunk, or garbage."""

    data: bytes


@attrs.frozen
class Drip:
    """Send bytes a few at a time.

    Attributes:
        data: All of them.
        size_bytes: How many at a time.
        every_s: The pause after each time.
    """

    data: bytes
    size_bytes: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    every_s: float = 0.01


@attrs.frozen
class Repeat:
    """Send bytes again and again.

    Attributes:
        data: What is sent each time.
        every_s: The pause after each time; with 0 as fast as the client takes it.
        times: How often; None until the client leaves.
    """

    data: bytes
    every_s: float = 0.0
    times: int | None = None


Step: TypeAlias = bytes | Wait | Stall | End | Reset | Raw | Drip | Repeat
Script: TypeAlias = Sequence[Step]


def is_last(step: Step) -> bool:
    """Tell whether nothing can follow a step."""
    return isinstance(step, (Stall, End, Reset)) or (
        isinstance(step, Repeat) and step.times is None
    )


def cut(steps: Script, size_bytes: int, then: Step | None = None) -> Script:
    """Cut a script, or the body of one, after so many bytes.

    Args:
        steps: The steps. Waits and the like stay where they are before the cut.
        size_bytes: How many bytes are still sent.
        then: What happens there; None for `End`.
    """
    kept: list[Step] = []
    left = size_bytes
    for step in steps:
        data = data_of(step)
        if len(data) >= left and data:
            kept.append(_shortened(step, data[:left]))
            break
        kept.append(step)
        left -= len(data)
    return [*kept, End() if then is None else then]


def data_of(step: Step) -> bytes:
    """Give all the bytes that a step sends.

    Raises:
        ValueError: There is no end to them.
    """
    match step:
        case bytes():
            return step
        case Raw(data=data) | Drip(data=data):
            return data
        case Repeat(data=data, times=None):
            raise ValueError("expected steps that end, got a Repeat without times")
        case Repeat(data=data, times=int(times)):
            return data * times
        case _:
            return b""


def _shortened(step: Step, data: bytes) -> Step:
    match step:
        case Raw():
            return Raw(data)
        case Drip():
            return attrs.evolve(step, data=data)
        case _:
            return data
