"""Tool calls as wires give them."""

from __future__ import annotations

import pytest

from headwater import Message, Role, ToolCall, ToolCallFinished
from headwater.wire.calls import CallIds, finished_call, read_arguments


def test_an_id_of_the_wire_is_kept() -> None:
    """Where it is there, and not taken."""
    assert CallIds().unique("abc") == "abc"


def test_an_id_is_made_where_there_is_none() -> None:
    """Nine letters and digits, each another."""
    ids = CallIds()
    made = [ids.unique(None), ids.unique(""), ids.unique(None)]
    assert len(set(made)) == 3
    assert all(len(one) == 9 and one.isalnum() for one in made)


def test_an_id_that_is_taken_is_replaced() -> None:
    """By an earlier call of the answer, or of the conversation, made-up ones included."""
    before = Message(Role.ASSISTANT, [ToolCall("abc", "f"), ToolCall("call00001", "f")])
    ids = CallIds([before])
    assert [ids.unique("abc"), ids.unique("new"), ids.unique("new")] == [
        "call00002",
        "new",
        "call00003",
    ]


@pytest.mark.parametrize(
    ("raw", "arguments"),
    [
        ('{"city": "Oslo"}', {"city": "Oslo"}),
        ("", {}),
        (" \n", {}),
        ('{"city": ', None),
        ("[1]", None),
        ("null", None),
        ('"\ud800"', None),
        ("[" * 100_000, None),
    ],
    ids=["object", "nothing", "blank", "cut", "array", "null", "no text", "bomb"],
)
def test_arguments_are_an_object_or_broken(raw: str, arguments: object) -> None:
    """Broken arguments never become an empty object."""
    assert read_arguments(raw) == arguments


@pytest.mark.parametrize(
    ("name", "raw", "is_valid"), [("f", "{}", True), ("f", "{", False), ("", "{}", False)]
)
def test_a_call_ends_with_a_verdict(name: str, raw: str, is_valid: bool) -> None:
    """Valid, or invalid with the text as it came."""
    assert finished_call("1", name, raw, {"s": 1}) == ToolCallFinished(
        "1",
        name,
        arguments={} if is_valid else None,
        raw_arguments=raw,
        is_valid=is_valid,
        replay={"s": 1},
    )
