"""The short way that most chunks take gives what the long one gives."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from headwater import Event, HeadwaterError
from headwater_chat_completions import Quirks
from headwater_chat_completions._decode import Decoder

NOTHING: st.SearchStrategy[object] = st.sampled_from([None, "", [], {}])
TEXT: st.SearchStrategy[object] = st.sampled_from(
    ["", "a", "é", "b c", None, 5, [{"type": "text", "text": "p"}]]
)


def sometimes(**fields: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """Give objects in which each field may be missing."""
    return st.fixed_dictionaries({}, optional=fields)


CALL = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{}"}}
DELTA = sometimes(
    content=TEXT,
    role=st.just("assistant"),
    reasoning_content=TEXT | NOTHING,
    refusal=st.sampled_from([None, "", "no"]),
    tool_calls=st.sampled_from([None, [], [CALL]]),
    audio=NOTHING | st.just({"id": "a"}),
    unknown=NOTHING,
)
CHOICE = sometimes(
    delta=DELTA | st.none(),
    index=st.sampled_from([0, 1, None, "0"]),
    message=st.none() | DELTA,
    finish_reason=st.sampled_from([None, "", "stop", "length", "error"]),
    logprobs=NOTHING | st.just({"content": [1]}),
    error=NOTHING | st.just({"message": "no"}),
)
CHUNK = sometimes(
    id=st.sampled_from(["r1", "r2", None]),
    model=st.just("m"),
    choices=st.lists(CHOICE, max_size=2) | st.none(),
    usage=st.none() | st.just({"prompt_tokens": 1, "completion_tokens": 2}),
    error=NOTHING | st.just({"message": "no"}),
    citations=NOTHING | st.just(["https://h"]),
    x_groq=st.none() | st.just({"usage": {"prompt_tokens": 3}}),
    object=st.sampled_from(["chat.completion.chunk", "error"]),
)
PLAIN = {"id": "r1", "model": "m", "choices": [{"delta": {"content": "a"}}]}
FRAME = st.one_of(
    st.just(PLAIN).map(json.dumps),
    CHUNK.map(json.dumps),
    st.sampled_from(["[DONE]", " ", "{", "[]", '{"choices": [{"delta": {"content": "\\ud800"}}]}']),
)


def told(decoder: Decoder, frames: list[str]) -> list[object]:
    """Tell all that a decoder makes of frames."""
    seen: list[object] = []
    for frame in frames:
        try:
            events: list[Event] = list(decoder.feed(frame.encode()))
            seen += [*events, decoder.is_settled, decoder.is_done]
            decoder.check()
        except HeadwaterError as error:
            return [*seen, type(error), str(error)]
        if decoder.is_done:
            break
    return [*seen, *decoder.close()]


@example([json.dumps(PLAIN)] * 2 + ["[DONE]"])
@given(st.lists(FRAME, max_size=8))
def test_the_short_way_changes_nothing(frames: list[str]) -> None:
    """Whatever the chunks hold, and in whatever order they come."""
    short, long = Decoder(Quirks()), Decoder(Quirks())
    long._mistakes = 3  # as if it had guessed wrong so often that it guesses no more
    assert told(short, frames) == told(long, frames)
