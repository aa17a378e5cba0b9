"""Tests of tool calls, whole and in pieces."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from headwater import (
    ChatResponse,
    Event,
    Finished,
    FinishReason,
    Message,
    Provenance,
    Started,
    Text,
    ToolCall,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    Usage,
    assistant,
    fold,
)
from headwater_google._decode import Decoder
from headwater_google._partial_args import MAX_DEPTH, PartialArgs
from headwater_google._wire import Fragment

COUNTS = {"promptTokenCount": 9, "candidatesTokenCount": 5, "thoughtsTokenCount": 2}
END = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": COUNTS}


def _chunk(*parts: dict[str, Any], **candidate: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, **candidate}]}


def _calls(*calls: dict[str, Any], **candidate: Any) -> dict[str, Any]:
    return _chunk(*({"functionCall": call} for call in calls), **candidate)


def _events(*chunks: object, messages: Sequence[Message] = ()) -> list[Event]:
    """Decode a stream: an end mark, and what may follow it, included."""
    decoder = Decoder(messages)
    events = [event for chunk in chunks for event in decoder.feed(json.dumps(chunk))]
    decoder.check()
    return events + decoder.close()


def _answer(*chunks: object) -> ChatResponse:
    return fold(_events(*chunks))


def test_whole_calls_are_given_at_once() -> None:
    """Several calls in one chunk, with ids and without, are told apart."""
    events = _events(
        _chunk(
            {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "s"},
            {"functionCall": {"name": "f", "id": "w1"}},
            finishReason="STOP",
        )
    )
    assert events == [
        Started(origin="gemini"),
        ToolCallStarted("call00001", "f"),
        ToolCallDelta("call00001", '{"a":1}'),
        ToolCallFinished(
            "call00001",
            "f",
            arguments={"a": 1},
            raw_arguments='{"a":1}',
            is_valid=True,
            replay={"thoughtSignature": "s"},
        ),
        ToolCallStarted("w1", "f"),
        ToolCallDelta("w1", "{}"),
        ToolCallFinished(
            "w1", "f", arguments={}, raw_arguments="{}", is_valid=True, replay={"id": "w1"}
        ),
        Finished(FinishReason.TOOL_CALLS, "STOP", Usage(provenance=Provenance.PARTIAL)),
    ]


def test_ids_of_the_conversation_are_not_used_again() -> None:
    """A made-up id, and one that the wire repeats, differ from all before."""
    history = [assistant(ToolCall("call00001", "f", arguments={}), ToolCall("w", "f"))]
    events = _events(_calls({"name": "f"}, {"name": "f", "id": "w"}), END, messages=history)
    assert [call.call_id for call in fold(events).tool_calls] == ["call00002", "call00003"]


def test_arguments_that_are_no_object_are_kept_and_marked() -> None:
    """A list is not run, and not lost."""
    (call,) = _answer(_calls({"name": "f", "args": [1]}), END).tool_calls
    assert (call.is_valid, call.arguments, call.raw_arguments) == (False, None, "[1]")


def _piece(path: str, **fields: Any) -> dict[str, Any]:
    return {"partialArgs": [{"jsonPath": path, **fields}], "willContinue": True}


BEGIN = {"name": "f", "willContinue": True}
OSLO = _piece("$.city", stringValue="Os"), _piece("$.city", stringValue="lo")


@pytest.mark.parametrize(
    "chunks",
    [
        [_calls(BEGIN), _calls(OSLO[0]), _calls(OSLO[1]), _calls({}), END],
        [_calls(BEGIN, *OSLO, {}, finishReason="STOP")],
        [_calls(BEGIN, *OSLO), END],
        [_calls(BEGIN, {"willContinue": True}, *OSLO), _calls({}), _calls({}), END],
        [_calls({**BEGIN, **OSLO[0]}, {**OSLO[1], "willContinue": None}), END],
        [_calls(BEGIN, {"args": {"city": "Oslo"}}), END],
    ],
    ids=["closed", "one-chunk", "never-closed", "separators", "with-name", "whole-after-name"],
)
def test_arguments_in_pieces_are_put_together(chunks: list[object]) -> None:
    """Pieces become one call, however it begins and ends."""
    response = _answer(*chunks)
    (call,) = response.tool_calls
    assert (call.name, call.arguments, call.is_valid) == ("f", {"city": "Oslo"}, True)
    assert response.finish_reason is FinishReason.TOOL_CALLS


def test_a_named_call_or_text_ends_the_one_before() -> None:
    """Calls that are never closed keep their order, among themselves and before text."""
    response = _answer(
        _calls(BEGIN, OSLO[0], {**BEGIN, "name": "g"}, OSLO[1]), _chunk({"text": "Hi"}), END
    )
    assert response.message.parts == (
        ToolCall("call00001", "f", arguments={"city": "Os"}, raw_arguments='{"city":"Os"}'),
        ToolCall("call00002", "g", arguments={"city": "lo"}, raw_arguments='{"city":"lo"}'),
        Text("Hi"),
    )


def test_pieces_without_a_call_are_marked() -> None:
    """Arguments that belong to no named call are never run."""
    (call,) = _answer(_calls(OSLO[0]), END).tool_calls
    assert (call.name, call.is_valid) == ("", False)


def test_a_call_that_is_cut_is_none() -> None:
    """Where the bytes end in a call, it has begun and not finished."""
    events = _events(_calls(BEGIN, *OSLO))
    assert events == [Started(origin="gemini"), ToolCallStarted("call00001", "f")]


def _fragments(*pieces: tuple[str, Any]) -> PartialArgs:
    args = PartialArgs()
    fields = {str: "string_value", bool: "bool_value", type(None): "null_value"}
    for path, value in pieces:
        args.add([Fragment(path, **{fields.get(type(value), "number_value"): value})])
    return args


@pytest.mark.parametrize(
    ("pieces", "built"),
    [
        ([], {}),
        ([("$.a.b", "x"), ("$.a.c", 1)], {"a": {"b": "x", "c": 1}}),
        ([("$.a[0].b", "x"), ("$.a[1].b", "y")], {"a": [{"b": "x"}, {"b": "y"}]}),
        ([("$.a[0][0]", 0.5), ("$.a[0][1]", None)], {"a": [[0.5, None]]}),
        ([("$.a", True), ("$.b", False)], {"a": True, "b": False}),
        ([("$['a.b']", "x"), ('$["c\\"d"]', "y")], {"a.b": "x", 'c"d': "y"}),
        ([("$.a", "x"), ("$.b", "-"), ("$.a", "y")], {"a": "xy", "b": "-"}),
        ([("$.a", "x"), ("$.a", 1)], {"a": 1}),
        ([("$.a[0]", 1), ("$['a'][0]", 2)], {"a": [2]}),
    ],
    ids=["none", "nested", "list", "lists", "bools", "quoted", "appended", "replaced", "alias"],
)
def test_paths_make_containers(pieces: list[tuple[str, Any]], built: object) -> None:
    """Objects and lists are made as the paths need them."""
    assert json.loads(_fragments(*pieces).text()) == built


@pytest.mark.parametrize(
    "pieces",
    [
        [("a", 1)],
        [("$", 1)],
        [("$.a[999999999]", 1)],
        [("$.a..b", 1)],
        [("$.a[", 1)],
        [("$[0]", 1)],
        [("$.a", 1), ("$.a.b", 1)],
        [("$.a.b", 1), ("$.a[0]", 1)],
        [("$" + ".a" * (MAX_DEPTH + 1), 1)],
    ],
    ids=["no-root", "root", "huge", "empty-step", "open", "list-root", "scalar", "mixed", "deep"],
)
def test_pieces_that_fit_nowhere_are_kept(pieces: list[tuple[str, Any]]) -> None:
    """They become a list of what came, which no verdict takes for arguments."""
    assert json.loads(_fragments(*pieces).text()) == [{path: value} for path, value in pieces]
