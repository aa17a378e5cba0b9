"""Tool calls, which come whole, with arguments that are an object."""

from __future__ import annotations

import pytest

from headwater import (
    ChatResponse,
    FinishReason,
    ProtocolError,
    ToolCall,
    ToolCallFinished,
    assistant,
    fold,
    user,
)
from headwater_ollama._decode import Decoder

from .samples import DONE, lines, said


def _fold(*values: object) -> ChatResponse:
    return fold(Decoder().whole(lines(*values)))


def test_a_cut_answer_with_calls_is_still_cut() -> None:
    """Only a plain stop becomes a stop for tool calls."""
    call = {"function": {"name": "f", "arguments": {}}}
    response = _fold(said(tool_calls=[call]), {**DONE, "done_reason": "length"})
    assert response.finish_reason is FinishReason.LENGTH


@pytest.mark.parametrize("is_before", [True, False], ids=["before-done", "in-done"])
def test_calls_may_come_with_the_end(is_before: bool) -> None:
    """A call counts wherever it stands."""
    call = said(tool_calls=[{"function": {"name": "f", "arguments": {"a": 1}}}])
    values = (call, DONE) if is_before else ({**call, **DONE},)
    response = _fold(*values)
    assert [(call.name, call.arguments) for call in response.tool_calls] == [("f", {"a": 1})]
    assert response.finish_reason is FinishReason.TOOL_CALLS


@pytest.mark.parametrize(
    ("arguments", "read", "raw"),
    [
        ({"a": [1, None]}, {"a": [1, None]}, '{"a": [1, null]}'),
        ({}, {}, "{}"),
        (None, {}, ""),
        ('{"a": 1}', {"a": 1}, '{"a": 1}'),
        ('{"a": ', None, '{"a": '),
        ([1], None, "[1]"),
        (7, None, "7"),
    ],
    ids=repr,
)
def test_arguments_end_with_a_verdict(arguments: object, read: object, raw: str) -> None:
    """Arguments that are no object are invalid, with their text; broken ones never become {}."""
    call = {"function": {"name": "f", "arguments": arguments}}
    (made,) = _fold(said(tool_calls=[call]), DONE).tool_calls
    assert (made.arguments, made.raw_arguments, made.is_valid) == (read, raw, read is not None)


@pytest.mark.parametrize("depth", [100, 900, 3000], ids=str)
def test_arguments_may_be_deep(depth: int) -> None:
    """Arguments as deep as any are taken, or refused with an error of ours."""
    deep = '{"message": {"tool_calls": [{"function": {"name": "f", "arguments": {"a": %s%s}}}]}}'
    try:
        events = Decoder().feed((deep % ("[" * depth, "]" * depth)).encode())
    except ProtocolError:
        return
    assert isinstance(events[-1], ToolCallFinished)


@pytest.mark.parametrize("call", [{}, {"function": {}}, {"function": {"arguments": {}}}], ids=str)
def test_a_call_of_nothing_is_invalid(call: dict[str, object]) -> None:
    """A call without a name cannot be run."""
    (made,) = _fold(said(tool_calls=[call]), DONE).tool_calls
    assert not made.is_valid


def test_ids_are_unique_in_the_conversation() -> None:
    """An id that is missing or taken is replaced; the results could not be told apart otherwise."""
    history = (user("Go"), assistant(ToolCall("call00001", "f"), ToolCall("c", "f")))
    calls = [
        {"function": {"name": "f"}},
        {"id": "c", "function": {"name": "f"}},
        {"id": "new", "function": {"name": "f"}},
        {"id": "new", "function": {"name": "f"}},
    ]
    made = fold(Decoder(history).whole(lines(said(tool_calls=calls), DONE))).tool_calls
    ids = [call.call_id for call in made]
    assert ids[2] == "new"
    assert len({*ids, "call00001", "c"}) == 6
