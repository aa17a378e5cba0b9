"""The short way that most frames take gives what the long one gives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from headwater import HeadwaterError
from headwater_responses import Quirks
from headwater_responses._decode import Decoder
from headwater_responses._wire import Frame

Named: TypeAlias = tuple[str, str]

NAME: Final = "response.output_text.delta"
PLAIN: Final = {"type": NAME, "item_id": "m0", "output_index": 0, "delta": "a"}
VALUES: Final[Sequence[Any]] = [
    *(None, "", [], {}, 0, 1, 0.0, True, False, "b", "m1", "1e400", "response", NAME),
    *("error", "response.created", "response.completed", "response.refusal.delta"),
    *({"type": "message", "id": "m0"}, {"status": "failed"}, {"message": "no"}),
]
CALL: Final = {"type": "function_call", "id": "f1", "call_id": "c1", "name": "f"}
SAID: Final = [{"type": "output_text", "text": "a"}]
OTHERS: Final[Sequence[dict[str, Any]]] = [
    {**PLAIN, "output_index": 1},
    {**PLAIN, "output_index": 1, "item_id": "m1"},
    {**PLAIN, "type": "response.refusal.delta"},
    {**PLAIN, "type": "response.reasoning_text.delta", "output_index": 1},
    {"type": "response.output_item.added", "output_index": 0, "item": {"id": "m0"}},
    {"type": "response.output_item.added", "output_index": 1, "item": CALL},
    {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{"},
    {
        "type": "response.output_item.done",
        "output_index": 0,
        "item": {"type": "message", "id": "m0", "content": SAID},
    },
    {"type": "response.output_item.done", "output_index": 1, "item": CALL},
    {"type": "response.completed", "response": {"status": "completed", "output": []}},
]


def frames() -> Iterator[Named]:
    """Give a plain frame, it with each field that is read, whatever stands there, and others."""
    yield json.dumps(PLAIN), NAME
    for field in msgspec.structs.fields(Frame):
        for value in VALUES:
            data = json.dumps({**PLAIN, field.encode_name: value})
            yield data.replace('"1e400"', "1e400"), NAME  # a number that no float can hold
    for name in ("message", "error", "ping"):
        yield json.dumps(PLAIN), name
    for other in OTHERS:
        yield json.dumps(other), other["type"]
        yield json.dumps(other), "message"


FRAMES: Final = [*frames(), ("", NAME), ("{", NAME), ("[DONE]", "message")]


def told(decoder: Decoder, given: Sequence[Named]) -> list[object]:
    """Tell all that a decoder makes of frames, the first of which is plain."""
    seen: list[object] = []
    for data, name in [FRAMES[0], *given]:
        try:
            seen += [*decoder.feed(data.encode(), name), decoder.is_settled, decoder.is_done]
            decoder.check()
        except HeadwaterError as error:
            return [*seen, type(error), str(error)]
    return seen


def told_the_long_way(given: Sequence[Named]) -> list[object]:
    """Tell what a decoder makes of frames that has guessed wrong so often that it does no more."""
    decoder = Decoder(Quirks())
    decoder._mistakes = 3
    return told(decoder, given)


def test_no_field_is_overlooked() -> None:
    """Whatever a field holds, it counts for as much."""
    for frame in FRAMES:
        given = [frame, FRAMES[0]]
        assert told(Decoder(Quirks()), given) == told_the_long_way(given), frame


@given(st.lists(st.sampled_from(FRAMES)))
def test_the_short_way_changes_nothing(given: list[Named]) -> None:
    """In whatever order the frames come."""
    assert told(Decoder(Quirks()), given) == told_the_long_way(given)
