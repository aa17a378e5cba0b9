"""Strategies for hypothesis: bytes of all sorts, conversations, events, and payloads of wires.

@given(body=sse_streams(), data=st.data())
def test_slices_do_not_matter(body, data):
    slices = data.draw(slicings(body))
    assert mine(slices) == mine([body])

@given(sample=streams(ANTHROPIC))
def test_every_answer_is_read(sample):
    assert read(sample.body).text == sample.expected.text
"""

from ._answers import Fault, answers, faults, streams, wholes
from ._conversations import conversations, event_sequences, responses, usages
from ._slices import ndjson_streams, slicings, sse_streams

__all__ = [
    "Fault",
    "answers",
    "conversations",
    "event_sequences",
    "faults",
    "ndjson_streams",
    "responses",
    "slicings",
    "sse_streams",
    "streams",
    "usages",
    "wholes",
]
