"""A turn joins the history with its answer, or leaves it as it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from headwater import (
    ChatRequest,
    ChatResponse,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    Image,
    InvalidRequest,
    Message,
    Provenance,
    RawFrame,
    Reasoning,
    ReasoningDelta,
    Role,
    Runner,
    ServerError,
    SessionBusy,
    Started,
    StreamInterrupted,
    Text,
    TextDelta,
    ToolResult,
    UnknownProvider,
    Usage,
    UsageUpdated,
    assistant,
    hookimpl,
    system,
    tool_result,
    user,
)
from headwater.session import Asked, Session, SessionStream, Window
from headwater.wire.transport import HTTPRequest, ReadError, Response, Transport

from .scripted import MODEL, Scripted, called, runner_of, said

T = TypeVar("T")


def _texts(session: Session) -> list[str]:
    return [message.text for message in session.messages]


async def test_a_turn_and_its_answer_join_together() -> None:
    """After a stream the history holds what was said and the answer, and the counters the usage."""
    provider = Scripted(said("a b"), said("c", Usage(20, 3)))
    session = Session(runner_of(provider), MODEL, "Be kind.")
    async with session.stream("one") as stream:
        assert [text async for text in stream.text()] == ["a", " b"]
    assert _texts(session) == ["one", "a b"]
    assert session.messages[1] == stream.response.message
    assert (await session.send("two")).text == "c"
    assert _texts(session) == ["one", "a b", "two", "c"]
    assert session.usage == Usage(30, 5)
    assert [turn.usage for turn in session.turns] == [Usage(10, 2), Usage(20, 3)]
    assert [turn.first_content_s is None for turn in session.turns] == [False, True]
    assert all(turn.total_s is not None for turn in session.turns)
    last = provider.requests[-1].messages
    assert [message.text for message in last] == ["Be kind.", "one", "a b", "two"]


async def test_the_answer_is_in_the_history_when_finished_is_seen() -> None:
    """Whoever stops at `Finished` has the turn, and so has who drops the stream after it."""
    session = Session(runner_of(Scripted()), MODEL)
    async for event in session.stream("one"):
        if isinstance(event, TextDelta):
            assert session.messages == ()
    assert _texts(session) == ["one", "ok"]
    stream = session.stream("two", raw=True)
    async for _ in stream:
        if stream.response.finish_reason is not None:
            break
    assert _texts(session) == ["one", "ok", "two", "ok"]
    assert session.last_partial is None


async def test_nothing_happens_before_the_first_event() -> None:
    """A stream that is made and not read takes no turn and sends nothing."""
    provider = Scripted()
    session = Session(runner_of(provider), MODEL)
    stream = session.stream("one")
    assert not session.is_busy
    assert stream.response == ChatResponse(Message(Role.ASSISTANT, ()))
    assert stream.metrics.attempts == 0
    await stream.aclose()
    with pytest.raises(StreamInterrupted):
        await anext(stream)
    assert provider.requests == []
    assert (await session.send("two")).text == "ok"


async def _read(stream: SessionStream) -> None:
    async for _ in stream:
        pass


async def _break(stream: SessionStream) -> None:
    async with stream:
        async for event in stream:
            if isinstance(event, TextDelta):
                break


async def _drop(stream: SessionStream) -> None:
    async for event in stream:
        if isinstance(event, TextDelta):
            break
    del stream, event


async def _until_text(stream: SessionStream) -> None:
    while not stream.response.text:  # noqa: ASYNC110  # the task that reads is the stream's own
        await asyncio.sleep(0)


async def _cancel(stream: SessionStream) -> None:
    task = asyncio.create_task(_read(stream))
    await _until_text(stream)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _close_from_outside(stream: SessionStream) -> None:
    task = asyncio.create_task(_read(stream))
    await _until_text(stream)
    await stream.aclose()
    with pytest.raises(StreamInterrupted):
        await task
    with pytest.raises(StreamInterrupted) as caught:
        await anext(stream)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "cut"


@pytest.mark.parametrize(
    "leave",
    [_break, _drop, _cancel, _close_from_outside],
    ids=["break", "dropped", "cancelled", "closed"],
)
async def test_a_turn_that_is_left_leaves_the_history_as_it_was(
    leave: Callable[[SessionStream], object],
) -> None:
    """What came of it is kept aside, and counted; the next turn can begin."""
    forever = asyncio.Event()
    provider = Scripted(said("first"), [Started("m"), TextDelta("cut"), forever])
    session = Session(runner_of(provider), MODEL)
    await session.send("one")
    before, spent = session.messages, session.usage
    made = [session.stream("two")]
    await leave(made.pop())  # type: ignore[misc]  # all of these are coroutine functions
    assert session.messages == before
    assert session.last_partial is not None
    assert session.last_partial.text == "cut"
    assert session.last_partial.finish_reason is None
    assert session.usage == spent + session.last_partial.usage
    assert not session.is_busy
    await session.send("three")
    assert session.last_partial is None
    assert _texts(session) == ["one", "first", "three", "ok"]


@pytest.mark.parametrize(
    ("answer", "partial"),
    [
        ([ServerError("no")], None),
        ([Started("m"), ServerError("no")], None),
        ([Started("m"), UsageUpdated(Usage(7)), ServerError("no")], ""),
        ([Started("m"), TextDelta("cut"), ServerError("no")], "cut"),
        ([Started("m"), TextDelta("cut")], "cut"),
    ],
    ids=["before all", "before content", "counted", "in mid-stream", "no end mark"],
)
@pytest.mark.parametrize("how", ["stream", "send"])
async def test_a_failure_leaves_the_history_as_it_was(
    answer: list[object], partial: str | None, how: str
) -> None:
    """What did come is in `last_partial` and on the error; only an answer that began is counted."""
    session = Session(runner_of(Scripted(answer)), MODEL)  # type: ignore[arg-type]  # of steps
    with pytest.raises(HeadwaterError) as caught:
        await (session.send("one") if how == "send" else session.stream("one").collect())
    assert session.messages == ()
    assert (session.last_partial and session.last_partial.text) == partial
    assert session.usage.is_known == (partial is not None)
    assert caught.value.provider == "p"
    assert (await session.retry().collect()).text == "ok"
    assert _texts(session) == ["one", "ok"]


async def test_an_unknown_provider_is_told_at_the_first_event() -> None:
    """What is wrong with the provider comes as it does from the runner."""
    session = Session(runner_of(Scripted()), "nobody/model")
    with pytest.raises(UnknownProvider):
        await session.stream("one").collect()
    session.switch_model(MODEL)
    assert str(session.model) == MODEL
    assert (await session.retry().collect()).text == "ok"


async def test_a_cut_answer_can_be_kept() -> None:
    """`keep_partial` keeps its text, marked, and never a call of a tool or what is sealed."""
    cut = [
        Started("m", origin="w"),
        ReasoningDelta("hm", {"signature": "s"}),
        TextDelta("so "),
        TextDelta("far", {"sealed": 1}),
        *called("look")[1:-1],
        ServerError("no"),
    ]
    session = Session(runner_of(Scripted(cut)), MODEL)
    with pytest.raises(ServerError):
        await session.stream("one", keep_partial=True).collect()
    assert session.messages == (user("one"), assistant("so far"))
    (turn,) = session.turns
    assert turn.is_interrupted
    assert turn.response == session.last_partial
    assert turn.response is not None
    assert turn.response.tool_calls
    assert turn.response.finish_reason is None
    assert session.usage == turn.usage
    assert session.usage.provenance is Provenance.ESTIMATED
    await session.send("two")
    assert _texts(session) == ["one", "so far", "two", "ok"]


async def test_a_cut_answer_without_text_is_not_kept() -> None:
    """There is nothing of it that every provider would take."""
    cut = [Started("m"), *called("look")[1:-1], ServerError("no")]
    session = Session(runner_of(Scripted(cut)), MODEL)
    with pytest.raises(ServerError):
        await session.send("one", keep_partial=True)
    assert session.messages == ()


async def test_a_kept_part_takes_the_place_of_what_was_retried() -> None:
    """`retry` with `keep_partial` replaces the last exchange by the cut one."""
    session = Session(runner_of(Scripted(said("old"), [TextDelta("new")])), MODEL)
    await session.send("one")
    with pytest.raises(StreamInterrupted):
        await session.retry(keep_partial=True).collect()
    assert _texts(session) == ["one", "new"]


async def test_one_turn_at_a_time() -> None:
    """What would begin another turn, or change the history under it, is refused meanwhile."""
    forever = asyncio.Event()
    session = Session(runner_of(Scripted([TextDelta("a"), forever, *said("b")[1:]])), MODEL)
    later = session.stream("two")
    stream = session.stream("one")
    await anext(stream)
    assert session.is_busy
    attempts: list[Callable[[], object]] = [
        lambda: session.stream("two"),
        lambda: session.stream_current(),
        lambda: session.retry(),
        lambda: session.edit("two"),
        lambda: session.inject(user("two")),
        lambda: session.undo(),
        lambda: session.clear(),
        lambda: anext(later),
    ]
    for attempt in attempts:
        with pytest.raises(SessionBusy, match="one at a time"):
            attempt()
    with pytest.raises(SessionBusy):
        await session.send("two")
    with pytest.raises(SessionBusy):
        await session.flush()
    other = session.fork()
    assert (await other.send("meanwhile")).text == "ok"
    forever.set()
    await _read(stream)
    assert (await later.collect()).text == "ok"  # it was made before, and nothing was said in it
    assert _texts(session) == ["one", "ab", "two", "ok"]


async def test_two_readers_are_told_apart() -> None:
    """A second task that reads the same stream is refused, as by the runner's own."""
    forever = asyncio.Event()
    session = Session(runner_of(Scripted([forever])), MODEL)
    stream = session.stream("one")
    task = asyncio.create_task(_read(stream))
    await asyncio.sleep(0)
    with pytest.raises(InvalidRequest, match="another task"):
        await anext(stream)
    await stream.aclose()
    with pytest.raises(StreamInterrupted):
        await task


async def test_retry_says_the_last_thing_again() -> None:
    """The old answer stays until the new one is whole."""
    provider = Scripted(said("old"), [TextDelta("cut")], said("new"))
    session = Session(runner_of(provider), MODEL)
    with pytest.raises(InvalidRequest, match="nothing has been said"):
        session.retry()
    await session.send("one")
    with pytest.raises(StreamInterrupted):
        await session.retry().collect()
    assert _texts(session) == ["one", "old"]
    await session.retry(temperature=0.5).collect()
    assert _texts(session) == ["one", "new"]
    assert [m.text for m in provider.requests[-1].messages] == ["one"]
    assert provider.requests[-1].temperature == 0.5
    assert session.usage.output_tokens == 5  # old, cut and new


async def test_edit_says_something_else() -> None:
    """It takes the place of the last exchange, tools and all."""
    session = Session(runner_of(Scripted(said("a"), called("look"), said("b"), said("c"))), MODEL)
    await session.send("one")
    await session.send("two")
    await session.send(ToolResult("c1", "seen"))
    await session.edit("three").collect()
    assert _texts(session) == ["one", "a", "three", "c"]


async def test_edit_goes_back_to_what_the_user_said() -> None:
    """Past results of tools that failed to be sent, and what was injected."""
    session = Session(runner_of(Scripted(called("look"), [], said("a"))), MODEL)
    await session.send("one")
    with pytest.raises(StreamInterrupted):
        await session.send(ToolResult("c1", "seen"))
    await session.edit("two").collect()
    assert _texts(session) == ["two", "a"]
    session.inject(user("three"))
    await session.edit("four").collect()
    assert _texts(session) == ["two", "a", "four", "ok"]
    session.clear()
    session.inject(assistant("Hello"))
    with pytest.raises(InvalidRequest, match="nothing has been said"):
        session.edit("five")
    session = Session(runner_of(Scripted([])), MODEL)
    session.inject(assistant("Hello"))
    with pytest.raises(StreamInterrupted):
        await session.stream_current().collect()
    await session.edit("six").collect()
    assert _texts(session) == ["Hello", "six", "ok"]


async def test_what_was_to_be_replaced_must_still_stand() -> None:
    """A retry that was made before something else was said would replace the wrong turn."""
    session = Session(runner_of(Scripted()), MODEL)
    await session.send("one")
    retry = session.retry()
    await session.send("two")
    with pytest.raises(InvalidRequest, match="has changed"):
        await anext(retry)
    assert _texts(session) == ["one", "ok", "two", "ok"]
    assert not session.is_busy


async def test_undo_takes_back_the_last_exchange() -> None:
    """All that followed what the user said goes, and stays counted."""
    session = Session(runner_of(Scripted(said("a"), called("look"), said("b"))), MODEL)
    await session.send("one")
    await session.send("two")
    await session.send(tool_result("c1", "seen"))
    spent = session.usage
    assert [message.role for message in session.undo()] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert _texts(session) == ["one", "a"]
    assert len(session.undo()) == 2
    assert session.undo() == ()
    assert session.usage == spent


async def test_clear_keeps_the_counters() -> None:
    """The history is gone; the system prompt and what was spent stay."""
    provider = Scripted(said("a"), [TextDelta("cut")])
    session = Session(runner_of(provider), MODEL, "Be kind.")
    await session.send("one")
    with pytest.raises(StreamInterrupted):
        await session.send("two")
    spent = session.usage
    session.clear()
    assert session.messages == ()
    assert session.last_partial is None
    assert session.usage == spent
    with pytest.raises(InvalidRequest):
        session.retry()
    await session.send("three")
    assert [m.text for m in provider.requests[-1].messages] == ["Be kind.", "three"]


async def test_a_fork_goes_its_own_way() -> None:
    """It begins with the history of the session, and counts for itself."""
    session = Session(runner_of(Scripted()), MODEL, "Be kind.")
    await session.send("one")
    other = session.fork()
    await other.flush()  # without a store there is nothing to write
    await other.send("two")
    await session.send("three")
    assert _texts(other) == ["one", "ok", "two", "ok"]
    assert _texts(session) == ["one", "ok", "three", "ok"]
    assert (other.system, other.model) == (session.system, session.model)
    assert other.usage == Usage(10, 2)


async def test_inject_puts_messages_in() -> None:
    """What follows what was said joins the history, and can be answered as it stands."""
    provider = Scripted(called("look"), said("seen"))
    session = Session(runner_of(provider), MODEL)
    session.inject(system("Be brief."), user("one"))
    await session.stream_current().collect()
    with pytest.raises(InvalidRequest, match="no result"):
        session.inject(user("two"))
    with pytest.raises(InvalidRequest, match="no result"):
        session.stream("two")
    with pytest.raises(InvalidRequest):
        session.inject(tool_result("c2", "of another"))
    session.inject(tool_result("c1", "it is there"))
    await session.stream_current().collect()
    assert [message.role for message in session.messages] == [
        "system", "user", "assistant", "tool", "assistant",
    ]  # fmt: skip
    assert provider.requests[-1].messages == session.messages[:-1]
    await session.retry().collect()
    assert provider.requests[-1].messages == session.messages[:2]
    assert [message.text for message in session.undo()] == ["Be brief.", "one", "ok"]


@pytest.mark.parametrize(
    ("asked", "messages"),
    [
        ("Hi", [user("Hi")]),
        (Text("Hi"), [user("Hi")]),
        (user("Hi"), [user("Hi")]),
        (["See", Image("image/png", b"x")], [user("See", Image("image/png", b"x"))]),
        ([user("a"), "b", "c"], [user("a"), user("b", "c")]),
    ],
    ids=["text", "part", "message", "parts", "mixed"],
)
async def test_what_stands_for_a_turn(asked: Asked, messages: list[Message]) -> None:
    """A prompt, parts and messages are taken alike."""
    session = Session(runner_of(Scripted()), MODEL)
    await session.send(asked)
    assert list(session.messages[:-1]) == messages


@pytest.mark.parametrize(
    "asked",
    ["", " \n", [], 3, b"x", None, [3], [Reasoning("hm")], tool_result("c1", "x"), {"a": 1}],
    ids=str,
)
def test_what_is_no_turn_is_refused(asked: object) -> None:
    """Each with what was expected, before anything is made."""
    session = Session(runner_of(Scripted()), MODEL)
    with pytest.raises(InvalidRequest):
        session.stream(asked)  # type: ignore[arg-type]  # that is the test


def test_what_is_wrong_in_itself_is_refused_at_once() -> None:
    """Model, system prompt, options: when they are given."""
    runner = runner_of(Scripted())
    for arguments in (("model",), (MODEL, 3)):
        with pytest.raises(InvalidRequest):
            Session(runner, *arguments)
    session = Session(runner, MODEL)
    with pytest.raises(InvalidRequest):
        session.system = 3  # type: ignore[assignment]  # that is the test
    with pytest.raises(InvalidRequest):
        session.switch_model("nothing")
    with pytest.raises(InvalidRequest):
        session.stream("Hi", temperature=9)
    with pytest.raises(TypeError, match="no option is called"):
        session.stream("Hi", temprature=1)  # type: ignore[call-arg]  # that is the test
    with pytest.raises(InvalidRequest):
        session.stream_current()


async def test_the_system_prompt_may_change() -> None:
    """From the next turn on, or for one turn alone."""
    provider = Scripted()
    session = Session(runner_of(provider), MODEL, "one")
    session.system = "two"
    await session.send("Hi", system="three")
    await session.send("Hi", system=None)
    await session.send("Hi")
    firsts = [request.messages[0].text for request in provider.requests]
    assert firsts == ["three", "Hi", "two"]
    assert session.system == "two"


class _Wire:
    """A transport that answers in two frames."""

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Answer; see `Transport.send`."""
        chunks = iter(
            [
                b"data: Hello\n\n",
                b"data: and so on\n\n",
            ]
        )

        async def read_chunk() -> bytes:
            return next(chunks, b"")

        yield Response(200, {}, read_chunk)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait; see `Transport.wait`."""
        return await awaitable


class _ReadsOn:
    """Look at the wire once more after the end of the answer."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Answer in a word."""
        sent = HTTPRequest("POST", "https://server.test/", {}, b"")
        async with transport.send(sent, errors=_refuse) as response:
            frames = response.sse()
            await anext(frames)
            yield TextDelta("Hello")
            yield Finished(FinishReason.STOP)
            await anext(frames)


def _refuse(status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
    return ServerError("no")


async def test_raw_frames_come_through() -> None:
    """Those that follow the end of the answer after `Finished`, when the turn has joined."""
    runner = Runner(providers={"p": _ReadsOn()}, transport=_Wire(), middleware=[])
    session = Session(runner, MODEL)
    events = [type(event) async for event in session.stream("Hi", raw=True)]
    assert events == [RawFrame, Started, TextDelta, Finished, RawFrame]
    assert _texts(session) == ["Hi", "Hello"]


async def test_a_stream_can_be_closed_before_it_is_sent() -> None:
    """While the provider still counts, or a model still tells the oldest in short."""
    forever = asyncio.Event()
    waiting = asyncio.Event()

    async def think(window: Window) -> Sequence[Message]:
        waiting.set()
        await forever.wait()
        return window.trimmed()

    provider = Scripted()
    session = Session(runner_of(provider), MODEL, max_context_tokens=100, strategy=think)
    stream = session.stream("one")
    task = asyncio.create_task(_read(stream))
    await waiting.wait()
    await stream.aclose()
    with pytest.raises(StreamInterrupted):
        await task
    assert (provider.requests, session.is_busy, session.last_partial) == ([], False, None)
    forever.set()
    assert (await session.retry().collect()).text == "ok"


async def test_the_cost_is_told_as_it_comes() -> None:
    """By the estimate while it comes; None for a model that nobody has a price of."""
    answer = [Started("m"), *(TextDelta("some words ") for _ in range(50)), *said("end")[1:]]
    provider = Scripted(answer)
    runner = Runner(providers={"openai": provider, "p": provider}, middleware=[])
    session = Session(runner, "openai/gpt-4o", max_context_tokens=1000)
    assert session.cost is None  # nothing was asked yet
    stream = session.stream("one")
    costs = [stream.cost async for _ in stream]
    known = [cost for cost in costs if cost is not None]
    assert len(known) == len(costs)
    assert known[:-1] == sorted(known[:-1])
    assert known[0] < known[-2]
    assert stream.cost == session.cost == session.turns[0].cost
    session.switch_model(MODEL)
    stream = session.stream("two")
    await _read(stream)
    assert stream.cost is None
    assert session.cost is None


async def test_the_usage_is_told_as_it_comes() -> None:
    """Estimated from the text, then as reported: input at once, output with the answer."""
    answer = [
        Started("m"),
        TextDelta("some words"),
        UsageUpdated(Usage(7, 1)),
        *called("look", '{"a": 1}')[1:],
    ]
    session = Session(runner_of(Scripted(answer)), MODEL, "Be kind.")
    stream = session.stream("one two three")
    assert not stream.usage.output_tokens
    seen = [stream.usage async for _ in stream]
    assert seen[0].provenance is Provenance.ESTIMATED
    assert [usage.input_tokens for usage in seen[:3]] == [seen[0].input_tokens] * 2 + [7]
    outputs = [usage.output_tokens or 0 for usage in seen[:-1]]
    assert outputs == sorted(outputs)
    assert outputs[1] == 2
    assert seen[-1] == Usage(10, 2)
    assert stream.metrics.attempts == 1
