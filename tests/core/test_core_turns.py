"""One turn of a conversation."""

from __future__ import annotations

import attrs

from headwater import ChatResponse, Message, ModelId, Role, Text, ToolCall, Usage, assistant, user
from headwater.turns import Turn

MODEL = ModelId("openai", "gpt-4o")
ANSWER = Message(
    Role.ASSISTANT, [Text("so far", replay={"sealed": 1}), ToolCall("c", "look")], origin="w"
)


def test_a_turn_holds_what_it_added() -> None:
    """What was said, and the answer as it came."""
    turn = Turn((user("Hi"),), ChatResponse(ANSWER, usage=Usage(1, 2)), model=MODEL)
    assert turn.messages == (user("Hi"), ANSWER)
    assert turn.usage == Usage(1, 2)
    assert turn.cost is not None
    assert turn.started_at.tzinfo is not None


def test_of_a_cut_answer_the_text_stands_in_the_history() -> None:
    """Nothing that only a whole answer makes valid."""
    turn = Turn((user("Hi"),), ChatResponse(ANSWER), model=MODEL, is_interrupted=True)
    assert turn.answer == assistant("so far")
    assert attrs.evolve(turn, is_interrupted=False).answer == ANSWER


def test_what_was_put_in_has_no_answer() -> None:
    """And cost nothing."""
    turn = Turn((user("Hi"),))
    assert turn.messages == (user("Hi"),)
    assert (turn.answer, turn.usage, turn.cost) == (None, Usage(), None)
