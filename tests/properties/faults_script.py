"""What a server may do to a call, as values that hypothesis draws, with the truth beside them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import Any, TypeAlias

import attrs
from hypothesis import strategies as st


class Wire(StrEnum):
    """Which provider a call goes to."""

    CHAT = "chat"
    ANTHROPIC = "anthropic"


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

    status: int
    retry_after: str | None


@attrs.frozen
class Gone:
    """No status at all: the connection breaks."""


@attrs.frozen
class Spoken:
    """An answer, as far as it comes.

    Attributes:
        truth: The text that the model wrote.
        chunks: The bytes that come, each with the pause before it.
        ending: What happens after them.
        is_marked: Whether the end mark is among them.
    """

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


def _event(value: Any, name: str | None = None) -> bytes:
    head = b"" if name is None else b"event: %s\n" % name.encode()
    return head + b"data: %s\n\n" % json.dumps(value).encode()


def _chat_frames(words: Sequence[str]) -> tuple[list[bytes], int]:
    """Give the frames of an answer, and which of them is the end mark."""

    def piece(delta: dict[str, str], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return _event({"id": "c", "model": "m", "choices": [choice]})

    frames = [piece({"role": "assistant", "content": ""})]
    frames += [piece({"content": word}) for word in words]
    usage = {"prompt_tokens": 3, "completion_tokens": len(words)}
    last = [piece({}, "stop"), _event({"choices": [], "usage": usage}), b"data: [DONE]\n\n"]
    return frames + last, len(frames)


def _anthropic_frames(words: Sequence[str]) -> tuple[list[bytes], int]:
    """Give the frames of an answer, and which of them is the end mark."""

    def said(kind: str, **fields: Any) -> bytes:
        return _event({"type": kind, **fields}, kind)

    usage = {"input_tokens": 3, "output_tokens": 1}
    message = {"id": "m", "role": "assistant", "model": "m", "content": [], "usage": usage}
    frames = [said("message_start", message=message)]
    frames.append(said("content_block_start", index=0, content_block={"type": "text", "text": ""}))
    frames += [
        said("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
        for word in words
    ]
    frames.append(said("content_block_stop", index=0))
    stop = said("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 9})
    return [*frames, stop, said("message_stop")], len(frames)


_FRAMES = {Wire.CHAT: _chat_frames, Wire.ANTHROPIC: _anthropic_frames}
_ERROR_TYPES = ("overloaded_error", "api_error", "rate_limit_error", "invalid_request_error", "odd")


def error_body(kind: str) -> dict[str, Any]:
    """Give an error as both wires write it."""
    return {"type": "error", "error": {"type": kind, "message": "no", "code": kind}}


@st.composite
def spoken(draw: st.DrawFn, wire: Wire, number: int, *, pauses: st.SearchStrategy[float]) -> Spoken:
    """Make an answer that may go wrong at any byte; its words are those of its attempt alone."""
    words = [f"{number}.{i} " for i in range(draw(st.integers(1, 8)))]
    frames, mark = _FRAMES[wire](words)
    trouble = draw(st.sampled_from([*Ending, Ending.WHOLE, Ending.WHOLE, "error"]))
    if trouble == "error":
        kind = draw(st.sampled_from(_ERROR_TYPES))
        frames[draw(st.sampled_from(range(mark + 1))) :] = [_event(error_body(kind), "error")]
    for at in draw(st.lists(st.integers(0, len(frames)), max_size=3)):
        frames.insert(at, PING)
    body = b"".join(frames)
    ending = Ending.WHOLE if trouble == "error" else Ending(trouble)
    size = len(body) if ending is Ending.WHOLE else draw(st.sampled_from(range(len(body) + 1)))
    cuts = draw(st.lists(st.integers(0, size), max_size=6))
    slices = [body[a:b] for a, b in pairwise([0, *sorted(cuts), size]) if a < b]
    if ending is Ending.GARBAGE:
        slices.append(GARBAGE)
    chunks = tuple((draw(pauses), piece) for piece in slices)
    return Spoken("".join(words), chunks, ending, size >= _mark_end(frames, wire))


def _mark_end(frames: Sequence[bytes], wire: Wire) -> float:
    """Tell how many bytes it takes until the end mark can be read, ends of lines apart."""
    word = b'"finish_reason": "stop"' if wire is Wire.CHAT else b'"stop_reason": "end_turn"'
    ends = accumulate(map(len, frames))
    found = (end for frame, end in zip(frames, ends, strict=True) if word in frame)
    return next(found, math.inf) - 2


_refusals = st.builds(
    Refused,
    st.sampled_from([400, 401, 403, 404, 408, 429, 500, 503, 529]),
    st.sampled_from([None, None, "0.001", "soon", "-1", "90"]),
)
_passing = st.builds(Refused, st.sampled_from([429, 500, 503, 529]), st.none()) | st.just(Gone())


@st.composite
def attempts(
    draw: st.DrawFn, wire: Wire, *, pauses: st.SearchStrategy[float]
) -> tuple[Attempt, ...]:
    """Make what each attempt of a call meets; the last of them is met again by all that follow."""
    met: list[Attempt] = []
    for number in range(draw(st.sampled_from([1, 1, 2, 3, 4]))):
        answer = spoken(wire, number, pauses=pauses)
        met.append(draw(st.one_of(answer, answer, answer, _passing, _refusals)))
    return tuple(met)
