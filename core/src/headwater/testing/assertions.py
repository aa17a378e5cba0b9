"""What a test says of a stream: its grammar, and what it should have told."""

from __future__ import annotations

import difflib
from collections.abc import AsyncIterable, Mapping, Sequence

from ..errors import HeadwaterError
from ..events import (
    Event,
    Finished,
    FinishReason,
    RawFrame,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
)
from ..parts import JSONValue
from ..responses import ChatResponse, Folder

__all__ = ["assert_stream", "grammar_fault"]


async def assert_stream(
    stream: AsyncIterable[Event],
    *,
    text: str | None = None,
    reasoning: str | None = None,
    tool_calls: Sequence[tuple[str, Mapping[str, JSONValue] | None]] | None = None,
    finish_reason: FinishReason | str | None = None,
    events: Sequence[Event] | None = None,
    raises: type[HeadwaterError] | None = None,
) -> ChatResponse:
    """Read a stream to its end and check it; what is None is not checked.

    The grammar of the events is checked always.

    Args:
        stream: What `Runner.stream_chat` gives, or events of your own.
        text: All its text.
        reasoning: All its reasoning.
        tool_calls: The name and the arguments of each tool call, in order.
        finish_reason: Why it ended.
        events: The events, raw frames apart.
        raises: The error that must end it; what came before it is checked by the rest.

    Returns:
        What the events fold into, for checks of your own.

    Raises:
        AssertionError: It is otherwise, with the difference line by line.
        HeadwaterError: The stream failed, and was not expected to.
    """
    came, error = await _read(stream, raises)
    if raises is not None and error is None:
        raise AssertionError(f"expected {raises.__name__}, and the stream came to its end")
    told = [event for event in came if type(event) is not RawFrame]
    fault = grammar_fault(told, is_whole=error is None)
    if fault:
        raise AssertionError(f"the events break their grammar: {fault}")
    folder = Folder()
    for event in told:
        folder.add(event)
    response = folder.response()
    _compare("events", _lines(events), _lines(told))
    _compare("text", text, response.text)
    _compare("reasoning", reasoning, response.reasoning)
    calls = [(call.name, call.arguments) for call in response.tool_calls]
    _compare("tool calls", _lines(tool_calls), _lines(calls))
    _compare("finish reason", finish_reason, response.finish_reason)
    return response


async def _read(
    stream: AsyncIterable[Event], raises: type[HeadwaterError] | None
) -> tuple[list[Event], HeadwaterError | None]:
    came: list[Event] = []
    try:
        async for event in stream:
            came.append(event)  # noqa: PERF401  # kept as they come, the error notwithstanding
    except HeadwaterError as error:
        if raises is None or not isinstance(error, raises):
            raise
        return came, error
    return came, None


def _lines(values: Sequence[object] | None) -> str | None:
    return None if values is None else "\n".join(map(repr, values))


def _compare(what: str, wanted: str | None, got: str | None) -> None:
    """Refuse a difference, and show it line by line."""
    if wanted is None or wanted == got:
        return
    difference = difflib.unified_diff(
        wanted.splitlines(), (got or "").splitlines(), "expected", "got", lineterm="", n=2
    )
    shown = "\n".join(difference)
    raise AssertionError(f"the {what} differ:\n  {wanted!r}\n  {got!r}\n{shown}")


def grammar_fault(events: Sequence[Event], *, is_whole: bool = True) -> str:
    """Say where events break the grammar of `headwater.events`; "" where they do not.

    Args:
        events: The events of a stream.
        is_whole: Whether the stream came to its end, and did not fail.
    """
    texts: dict[str, str] = {}
    for place, event in enumerate(events):
        fault = _fault(event, place, len(events), texts)
        if fault:
            return f"event {place}, {event!r}: {fault}"
    if is_whole and not (events and isinstance(events[-1], Finished)):
        last = repr(events[-1]) if events else "nothing"
        return f"the last event is {last}, and no Finished"
    return ""


def _fault(event: Event, place: int, count: int, texts: dict[str, str]) -> str:
    match event:
        case Started() if place:
            return "Started is the first event or none"
        case Finished() if place < count - 1:
            return "an event came after Finished"
        case Finished() if texts:
            return f"the tool calls {', '.join(texts)} are open"
        case TextDelta(text="", replay=None) | ReasoningDelta(text="", replay=None):
            return "an empty delta says nothing"
        case RefusalDelta(text=""):
            return "an empty delta says nothing"
        case ToolCallStarted() | ToolCallDelta() | ToolCallFinished():
            return _call_fault(event, texts)
        case _:
            return ""


def _call_fault(
    event: ToolCallStarted | ToolCallDelta | ToolCallFinished, texts: dict[str, str]
) -> str:
    is_open = event.call_id in texts
    if isinstance(event, ToolCallStarted):
        texts[event.call_id] = ""
        return "the call is open already" if is_open else ""
    if not is_open:
        return "no such call is open"
    if isinstance(event, ToolCallDelta):
        texts[event.call_id] += event.arguments
        return ""
    added = texts.pop(event.call_id)
    if added != event.raw_arguments:
        return f"its deltas add up to {added!r}"
    return ""
