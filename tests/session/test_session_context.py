"""What of a history is sent, when not all of it fits."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from itertools import count
from types import FrameType

import pytest

from headwater import (
    ChatRequest,
    ContextTooLong,
    HeadwaterError,
    Image,
    InvalidRequest,
    Message,
    ModelNotFound,
    ReasoningDelta,
    ServerError,
    StreamInterrupted,
    Tool,
    ToolResult,
    Usage,
    assistant,
    system,
    tool_result,
    user,
)
from headwater.estimate import count_input, count_message
from headwater.session import Session, Summarise, Trim, Window

from .scripted import MODEL, Counting, Scripted, called, runner_of, said

UNKNOWN = Usage()


def _texts(request: ChatRequest) -> list[str]:
    return [message.text for message in request.messages]


async def test_the_oldest_exchanges_are_left_out() -> None:
    """What is sent fits, begins with the user, and keeps the system prompt and the present turn."""
    provider = Counting(*([said("an answer of five words", UNKNOWN)] * 20))
    session = Session(
        runner_of(provider), MODEL, "be kind", max_context_tokens=40, reserve_output_tokens=10
    )
    for number in range(20):
        await session.send(f"turn {number} says this")
    sent = [_texts(request) for request in provider.requests]
    assert all(sum(len(text.split()) for text in texts) <= 30 for texts in sent)
    assert all(texts[0] == "be kind" for texts in sent)
    assert all(texts[1].startswith("turn") for texts in sent)
    assert [texts[-1] for texts in sent] == [f"turn {n} says this" for n in range(20)]
    assert len(sent[-1]) >= 6  # as much as fits, and not less: 2 + n * 5 + 4 words
    assert len(session.messages) == 40  # the history is whole


async def test_what_fits_is_sent_whole() -> None:
    """Without a limit, and below it, nothing is left out, and far below it nothing is counted."""
    for limit in (None, 100_000):
        provider = Counting()
        session = Session(runner_of(provider), MODEL, max_context_tokens=limit)
        for number in range(5):
            await session.send(f"turn {number}")
        assert len(provider.requests[-1].messages) == 9
        assert provider.counts == 0


async def test_a_turn_that_does_not_fit_is_refused_before_it_is_sent() -> None:
    """`ContextTooLong` names the figures; the history stays, and the next turn can begin."""
    provider = Counting()
    session = Session(runner_of(provider), MODEL, max_context_tokens=20, reserve_output_tokens=10)
    await session.send("one")
    with pytest.raises(ContextTooLong, match="11 tokens, and there is room for 10") as caught:
        await session.stream("word " * 11).collect()
    assert caught.value.provider == "p"
    assert len(provider.requests) == 1
    assert len(session.messages) == 2
    await session.send("two")


async def test_estimates_decide_where_nobody_counts() -> None:
    """A provider that cannot count is asked once; text, tools and images are estimated."""
    provider = Scripted(*([said("an answer", UNKNOWN)] * 9))
    session = Session(runner_of(provider), MODEL, max_context_tokens=200)
    for number in range(9):
        await session.send(f"turn {number} " + "and so on " * 8)
    assert all(count_input(request) <= 150 for request in provider.requests)
    assert len(provider.requests[-1].messages) > 3
    tool = Tool("look", "Look. " * 200, {"type": "object"})
    with pytest.raises(ContextTooLong):
        await session.send("Hi", tools=[tool])
    with pytest.raises(ContextTooLong):
        await session.send(Image("image/png", b"x"))


async def test_the_reserve_is_what_the_call_may_write() -> None:
    """`max_output_tokens` is left free, and at most a quarter where nobody says."""
    for options, room in (({}, 75), ({"max_output_tokens": 5}, 95)):
        provider = Counting(said("ok", UNKNOWN))
        session = Session(runner_of(provider), MODEL, max_context_tokens=100)
        await session.send("word " * room, **options)  # type: ignore[arg-type]  # of one option
        with pytest.raises(ContextTooLong):
            await session.send("word " * (room + 1), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failure", "counts"), [(ServerError("no"), 2), (ModelNotFound("no"), 1)], ids=["down", "none"]
)
async def test_a_count_that_fails_does_not_fail_the_turn(
    failure: HeadwaterError, counts: int
) -> None:
    """The estimate has to do; a server that has no such thing is not asked again."""
    provider = Counting(said("ok", UNKNOWN), said("ok", UNKNOWN))
    provider.failure = failure
    session = Session(runner_of(provider), MODEL, max_context_tokens=40)
    await session.send("word " * 20)
    await session.edit("word " * 20).collect()
    assert provider.counts == counts


async def test_what_is_reported_corrects_the_estimates() -> None:
    """A provider whose tokens are twice ours leaves out twice as much, without being asked."""
    answers = [said("an answer", Usage(2 * 13, 2)), *([said("an answer", UNKNOWN)] * 30)]
    provider = Scripted(*answers)
    session = Session(runner_of(provider), MODEL, max_context_tokens=200, reserve_output_tokens=0)
    await session.send("one two three four five six seven eight nine")
    assert count_message(session.messages[0]) == 13
    for number in range(30):
        await session.send(f"turn {number} is here")
    assert all(count_input(request) <= 100 for request in provider.requests)
    assert count_input(provider.requests[-1]) > 80


async def test_calls_and_results_stay_together() -> None:
    """In a long exchange the oldest calls go, each with its results; the question stays."""
    rounds = [called("look", f'{{"at": {n}}}', call_id=f"c{n}", usage=None) for n in range(12)]
    provider = Scripted(*rounds)
    session = Session(runner_of(provider), MODEL, max_context_tokens=250, reserve_output_tokens=0)
    session.inject(system("pinned"), user("an old question"), assistant("an old answer"))
    await session.send("the question")
    for number in range(11):
        await session.send(ToolResult(f"c{number}", f"result {number} and so on"))
    for request in provider.requests:
        assert count_input(request) <= 250
        # as_messages has checked that each result follows its call
    last = provider.requests[-1].messages
    assert [last[0].text, last[1].text] == ["pinned", "the question"]
    assert 4 < len(last) < 23


async def test_without_a_question_the_first_messages_are_an_exchange() -> None:
    """A history that begins with an answer is taken as it is, and trimmed alike."""
    provider = Scripted(*([said("an answer", UNKNOWN)] * 9))
    session = Session(runner_of(provider), MODEL, max_context_tokens=60, reserve_output_tokens=0)
    session.inject(assistant("Hello, " * 20))
    await session.stream_current().collect()
    session.inject(assistant("Hello, " * 60))
    with pytest.raises(ContextTooLong):
        await session.stream_current().collect()
    await session.send("one")
    assert _texts(provider.requests[-1]) == ["one"]


async def test_an_own_strategy_chooses() -> None:
    """It is shown what there is, and what it gives is sent, if it fits."""

    async def last_two(window: Window) -> Sequence[Message]:
        assert window.count(window.history) == sum(map(count_message, window.history))
        return [*window.history[-2:], *window.asked]

    provider = Scripted()
    session = Session(runner_of(provider), MODEL, max_context_tokens=100, strategy=last_two)
    for number in range(4):
        await session.send(f"turn {number}")
    assert _texts(provider.requests[-1]) == ["turn 2", "ok", "turn 3"]
    assert _texts(provider.requests[0]) == ["turn 0"]

    async def everything(window: Window) -> Sequence[Message]:
        return [*window.history, *window.asked]

    session = Session(runner_of(provider), MODEL, max_context_tokens=40, strategy=everything)
    session.inject(*(user("and so on") for _ in range(5)))
    with pytest.raises(ContextTooLong):
        await session.send("one")


async def test_a_strategy_that_never_fits_is_given_up() -> None:
    """It is asked again with what the provider has counted, a few times."""
    asked = 0

    async def growing(window: Window) -> Sequence[Message]:
        nonlocal asked
        asked += 1
        return [*window.asked * asked]

    session = Session(runner_of(Counting()), MODEL, max_context_tokens=10, strategy=growing)
    with pytest.raises(ContextTooLong):
        await session.send("word " * 20)
    assert asked == 5


async def test_the_oldest_can_be_told_in_short() -> None:
    """A model tells it, at the cost of the session; it is told again only when more has to go."""
    provider = Scripted(
        *([said("an answer", Usage(None, 2))] * 4), said("they spoke of rivers", Usage(50, 5))
    )
    session = Session(
        runner_of(provider),
        MODEL,
        max_context_tokens=120,
        reserve_output_tokens=0,
        strategy=Summarise(),
    )
    for number in range(5):
        await session.send(f"turn {number} " + "and so on " * 5)
    told = provider.requests[4]
    assert "user: turn 0" in told.messages[0].text
    assert "assistant: an answer" in told.messages[0].text
    assert _texts(provider.requests[5])[0].endswith("they spoke of rivers")
    assert _texts(provider.requests[5])[-1].startswith("turn 4")
    assert count_input(provider.requests[5]) <= 120
    assert session.usage.output_tokens == 4 * 2 + 5 + 2
    await session.send("turn 5")
    assert len(provider.requests) == 7  # the summary still serves
    session.clear()
    await session.send("turn 6")
    assert _texts(provider.requests[-1]) == ["turn 6"]


async def test_a_summary_tells_of_tools_and_media() -> None:
    """What a part cannot say as text is named."""
    provider = Scripted(
        [ReasoningDelta("hm"), *called("look", '{"at": 1}', usage=None)[1:]],
        said("seen", UNKNOWN),
        said("a picture was seen", UNKNOWN),
    )
    session = Session(
        runner_of(provider),
        MODEL,
        max_context_tokens=1100,
        reserve_output_tokens=0,
        strategy=Summarise(MODEL, keeps=0.1, instructions="Tell."),
    )
    await session.send(["what is it", Image("image/png", b"x", name="a.png")])
    await session.send(tool_result("c1", "a dog"))
    await session.send("and so on " * 40)
    told = provider.requests[2].messages[0].text
    assert told.split("\n") == [
        "Tell.", "", "user: what is it", "user shows a.png", 'assistant calls look: {"at": 1}',
        "tool: a dog", "assistant: seen",
    ]  # fmt: skip


async def test_where_a_summary_is_too_long_the_oldest_is_left_out() -> None:
    """A model that tells it at length does not fail the turn."""
    answers = [said("an answer", UNKNOWN)] * 4
    provider = Scripted(*answers, said("word " * 200, UNKNOWN), *answers)
    session = Session(runner_of(provider), MODEL, max_context_tokens=100, strategy=Summarise())
    for number in range(5):
        await session.send(f"turn {number} " + "and so on " * 5)
    assert count_input(provider.requests[-1]) <= 75


async def test_a_turn_that_is_too_long_by_itself_is_not_told_in_short() -> None:
    """Nothing that could be told would make room."""
    provider = Scripted()
    session = Session(runner_of(provider), MODEL, max_context_tokens=40, strategy=Summarise())
    with pytest.raises(ContextTooLong):
        await session.send("word " * 50)
    assert provider.requests == []


async def test_a_summary_that_fails_fails_the_turn() -> None:
    """Nothing is sent, and the history stays."""
    provider = Scripted(*([said("an answer", UNKNOWN)] * 3), [])
    session = Session(runner_of(provider), MODEL, max_context_tokens=100, strategy=Summarise())
    for number in range(3):
        await session.send(f"turn {number} " + "and so on " * 5)
    with pytest.raises(StreamInterrupted):
        await session.send("turn 3 " + "and so on " * 5)
    assert len(session.messages) == 6


@pytest.mark.parametrize(
    "arguments",
    [
        {"max_context_tokens": 0},
        {"max_context_tokens": True},
        {"max_context_tokens": "1"},
        {"max_context_tokens": 10, "reserve_output_tokens": -1},
        {"reserve_output_tokens": 10},
        {"strategy": Trim()},
    ],
    ids=str,
)
def test_limits_that_are_none_are_refused(arguments: dict[str, object]) -> None:
    """So are those that would do nothing."""
    with pytest.raises(InvalidRequest):
        Session(runner_of(Scripted()), MODEL, **arguments)  # type: ignore[arg-type]  # that is it


@pytest.mark.slow
async def test_a_turn_costs_no_more_in_a_long_session() -> None:
    """The thousandth turn makes as many calls of functions as the hundredth, to a few."""
    provider = Counting(*([said("an answer", UNKNOWN)] * 1001))
    session = Session(
        runner_of(provider), MODEL, "be kind", max_context_tokens=400, reserve_output_tokens=50
    )
    calls: Counter[str] = Counter()

    def watch(frame: FrameType, event: str, argument: object) -> None:
        calls["calls"] += event == "call"

    figures = []
    for number in count(1):
        if number in (100, 101, 1000, 1001):
            calls.clear()
            sys.setprofile(watch)
        await session.send(f"turn {number:04} says so")
        sys.setprofile(None)
        if calls and number in (100, 101, 1000, 1001):
            figures.append(calls["calls"])
        if number == 1001:
            break
    assert len(provider.requests[-1].messages) > 50
    assert max(figures[2:]) <= 1.1 * max(figures[:2])
