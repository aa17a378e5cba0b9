"""The loop that runs what a model calls."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from datetime import date

import pytest

from headwater import (
    BudgetExceeded,
    Event,
    Finished,
    FinishReason,
    Image,
    InvalidRequest,
    ServerError,
    Started,
    Text,
    TextDelta,
    Tool,
    ToolCallFinished,
    ToolCallStarted,
    ToolChoice,
    ToolResult,
)
from headwater.session import Session

from .scripted import MODEL, USAGE, Scripted, called, runner_of, said


@dataclass
class Place:
    """Where something is."""

    city: str
    days: int = 1


def weather(place: Place, loud: bool = False) -> dict[str, object]:
    """Tell the weather."""
    assert isinstance(place, Place)
    return {"city": place.city, "days": place.days, "loud": loud}


async def today() -> date:
    """Tell the day."""
    return date(2026, 11, 20)


def _results(session: Session) -> list[ToolResult]:
    return [
        part for message in session.messages for part in message.parts
        if isinstance(part, ToolResult)
    ]  # fmt: skip


async def test_functions_are_run_and_their_results_given() -> None:
    """Until an answer calls nothing; each answer and each result is in the history."""
    provider = Scripted(
        called("weather", '{"place": {"city": "Oslo"}}'),
        called("today", call_id="c2"),
        said("done"),
    )
    session = Session(runner_of(provider), MODEL)
    seen: list[Event] = []
    response = await session.run_tools("How is it?", [weather, today], on_event=seen.append)
    assert response.text == "done"
    assert [result.text for result in _results(session)] == [
        '{"city":"Oslo","days":1,"loud":false}', '"2026-11-20"',
    ]  # fmt: skip
    assert [message.role for message in session.messages] == [
        "user", "assistant", "tool", "assistant", "tool", "assistant",
    ]  # fmt: skip
    assert [tool.name for tool in provider.requests[0].tools] == ["weather", "today"]
    assert sum(isinstance(event, Finished) for event in seen) == 3
    assert session.usage == USAGE + USAGE + USAGE


@pytest.mark.parametrize(
    ("name", "raw", "is_valid", "says"),
    [
        ("weather", '{"place": {"city": 3}}', True, "Expected `str`, got `int`"),
        ("weather", "{}", True, "missing required field `place`"),
        ("weather", '{"place": {"city": "a"}, "time": 1}', True, "no argument time"),
        ("weather", '{"place": ', False, "expected a JSON object"),
        ("nothing", "{}", True, "no tool is called 'nothing': weather, own, fails, odd"),
        ("own", '{"wrong": 1}', True, "do not fit"),
        ("fails", "{}", True, "ValueError: not today"),
        ("odd", "{}", True, "TypeError"),
    ],
    ids=["type", "missing", "unknown", "no JSON", "no tool", "own schema", "raises", "no text"],
)
async def test_what_goes_wrong_is_told_to_the_model(
    name: str, raw: str, is_valid: bool, says: str
) -> None:
    """As the result of the call, marked as an error; nothing is run with guessed arguments."""
    ran: list[object] = []

    def own(at: int) -> str:
        ran.append(at)
        return "never"

    async def fails() -> None:
        """Fail."""
        raise ValueError("not today")

    def odd() -> object:
        """Give what is no JSON."""
        return object()

    session = Session(runner_of(Scripted(called(name, raw, is_valid=is_valid))), MODEL)
    tool = Tool("own", "Own.", {"type": "object"})
    response = await session.run_tools("Go", [weather, (tool, own), fails, odd])
    assert response.text == "ok"
    (result,) = _results(session)
    assert result.is_error
    assert says in result.text
    assert ran == []


async def test_results_keep_their_form() -> None:
    """Text and media stay, None and numbers are JSON, a mixture keeps its parts."""
    picture = Image("image/png", b"x")
    gives: dict[str, object] = {
        "words": "as it is",
        "nothing": None,
        "parts": [picture, "seen", 3],
        "part": Text("hm"),
    }

    def give(what: str) -> object:
        return gives[what]

    async def later(what: str) -> object:
        return gives[what]

    async def call(what: str) -> ToolResult:
        session = Session(runner_of(Scripted(called("give", f'{{"what": "{what}"}}'))), MODEL)
        tool = Tool("give", "Give.", {"type": "object"})
        # A function that only gives a coroutine is awaited too.
        function = give if what != "nothing" else lambda what: later(what)
        await session.run_tools("Go", [(tool, function)])
        return _results(session)[0]

    assert (await call("words")).text == "as it is"
    assert (await call("nothing")).text == "null"
    assert (await call("parts")).content == (picture, Text("seen"), Text("3"))
    assert (await call("part")).content == (Text("hm"),)


async def test_calls_of_one_answer_run_side_by_side() -> None:
    """Coroutine functions on the loop, others in threads; results come in the order of calls."""
    both = threading.Barrier(2, timeout=60)
    turn = asyncio.Event()

    def slow(number: int) -> int:
        """Wait for the other one."""
        both.wait()
        return number

    async def first() -> str:
        """Wait for `second`."""
        await turn.wait()
        return "first"

    async def second() -> str:
        """Let `first` go on."""
        turn.set()
        return "second"

    calls = [("slow", {"number": 1}), ("slow", {"number": 2}), ("first", {}), ("second", {})]
    answer: list[Event] = [Started("m")]
    for place, (name, arguments) in enumerate(calls):
        answer += [
            ToolCallStarted(f"c{place}", name),
            ToolCallFinished(f"c{place}", name, arguments, "", True),
        ]
    provider = Scripted([*answer, Finished(FinishReason.TOOL_CALLS)])
    session = Session(runner_of(provider), MODEL)
    await session.run_tools("Go", [slow, first, second])
    assert [result.text for result in _results(session)] == ["1", "2", "first", "second"]


async def test_the_rounds_are_limited() -> None:
    """The last calls are not run, and are told so; the conversation can go on."""
    ran: list[int] = []

    def look() -> str:
        """Look."""
        ran.append(1)
        return "seen"

    provider = Scripted(*(called("look", call_id=f"c{n}") for n in range(3)))
    session = Session(runner_of(provider), MODEL)
    with pytest.raises(BudgetExceeded, match="max_rounds=3") as caught:
        await session.run_tools("Go", [look], max_rounds=3)
    assert caught.value.partial is not None
    assert caught.value.partial.tool_calls
    assert (caught.value.limit, caught.value.spent, len(ran)) == (3, 3, 2)
    assert _results(session)[-1].is_error
    assert (await session.run_tools(None, [look])).text == "ok"
    assert (await session.run_tools("Go", [look], max_rounds=1)).text == "ok"
    for rounds in (0, True, "2"):
        with pytest.raises(InvalidRequest):
            await session.run_tools("Go", [look], max_rounds=rounds)  # type: ignore[arg-type]


async def test_a_failure_keeps_what_was_done() -> None:
    """The rounds before it stay, with their results; `run_tools(None, …)` goes on from there."""
    provider = Scripted(called("today"), [ServerError("no")])
    session = Session(runner_of(provider), MODEL)
    with pytest.raises(ServerError):
        await session.run_tools("Go", [today])
    assert [message.role for message in session.messages] == ["user", "assistant", "tool"]
    assert (await session.run_tools(None, [today])).text == "ok"
    assert len(session.undo()) == 4


async def test_calls_that_wait_for_a_result_are_run_first() -> None:
    """`run_tools(None, …)` takes up an answer that was streamed by hand."""
    session = Session(runner_of(Scripted(called("today"))), MODEL)
    await session.send("Go", tools=[Tool.from_function(today)])
    assert (await session.run_tools(None, [today])).text == "ok"
    assert _results(session)[0].text == '"2026-11-20"'


async def test_what_is_cancelled_has_results_all_the_same() -> None:
    """A history in which a call has none could not be sent to anybody."""
    waits = asyncio.Event()

    async def wait() -> None:
        """Wait."""
        waits.set()
        await asyncio.Event().wait()

    session = Session(runner_of(Scripted(called("wait"))), MODEL)
    task = asyncio.create_task(session.run_tools("Go", [wait]))
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _results(session)[0].is_error
    await session.send("Go on")


async def test_a_pause_is_gone_on_from() -> None:
    """A provider that pauses in its own work is asked again, as the history stands."""
    pause: list[Event] = [
        Started("m"),
        TextDelta("so far"),
        Finished(FinishReason.PAUSE, "pause_turn", USAGE),
    ]
    provider = Scripted(pause, said("done"))
    session = Session(runner_of(provider), MODEL)
    assert (await session.run_tools("Go", [today])).text == "done"
    assert [message.role for message in session.messages] == ["user", "assistant", "assistant"]


async def test_that_a_tool_must_be_called_holds_once() -> None:
    """Else the loop would never end; tools of the options stay beside the functions."""
    provider = Scripted(called("today"))
    session = Session(runner_of(provider), MODEL)
    other = Tool("other", "Other.", {"type": "object"})
    await session.run_tools("Go", [today], tools=[other], tool_choice="today")
    assert [request.tool_choice for request in provider.requests] == ["today", ToolChoice.AUTO]
    assert [tool.name for tool in provider.requests[1].tools] == ["other", "today"]
    await session.run_tools("Go", [today], tool_choice="none")
    assert provider.requests[-1].tool_choice is ToolChoice.NONE


@pytest.mark.parametrize("functions", [[3], [today, today], [("today", today)], [lambda: 1]])
async def test_functions_that_cannot_be_described_are_refused(functions: list[object]) -> None:
    """Before anything is asked."""
    session = Session(runner_of(Scripted()), MODEL)
    with pytest.raises(InvalidRequest):
        await session.run_tools("Go", functions)  # type: ignore[arg-type]  # that is the test
    assert session.messages == ()
