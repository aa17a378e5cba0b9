"""What a server may do to a call, as values that hypothesis draws, with the truth beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias

import attrs
from hypothesis import strategies as st

from headwater.testing.payloads import Frame, Phase, Said, Wire, error_body, error_frame, phased


class Ending(StrEnum):
    """What happens once as much has been said as is to be said."""

    WHOLE = "whole"
    CUT = "cut"
    RESET = "reset"
    STALL = "stall"
    GARBAGE = "garbage"


@attrs.frozen
class Refused:
    """A status of 400 and more."""

    wire: Wire
    status: int
    retry_after: str | None = None

    @property
    def body(self) -> bytes:
        """Give what is said with it."""
        return error_body(self.wire, self.status)

    @property
    def headers(self) -> dict[str, str]:
        """Give its headers."""
        return {} if self.retry_after is None else {"retry-after": self.retry_after}


@attrs.frozen
class Gone:
    """No status at all: the connection breaks."""


@attrs.frozen
class Spoken:
    """An answer, as far as it comes.

    Attributes:
        wire: How it is written.
        truth: The text that the model wrote.
        chunks: The bytes that come, each with the pause before it.
        ending: What happens after them.
        is_marked: Whether the end mark is among them.
    """

    wire: Wire
    truth: str
    chunks: tuple[tuple[float, bytes], ...]
    ending: Ending
    is_marked: bool

    def is_good(self, within_s: float) -> bool:
        """Tell whether nothing is wrong with it, in so short a time."""
        is_whole = self.ending is Ending.WHOLE and self.is_marked
        return is_whole and sum(pause_s for pause_s, _ in self.chunks) < within_s


Attempt: TypeAlias = Refused | Gone | Spoken

GARBAGE = b"\x00\xff{{{\n\n"
PING = b": ping\n\n"


@st.composite
def spoken(draw: st.DrawFn, wire: Wire, number: int, *, pauses: st.SearchStrategy[float]) -> Spoken:
    """Make an answer that may go wrong at any byte; its words are those of its attempt alone."""
    words = [f"{number}.{i} " for i in range(draw(st.integers(1, 8)))]
    frames = phased(wire, Said(tuple(words)))
    trouble = draw(st.sampled_from([*Ending, Ending.WHOLE, Ending.WHOLE, "error"]))
    if trouble == "error":
        told = error_frame(wire, draw(st.sampled_from([400, 401, 429, 500, 503])))
        at = draw(st.sampled_from([at for at, frame in enumerate(frames) if not _is_mark(frame)]))
        frames[at:] = [Frame(told, Phase.CONTENT)]
    if wire is not Wire.OLLAMA:  # whose lines know no comments
        for at in draw(st.lists(st.integers(0, len(frames)), max_size=3)):
            frames.insert(at, Frame(PING, Phase.PREAMBLE))
    body = b"".join(frame.data for frame in frames)
    ending = Ending.WHOLE if trouble == "error" else Ending(trouble)
    size = len(body) if ending is Ending.WHOLE else draw(st.sampled_from(range(len(body) + 1)))
    cuts = draw(st.lists(st.integers(0, size), max_size=6))
    slices = [body[a:b] for a, b in pairwise([0, *sorted(cuts), size]) if a < b]
    if ending is Ending.GARBAGE:
        slices.append(GARBAGE)
    chunks = tuple((draw(pauses), piece) for piece in slices)
    return Spoken(wire, "".join(words), chunks, ending, size >= _mark_end(frames))


def _is_mark(frame: Frame) -> bool:
    return frame.phase in (Phase.CLOSING, Phase.END)


def _mark_end(frames: Sequence[Frame]) -> float:
    """Tell how many bytes it takes until the end mark can be read, its end of line apart."""
    size = 0
    for frame in frames:
        if _is_mark(frame):
            return size + len(frame.data.rstrip())
        size += len(frame.data)
    return math.inf


_PASSING = (429, 500, 503, 529)
_HINTS = (None, None, "0.001", "soon", "-1", "90")


@st.composite
def refused(draw: st.DrawFn, wire: Wire) -> Refused:
    """Make a refusal of any kind."""
    status = draw(st.sampled_from([400, 401, 403, 404, 408, *_PASSING]))
    return Refused(wire, status, draw(st.sampled_from(_HINTS)))


def passing(wire: Wire) -> st.SearchStrategy[Attempt]:
    """Make what may be over at the next attempt."""
    return st.sampled_from([Gone(), *(Refused(wire, status) for status in _PASSING)])


@st.composite
def attempts(
    draw: st.DrawFn, wire: Wire, *, pauses: st.SearchStrategy[float]
) -> tuple[Attempt, ...]:
    """Make what each attempt of a call meets; the last of them is met again by all that follow."""
    met: list[Attempt] = []
    for number in range(draw(st.sampled_from([1, 1, 2, 3, 4]))):
        answer = spoken(wire, number, pauses=pauses)
        met.append(draw(st.one_of(answer, answer, answer, passing(wire), refused(wire))))
    return tuple(met)
