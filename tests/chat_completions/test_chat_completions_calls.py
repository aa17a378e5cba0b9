"""Tests of tool calls out of their fragments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import (
    FinishReason,
    Message,
    ToolCall,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    assistant,
    fold,
    user,
)
from headwater_chat_completions import Quirks
from headwater_chat_completions._decode import Decoder

from .frames import DONE, answer, decoded, delta, end, folded, fragment


def _calls(*frames: str) -> list[tuple[str, str, object]]:
    calls = folded(*frames, end("tool_calls"), DONE).tool_calls
    return [(call.call_id, call.name, call.arguments) for call in calls]


def test_a_call_begins_grows_and_ends() -> None:
    """A call is told as its name is known, grows by its fragments, and ends with a verdict."""
    events = decoded(
        fragment(index=0, id="c1", name="f", arguments=""),
        fragment(index=0, arguments='{"a"'),
        fragment(index=0, arguments=":1}"),
        end("tool_calls"),
        DONE,
    )
    assert events[1:-1] == [
        ToolCallStarted("c1", "f"),
        ToolCallDelta("c1", '{"a"'),
        ToolCallDelta("c1", ":1}"),
        ToolCallFinished("c1", "f", arguments={"a": 1}, raw_arguments='{"a":1}', is_valid=True),
    ]


def test_interleaved_calls_are_kept_apart() -> None:
    """Fragments go to the call of their index, in any order; indexes may skip."""
    assert _calls(
        fragment(index=2, id="c1", name="f", arguments='{"a":'),
        fragment(index=5, id="c2", name="g", arguments="{"),
        fragment(index=2, arguments="1}"),
        fragment(index=5, arguments="}"),
    ) == [("c1", "f", {"a": 1}), ("c2", "g", {})]


@pytest.mark.parametrize(
    "later",
    [
        {"index": 0, "arguments": "}"},
        {"index": 0, "id": "", "name": "", "arguments": "}"},
        {"index": 0, "id": None, "name": None, "arguments": "}"},
        {"index": 0, "id": "c1", "name": "f", "arguments": "}"},
        {"index": 0, "name": "f", "arguments": "}"},
        {"id": "c1", "arguments": "}"},
        {"arguments": "}"},
    ],
    ids=["bare", "empty", "null", "repeated", "name", "no-index-id", "nothing"],
)
def test_later_fragments_may_repeat_or_leave_out(later: dict[str, Any]) -> None:
    """Name and id are set once, whatever later fragments say of them."""
    index = {} if "index" not in later else {"index": 0}
    first = fragment(**index, id="c1", name="f", arguments="{")
    assert _calls(first, fragment(**later)) == [("c1", "f", {})]


@pytest.mark.parametrize(
    "fragments",
    [
        [{"id": "c1", "name": "f"}, {"id": "c2", "name": "g"}],
        [{"index": 0, "id": "c1", "name": "f"}, {"index": 0, "id": "c2", "name": "g"}],
        [
            {"index": 0, "id": "c1", "name": "f", "arguments": "{}"},
            {"index": 0, "id": "c2", "name": "g", "arguments": "{}"},
        ],
    ],
    ids=["no-index", "one-index", "one-index-whole"],
)
def test_a_new_id_begins_a_call(fragments: list[dict[str, Any]]) -> None:
    """Where indexes are missing or all the same, ids tell calls apart."""
    frames = [fragment(**one) for one in fragments]
    assert _calls(*frames) == [("c1", "f", {}), ("c2", "g", {})]


def test_a_new_id_begins_a_call_after_one_without() -> None:
    """Without indexes an id tells a call from one before it that had none."""
    calls = _calls(fragment(name="f", arguments="{"), fragment(id="c2", name="g", arguments="{}"))
    assert [(name, arguments) for _, name, arguments in calls] == [("f", None), ("g", {})]


def test_an_id_may_come_late() -> None:
    """An id that comes after the name belongs to the call of its index, the next does not."""
    calls = _calls(
        fragment(index=0, name="f", arguments="{"),
        fragment(index=0, id="c1", arguments='"a":'),
        fragment(index=0, id="c1", arguments="1}"),
        fragment(index=0, id="c2", name="g", arguments="{}"),
    )
    assert [(name, arguments) for _, name, arguments in calls] == [("f", {"a": 1}), ("g", {})]
    assert len({call_id for call_id, _, _ in calls}) == 2


def test_one_index_for_calls_that_interleave() -> None:
    """Ids tell calls apart even where their fragments alternate under one index."""
    assert _calls(
        fragment(index=0, id="c1", name="f", arguments="{"),
        fragment(index=0, id="c2", name="g", arguments="{"),
        fragment(index=0, id="c1", arguments='"a":1}'),
        fragment(index=0, id="c2", arguments="}"),
    ) == [("c1", "f", {"a": 1}), ("c2", "g", {})]


@pytest.mark.parametrize("index", [{"index": 0}, {}], ids=["one-index", "no-index"])
@pytest.mark.parametrize("call_id", [{}, {"id": ""}, {"id": "same"}], ids=["none", "empty", "same"])
def test_whole_calls_are_told_apart_by_their_arguments(
    index: dict[str, int], call_id: dict[str, str]
) -> None:
    """Calls in one piece each, under one index and one id or none, are several."""
    both = {**index, **call_id}
    calls = _calls(
        fragment(**both, name="f", arguments='{"a":1}'),
        fragment(**both, name="f", arguments='{"a":2}'),
    )
    assert [(name, arguments) for _, name, arguments in calls] == [("f", {"a": 1}), ("f", {"a": 2})]
    assert len({call_id for call_id, _, _ in calls}) == 2


def test_calls_in_one_list_without_any_mark_are_several() -> None:
    """Named entries of one list are calls of their own."""
    functions = [{"function": {"name": "f"}}, {"function": {"name": "f"}}]
    assert [name for _, name, _ in _calls(delta(tool_calls=functions))] == ["f", "f"]


@pytest.mark.parametrize("wire_id", [None, "", "taken", "again"])
def test_every_id_is_unique_in_the_conversation(wire_id: str | None) -> None:
    """An id that is missing or that another call has is replaced by one of our own."""
    history: list[Message] = [user("Hi"), assistant(ToolCall("taken", "f", arguments={}))]
    events = decoded(
        fragment(index=0, id="again", name="f", arguments="{}"),
        fragment(index=1, id=wire_id, name="f", arguments="{}"),
        end("tool_calls"),
        DONE,
        messages=history,
    )
    first, second = fold(events).tool_calls
    assert first.call_id == "again"
    assert second.call_id not in {"", "taken", "again"}
    assert second.call_id.isalnum()
    assert len(second.call_id) == 9  # what the strictest server takes back


@pytest.mark.parametrize(
    ("raw", "arguments"),
    [
        ('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        ("", {}),
        (" \n", {}),
        ("{}", {}),
        ('{"a": ', None),
        ("[1]", None),
        ('"text"', None),
        ("null", None),
        ("{}{}", None),
        ('{"a":' * 9999, None),
    ],
    ids=["deep", "none", "blank", "empty", "cut", "list", "text", "null", "two", "bomb"],
)
def test_arguments_get_a_verdict_and_are_never_guessed(
    raw: str, arguments: dict[str, object] | None
) -> None:
    """Broken arguments are invalid, with their text; no text at all is an empty object."""
    response = folded(fragment(index=0, id="c", name="f", arguments=raw), end(), DONE)
    (call,) = response.tool_calls
    assert call.arguments == arguments
    assert call.is_valid == (arguments is not None)
    assert call.raw_arguments == raw


def test_arguments_may_be_an_object() -> None:
    """Arguments that come as JSON and not as its text are read as they are."""
    assert _calls(fragment(index=0, id="c", name="f", arguments={"a": 1})) == [("c", "f", {"a": 1})]


def test_arguments_before_the_name_are_kept() -> None:
    """What comes before the name is told after it."""
    events = decoded(
        fragment(index=0, id="c", arguments='{"a"'),
        fragment(index=0, name="f"),
        fragment(index=0, arguments=":1}"),
        end(),
        DONE,
    )
    assert events[1:4] == [
        ToolCallStarted("c", "f"),
        ToolCallDelta("c", '{"a"'),
        ToolCallDelta("c", ":1}"),
    ]


def test_a_call_without_a_name_cannot_be_run() -> None:
    """A call that never got a name is invalid, its arguments kept as they came."""
    (call,) = folded(fragment(index=0, id="c", arguments="{}"), end(), DONE).tool_calls
    assert (call.name, call.is_valid, call.arguments, call.raw_arguments) == ("", False, None, "{}")


def test_the_calls_decide_the_reason() -> None:
    """A "stop" after tool calls is a stop for them; the server's word stays."""
    response = folded(fragment(index=0, id="c", name="f", arguments="{}"), end("stop"), DONE)
    assert (response.finish_reason, response.raw_reason) == (FinishReason.TOOL_CALLS, "stop")


def test_calls_of_a_whole_answer_need_no_index() -> None:
    """Each call of a whole answer is one, whatever its index and id."""
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}
    response = fold(Decoder(Quirks()).whole(answer({"tool_calls": [call, call]}, "tool_calls")))
    assert [(one.name, one.arguments) for one in response.tool_calls] == [("f", {}), ("f", {})]
    assert len({one.call_id for one in response.tool_calls}) == 2


_CALLS = st.lists(st.dictionaries(st.text(max_size=3), st.integers()), min_size=1, max_size=4)


@pytest.mark.slow
@given(calls=_CALLS, data=st.data())
def test_any_interleaving_gives_each_call_its_arguments(
    calls: list[dict[str, int]], data: st.DataObject
) -> None:
    """Fragments of any size, in any order that keeps each call's own, assemble to the calls."""
    left = [json.dumps(arguments) for arguments in calls]
    frames = [
        fragment(index=place, id=f"c{place}", name="f", arguments="") for place in range(len(calls))
    ]
    while any(left):
        place = data.draw(st.sampled_from([place for place, text in enumerate(left) if text]))
        size = data.draw(st.integers(1, len(left[place])))
        frames.append(fragment(index=place, arguments=left[place][:size]))
        left[place] = left[place][size:]
    assert [arguments for _, _, arguments in _calls(*frames)] == calls
