"""The short way that most chunks take gives what the long one gives."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from headwater import HeadwaterError
from headwater_google._decode import Decoder
from headwater_google._wire import Candidate, Chunk, Content, Part, TokenCounts

VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, "", [], {}, 0, 1, 2, 2.0, 1.5, 10**30, True, False, "a", "STOP"),
        *([{}], [{"text": "b"}] * 2, {"name": "f"}, {"name": "f", "args": {}}),
        *({"status": "INTERNAL"}, {"blockReason": "SAFETY"}, {"parts": [{"text": "c"}]}),
    ]
)


@st.composite
def chunks(draw: st.DrawFn) -> str:
    """Give a plain chunk in which a field or two that are read may have any value."""
    part: dict[str, Any] = {"text": draw(st.sampled_from("aé"))}
    content: dict[str, Any] = {"role": "model", "parts": [part]}
    candidate: dict[str, Any] = {"content": content}
    counts = {"promptTokenCount": 1, "candidatesTokenCount": draw(st.integers(0, 2))}
    chunk: dict[str, Any] = {"candidates": [candidate], "usageMetadata": counts}
    read = (Part, part), (Content, content), (Candidate, candidate), (TokenCounts, counts)
    for kind, value in draw(st.lists(st.sampled_from([*read, (Chunk, chunk)]), max_size=2)):
        field = draw(st.sampled_from(msgspec.structs.fields(kind)))
        value[field.encode_name] = draw(VALUES)
    return json.dumps(chunk)


FRAMES = st.lists(
    chunks()
    | st.sampled_from(["[DONE]", " ", "{", "[{}]"])
    | st.just('{"candidates":[{"content":{"parts":[{"text":"\\ud800"}]}}]}'),
    max_size=6,
)
START = '{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}'


def told(decoder: Decoder, frames: list[str]) -> list[object]:
    """Tell all that a decoder makes of frames."""
    seen: list[object] = []
    for frame in frames:
        try:
            seen += [*decoder.feed(frame.encode()), decoder.is_settled, decoder.is_done]
            decoder.check()
        except HeadwaterError as error:
            return [*seen, type(error), str(error)]
    return [*seen, *decoder.close()]


@given(FRAMES)
def test_the_short_way_changes_nothing(frames: list[str]) -> None:
    """Whatever the chunks hold, and in whatever order they come."""
    short, long = Decoder(), Decoder()
    long._mistakes = 3  # as if it had guessed wrong so often that it guesses no more
    assert told(short, [START, *frames]) == told(long, [START, *frames])
