"""What a test says of a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import pytest

from headwater import (
    Event,
    Finished,
    FinishReason,
    RateLimited,
    RawFrame,
    ReasoningDelta,
    RefusalDelta,
    ServerError,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
)
from headwater.testing import assert_stream
from headwater.testing.assertions import grammar_fault

END = Finished(FinishReason.STOP)
BEGUN = ToolCallStarted("c1", "f")
PIECE = ToolCallDelta("c1", "{}")
ENDED = ToolCallFinished("c1", "f", arguments={}, raw_arguments="{}", is_valid=True)
SAID: list[Event] = [
    Started("m"),
    ReasoningDelta("Hm."),
    TextDelta("Yes."),
    BEGUN,
    PIECE,
    ENDED,
    END,
]


async def streamed(*steps: Event | Exception) -> AsyncGenerator[Event, None]:
    """Give events, and raise what is none."""
    for step in steps:
        if isinstance(step, Exception):
            raise step
        yield step


async def test_what_fits_passes() -> None:
    """A stream that is as it should be is folded into its response."""
    response = await assert_stream(
        streamed(RawFrame(b"{}"), *SAID),
        text="Yes.",
        reasoning="Hm.",
        tool_calls=[("f", {})],
        finish_reason="stop",
        events=SAID,
    )
    assert response.model == "m"


@pytest.mark.parametrize(
    ("expected", "shown"),
    [
        ({"text": "No."}, "the text differ"),
        ({"reasoning": "Ah."}, r"-Ah\.\n\+Hm\."),
        ({"tool_calls": []}, "the tool calls differ"),
        ({"finish_reason": FinishReason.LENGTH}, "the finish reason differ"),
        ({"events": [*SAID[:2], *SAID[3:]]}, r"\+TextDelta\(text='Yes\.'"),
    ],
    ids=["text", "reasoning", "tool calls", "finish reason", "events"],
)
async def test_a_difference_is_shown(expected: dict[str, object], shown: str) -> None:
    """What differs is named, and shown line by line."""
    with pytest.raises(AssertionError, match=shown):
        await assert_stream(streamed(*SAID), **expected)  # type: ignore[arg-type]  # by name


async def test_an_error_may_be_expected() -> None:
    """An expected error ends a stream well, and what came before it is checked."""
    error = RateLimited("slow down")
    await assert_stream(streamed(TextDelta("Half"), error), text="Half", raises=RateLimited)
    with pytest.raises(AssertionError, match="the text differ"):
        await assert_stream(streamed(TextDelta("Half"), error), text="All", raises=RateLimited)
    with pytest.raises(AssertionError, match="expected RateLimited, and the stream came"):
        await assert_stream(streamed(*SAID), raises=RateLimited)


@pytest.mark.parametrize("raises", [None, ServerError], ids=["none expected", "another expected"])
async def test_another_error_comes_through(raises: type[ServerError] | None) -> None:
    """An error that was not expected is no matter of an assertion."""
    with pytest.raises(RateLimited):
        await assert_stream(streamed(RateLimited("slow down")), raises=raises)


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        ([], "nothing, and no Finished"),
        ([TextDelta("a")], "and no Finished"),
        ([TextDelta("a"), Started(), END], "Started is the first event or none"),
        ([END, TextDelta("a")], "an event came after Finished"),
        ([TextDelta(""), END], "an empty delta"),
        ([ReasoningDelta(""), END], "an empty delta"),
        ([RefusalDelta(""), END], "an empty delta"),
        ([BEGUN, END], "the tool calls c1 are open"),
        ([BEGUN, BEGUN, ENDED, END], "the call is open already"),
        ([PIECE, END], "no such call is open"),
        ([BEGUN, ENDED, END], "its deltas add up to ''"),
    ],
)
async def test_the_grammar_is_checked(events: Sequence[Event], fault: str) -> None:
    """A stream that breaks the grammar of events is refused, and the place named."""
    assert fault in grammar_fault(events)
    with pytest.raises(AssertionError, match="the events break their grammar"):
        await assert_stream(streamed(*events))


def test_an_empty_delta_may_carry_a_seal() -> None:
    """What has to go back to the provider may come without a word."""
    assert grammar_fault([ReasoningDelta("", {"seal": "x"}), TextDelta("", {"s": 1}), END]) == ""
