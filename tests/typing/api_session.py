"""A session as an application writes it: never run, only type-checked."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import assert_type

from headwater import ChatResponse, Event, Image, Message, Runner, Tool, Usage, tool_result, user
from headwater.middleware import Budget
from headwater.session import Session, SessionStream, Summarise, Trim, Turn, Window
from headwater.store import ConversationSummary, Found, KeptConversation, Store


def weather(city: str) -> str:
    """Tell the weather."""
    return city


async def converse(runner: Runner, store: Store) -> Session:
    """Say things, and look at what came of them."""
    session = Session(
        runner, "p/m", "Be brief.", store=store, max_context_tokens=8000, strategy=Trim()
    )
    async with session.stream("Hi", keep_partial=True, temperature=0.5) as stream:
        assert_type(stream, SessionStream)
        async for event in stream:
            assert_type(event, Event)
        assert_type(stream.cost, Decimal | None)
        assert_type(stream.usage, Usage)
    assert_type(await session.send(["See", Image.from_path("a.png")]), ChatResponse)
    assert_type(await session.retry().collect(), ChatResponse)
    await session.edit("Ho").collect()
    session.inject(user("By the way"), tool_result("c", "x"))
    await session.stream_current().collect()
    tool = Tool("own", "Own.", {"type": "object"})
    assert_type(await session.run_tools("Rain?", [weather, (tool, weather)]), ChatResponse)
    assert_type(session.messages, tuple[Message, ...])
    assert_type(session.turns, tuple[Turn, ...])
    assert_type(session.undo(), tuple[Message, ...])
    assert_type(session.last_partial, ChatResponse | None)
    assert_type(session.cost, Decimal | None)
    session.switch_model("p/other")
    session.system = None
    session.clear()
    session.save("a.jsonl")
    assert_type(Session.load(runner, "a.jsonl", max_context_tokens=10), Session)
    return session.fork()


async def keep(runner: Runner) -> None:
    """Look for what was kept."""
    async with Store() as store:
        assert_type(await store.conversations(limit=3), Sequence[ConversationSummary])
        assert_type(await store.conversation("3f"), KeptConversation)
        assert_type(await store.search("river"), Sequence[Found])
        session = await Session.resume(runner, store, "3f", strategy=Summarise("p/small"))
        assert_type(session.id, str | None)
        await session.flush()
        await store.delete("3f")


async def own(window: Window) -> Sequence[Message]:
    """Choose what is sent."""
    return [*window.history[-2:], *window.asked]


def limited() -> Session:
    """Use a strategy and a budget of one's own."""
    runner = Runner(middleware=[Budget(max_cost="1.50", max_tokens=1000)])
    return Session(runner, "p/m", max_context_tokens=100, strategy=own)


def wrong(session: Session) -> None:
    """Make mistakes that a type checker finds."""
    session.stream("Hi", temprature=1)  # type: ignore[call-arg]  # no such option
    session.stream(3)  # type: ignore[arg-type]  # no prompt
    session.model = "p/m"  # type: ignore[misc, assignment]  # switch_model does it
