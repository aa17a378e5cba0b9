"""Whatever is done in a session, and whatever goes wrong: its history is one that can be sent."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headwater import (
    BudgetExceeded,
    ChatRequest,
    ChatResponse,
    ContextTooLong,
    Event,
    Finished,
    FinishReason,
    HeadwaterError,
    Message,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    ServerError,
    Started,
    StreamInterrupted,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    ToolResult,
    Usage,
    UsageUpdated,
    assistant,
    hookimpl,
    system,
    user,
)
from headwater.estimate import count_input
from headwater.session import Session
from headwater.wire.transport import Transport

from .encoders import refusals
from .scripted import MODEL, Scripted, Step, runner_of

T = TypeVar("T")
LIMIT = 160

words = st.sampled_from(["a river", "and so on " * 6, "x", "é 漢字"])
tokens = st.one_of(st.none(), st.integers(0, 40))


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    """Script an answer: text, thoughts, refusals, calls, blocks of the provider, usage."""
    answer: list[Step] = [Started("m", origin=draw(st.sampled_from([None, "anthropic-messages"])))]
    calls = 0
    for kind in draw(st.lists(st.sampled_from("trrfcpu"), max_size=4)):
        match kind:
            case "t":
                answer.append(TextDelta(draw(words)))
            case "r":
                answer.append(ReasoningDelta(draw(words), draw(st.sampled_from([None, {"a": 1}]))))
            case "f":
                answer.append(RefusalDelta(draw(words)))
            case "c":
                calls += 1
                # A call is named anew in each answer, as no provider names two alike.
                name, call_id = (
                    draw(st.sampled_from(["look", "fail"])),
                    f"call_{calls}_{id(answer)}",
                )
                is_valid = draw(st.booleans())
                raw = "{}" if is_valid else "{"
                answer += [
                    ToolCallStarted(call_id, name),
                    ToolCallDelta(call_id, raw),
                    ToolCallFinished(call_id, name, {} if is_valid else None, raw, is_valid),
                ]
            case "p":
                answer.append(ProviderEvent("block", {"type": "block"}, is_part=True))
            case _:
                answer.append(UsageUpdated(Usage(draw(tokens))))
    reason = FinishReason.TOOL_CALLS if calls else FinishReason.STOP
    return [*answer, Finished(reason, usage=Usage(draw(tokens), draw(tokens)))]


@st.composite
def endings(draw: st.DrawFn) -> list[Step]:
    """Script an answer that may fail anywhere, or end without its mark."""
    answer = draw(steps())
    if draw(st.booleans()):
        return answer
    cut = answer[: draw(st.integers(0, len(answer) - 1))]
    return [*cut, ServerError("no")] if draw(st.booleans()) else cut


class Measuring(Scripted):
    """Count as tokens a share of what the core estimates, and report truly.

    Attributes:
        share: How many tokens one of the estimate is.
    """

    share = 1.0

    def measure(self, request: ChatRequest) -> int:
        """Count a request."""
        return round(count_input(request) * self.share)

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Play the next answer, with the input as it is in what is reported."""
        async with aclosing(super().stream_chat(request, transport)) as events:
            async for event in events:
                if isinstance(event, UsageUpdated | Finished) and event.usage is not None:
                    event.usage = attrs.evolve(event.usage, input_tokens=self.measure(request))
                yield event

    @hookimpl
    async def count_usage(self, request: ChatRequest) -> Usage:
        """Count the input."""
        return Usage(self.measure(request))


def look() -> str:
    """Look."""
    return "seen"


def fail() -> str:
    """Fail."""
    raise ValueError("nothing to see")


class Conversing(RuleBasedStateMachine):
    """Do anything with a session, and tell what its history has to be."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.provider = Measuring()
        self.expected: list[list[Message]] = []  # of each turn
        self.spent: list[Usage] = []

    @initialize(limited=st.booleans(), share=st.sampled_from([0.6, 1.0, 1.8]))
    def begin(self, limited: bool, share: float) -> None:
        """Open a session, as a rule with a limit that is soon reached."""
        self.limited = limited
        self.provider.share = share
        context = {"max_context_tokens": LIMIT, "reserve_output_tokens": 0} if limited else {}
        self.session = Session(runner_of(self.provider), MODEL, "Be kind.", **context)  # type: ignore[arg-type]  # of two options

    def run(self, doing: Callable[[], Awaitable[T]]) -> T | None:
        """Run one step, which may fail; count what was spent on a cut answer."""

        async def run() -> T | None:
            try:
                return await doing()
            except (ServerError, StreamInterrupted):
                return None
            except ContextTooLong:
                assert self.limited
                return None

        asked = len(self.provider.requests)
        result = self.loop.run(run())
        if result is None and len(self.provider.requests) > asked:
            self.cut(self.session.last_partial)
        self.provider.answers.clear()
        return result

    def cut(self, partial: ChatResponse | None) -> None:
        """Count a cut answer that began."""
        if partial is not None:
            self.spent.append(partial.usage)

    @property
    def open_calls(self) -> list[str]:
        """Name the calls that have no result yet."""
        last = self.expected[-1] if self.expected else []
        return [call.call_id for call in last[-1].tool_calls] if last else []

    def said(self) -> list[ToolResult] | str:
        """Give something that may be said now."""
        return [ToolResult(call_id, "seen") for call_id in self.open_calls] or "go on"

    def as_messages(self, said: list[ToolResult] | str) -> list[Message]:
        """Give the messages that it becomes."""
        return [user(said)] if isinstance(said, str) else [Message("tool", one) for one in said]

    def committed(self, response: ChatResponse | None, asked: list[Message], keep: int) -> None:
        """Note that a turn has joined."""
        if response is not None:
            self.expected[keep:] = [[*asked, response.message]]
            self.spent.append(response.usage)

    @rule(answer=endings(), streams=st.booleans())
    def say(self, answer: list[Step], streams: bool) -> None:
        """Say something, or give the results of tools."""
        said = self.said()
        self.provider.answers.append(answer)
        send = self.session.send
        response = self.run(lambda: self.session.stream(said).collect() if streams else send(said))
        self.committed(response, self.as_messages(said), len(self.expected))

    @rule(answer=endings(), leaves_at=st.integers(0, 5))
    def keep(self, answer: list[Step], leaves_at: int) -> None:
        """Leave a stream, or have it fail, and keep what came."""
        said = self.said()
        self.provider.answers.append(answer)
        place = len(self.expected)
        requests = len(self.provider.requests)

        async def leave() -> ChatResponse | None:
            async with self.session.stream(said, keep_partial=True) as stream:
                number = 0
                async for event in stream:
                    if number == leaves_at and not isinstance(event, Finished):
                        break
                    number += 1
                else:
                    return stream.response
            return stream.response if stream.response.finish_reason is not None else None

        response = self.run(leave)
        partial = self.session.last_partial
        if response is None and len(self.provider.requests) > requests and partial is not None:
            assert partial.finish_reason is None
            if partial.text.strip():
                kept = [*self.as_messages(said), assistant(partial.text)]
                self.expected[place:] = [kept]
        self.committed(response, self.as_messages(said), place)

    @rule(answer=endings(), changed=st.booleans())
    def again(self, answer: list[Step], changed: bool) -> None:
        """Retry or edit the last thing said."""
        try:
            retry = self.session.edit("anew") if changed else self.session.retry()
        except HeadwaterError:
            assert not any(message.role == "user" for turn in self.expected for message in turn)
            return
        keep, asked = retry._asking._keep, list(retry._asking._asked)
        self.provider.answers.append(answer)
        self.committed(self.run(retry.collect), asked, keep)

    @rule(answers=st.lists(endings(), min_size=1, max_size=3), rounds=st.integers(1, 3))
    def use_tools(self, answers: list[list[Step]], rounds: int) -> None:
        """Run a loop of tools; however it ends, each call has its result."""
        self.provider.answers += answers
        prompt = None if self.open_calls else "go on"
        failed = False

        async def loop() -> None:
            nonlocal failed
            try:
                await self.session.run_tools(prompt, [look, fail], max_rounds=rounds)
            except BudgetExceeded:
                pass
            except HeadwaterError:
                failed = True

        before = len(self.spent)
        self.loop.run(loop())
        turns = self.session.turns[len(self.expected) :]
        self.expected += [list(turn.messages) for turn in turns]
        self.spent += [turn.usage for turn in turns if turn.response is not None]
        if failed:
            self.cut(self.session.last_partial)
        assert before <= len(self.spent)
        self.provider.answers.clear()

    @rule()
    def undo(self) -> None:
        """Take back the last exchange."""
        places = [n for n, turn in enumerate(self.expected) if any(m.role == "user" for m in turn)]
        taken = self.session.undo()
        if places:
            assert list(taken) == [m for turn in self.expected[places[-1] :] for m in turn]
            del self.expected[places[-1] :]

    @rule(kind=st.sampled_from(["user", "system", "pair"]))
    @precondition(lambda self: not self.open_calls)
    def inject(self, kind: str) -> None:
        """Put something in."""
        pair = [user("they said"), assistant("and heard")]
        messages = {"user": [user("by the way")], "system": [system("Be brief.")], "pair": pair}[
            kind
        ]
        if kind == "system" and not self.expected:
            return  # nothing to answer yet
        self.session.inject(*messages)
        self.expected.append(messages)

    @rule()
    def clear(self) -> None:
        """Forget all, now and then."""
        self.session.clear()
        self.expected.clear()

    @rule()
    def reload(self) -> None:
        """Save, load, and go on with what was loaded."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "session.jsonl"
            self.session.save(path)
            context = self.session._conversation.context
            self.session = Session.load(runner_of(self.provider), path, **context)

    @invariant()
    def holds(self) -> None:
        """The history is what it has to be, usage adds up, and what was sent fits."""
        if not hasattr(self, "session"):
            return
        assert not self.session.is_busy
        assert list(self.session.messages) == [m for turn in self.expected for m in turn]
        total = sum(self.spent[1:], self.spent[0]) if self.spent else Usage()
        assert self.session.usage == total
        if self.limited:
            assert all(self.provider.measure(r) <= LIMIT for r in self.provider.requests)
        self.provider.requests.clear()

    def teardown(self) -> None:
        """Every provider would take the history, and the next turn."""
        if hasattr(self, "session"):
            said = self.as_messages(self.said())
            history = [system("Be kind."), *self.session.messages, *said]
            assert self.loop.run(refusals(history)) == []
        self.loop.close()


Conversing.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=12,
)
TestConversing = pytest.mark.slow(Conversing.TestCase)
