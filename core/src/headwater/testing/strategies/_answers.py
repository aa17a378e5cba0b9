"""Answers of every kind, and the payloads that a dialect writes of them."""

from __future__ import annotations

import json
from enum import StrEnum
from itertools import pairwise

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...events import FinishReason
from ...usage import Usage
from ..dialects import PLAIN, Ability, Answer, Dialect, WrittenCall
from ..samples import Sample

__all__ = ["Fault", "answers", "faults", "streams", "wholes"]

# What careless readers lose, split at, or take for something else.
_ODD = (
    " ",
    "\n",
    "\t",
    "\u2028",
    "\x85",
    "\r\n\r\n",
    '"',
    "\\",
    "é😀",
    "{",
    "[DONE]",
    "null",
    "data: ",
)
_WORDS = st.sampled_from(_ODD) | st.text(min_size=1, max_size=8)
_PIECES = st.lists(_WORDS, max_size=4).map(tuple)
_NAMES = st.sampled_from(["measure", "weigh", "look_up"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
_OBJECTS = st.dictionaries(st.text(min_size=1, max_size=4), _JSON, max_size=3)
_BROKEN = st.sampled_from(['{"depth": ', "[1, 2]", "nonsense", '{"a": 1}}', "7", '"text"'])
_COUNTS = st.integers(0, 10**6)


def _sliced(text: str, cuts: list[int]) -> tuple[str, ...]:
    edges = [0, *sorted({min(cut, len(text)) for cut in cuts}), len(text)]
    return tuple(text[a:b] for a, b in pairwise(edges) if a < b)


def _raws(dialect: Dialect) -> SearchStrategy[str]:
    whole = _OBJECTS.map(json.dumps) | st.just("")
    return whole | _BROKEN if dialect.can_say(Ability.BROKEN_ARGUMENTS) else whole


def _calls(dialect: Dialect) -> SearchStrategy[tuple[WrittenCall, ...]]:
    cuts = st.lists(st.integers(0, 20), max_size=3)
    pieces = st.builds(_sliced, _raws(dialect), cuts)
    most = 3 if dialect.can_say(Ability.SEVERAL_CALLS) else 1
    several = st.lists(st.tuples(_NAMES, pieces), max_size=most)
    return several.map(
        lambda made: tuple(
            WrittenCall(name, parts, f"call_{place}") for place, (name, parts) in enumerate(made)
        )
    )


@st.composite
def _usages(draw: st.DrawFn) -> Usage:
    cached, written, fresh, thought, said = (draw(_COUNTS) for _ in range(5))
    return Usage(
        cached + written + fresh,
        thought + said,
        cached_input_tokens=cached,
        cache_write_tokens=written,
        reasoning_tokens=thought,
    )


@st.composite
def answers(draw: st.DrawFn, dialect: Dialect) -> Answer:
    """Give answers that a wire can write: with or without reasoning, text, tool calls, counts.

    Args:
        draw: Given by hypothesis.
        dialect: The wire.
    """
    calls = draw(_calls(dialect))
    reasoning = draw(_PIECES)
    reasons = [r for r in dialect.reasons if r is not FinishReason.TOOL_CALLS]
    plain_reasons = [r for r in reasons if r in (FinishReason.STOP, FinishReason.LENGTH)]
    answer = Answer(
        reasoning=reasoning,
        seal=draw(st.none() | st.just("c2VhbA==")) if reasoning else None,
        text=draw(_PIECES),
        calls=calls,
        style=draw(st.sampled_from(sorted(dialect.styles))),
        reason=FinishReason.TOOL_CALLS if calls else draw(st.sampled_from(plain_reasons)),
        usage=draw(_usages()),
    )
    return dialect.fitted(answer)


def streams(dialect: Dialect) -> SearchStrategy[Sample]:
    """Give legal streams of a wire, each with what it means."""
    return answers(dialect).map(dialect.stream)


def wholes(dialect: Dialect) -> SearchStrategy[Sample]:
    """Give legal answers in one piece, each with what it means."""
    return answers(dialect).map(_mended).map(dialect.whole)


def _mended(answer: Answer) -> Answer:
    """Make arguments whole, since some wires write them as an object where nothing is streamed."""
    calls = [
        call
        if call.expected(has_id=False, has_text=False).arguments is not None
        else attrs.evolve(call, pieces=('{"depth": 3}',))
        for call in answer.calls
    ]
    return attrs.evolve(answer, calls=tuple(calls))


class Fault(StrEnum):
    """Name what can be wrong with the bytes of a stream.

    Attributes:
        CUT: They end before the end mark.
        GARBAGE: A frame holds what is no JSON.
        SHAPE: A frame holds JSON of another shape.
        NESTING: A frame is nested without end.
        REORDERED: Frames come in another order.
        REPEATED: A frame comes twice.
        FLIPPED: A byte is another one.
    """

    CUT = "cut"
    GARBAGE = "garbage"
    SHAPE = "shape"
    NESTING = "nesting"
    REORDERED = "reordered"
    REPEATED = "repeated"
    FLIPPED = "flipped"


@st.composite
def faults(
    draw: st.DrawFn, dialect: Dialect, kinds: tuple[Fault, ...] = tuple(Fault)
) -> tuple[Fault, Sample]:
    """Give illegal streams of a wire, with what is wrong with each.

    What they mean is known of none; that a provider raises an error of ours, or reads events, and
    never anything else, is known of all.

    Args:
        draw: Given by hypothesis.
        dialect: The wire.
        kinds: What may be wrong.
    """
    kind = draw(st.sampled_from(kinds))
    answer = draw(answers(dialect) | st.just(PLAIN))
    frames = list(dialect.write_stream(dialect.fitted(answer)))
    place = draw(st.integers(0, len(frames) - 1))
    body = _damaged(draw, kind, frames, place)
    return kind, Sample(name=kind.value, body=body, headers=dialect.headers)


def _damaged(draw: st.DrawFn, kind: Fault, frames: list[bytes], place: int) -> bytes:
    whole = b"".join(frames)
    match kind:
        case Fault.CUT:
            return whole[: draw(st.integers(0, len(whole)))]
        case Fault.FLIPPED:
            at = draw(st.integers(0, len(whole) - 1))
            return whole[:at] + bytes([draw(st.integers(0, 255))]) + whole[at + 1 :]
        case Fault.REORDERED:
            return b"".join(draw(st.permutations(frames)))
        case Fault.REPEATED:
            return b"".join([*frames[:place], frames[place], *frames[place:]])
        case _:
            frame, said = frames[place], _instead(draw, kind)
            start = max(frame.find(b"{"), 0)
            replaced = frame[:start] + said + frame[len(frame.rstrip()) :]
            return b"".join([*frames[:place], replaced, *frames[place + 1 :]])


def _instead(draw: st.DrawFn, kind: Fault) -> bytes:
    """Give what stands in place of the JSON of a frame."""
    if kind is Fault.NESTING:
        return b'{"a":' * 3000
    if kind is Fault.SHAPE:
        return json.dumps(draw(_JSON)).encode()
    return draw(st.binary(max_size=12)).replace(b"\n", b" ")
