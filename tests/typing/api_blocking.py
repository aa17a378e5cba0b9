"""The API without an event loop as a script writes it: never run, only type-checked."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import assert_type

from headwater import (
    ChatOptions,
    ChatResponse,
    Event,
    Health,
    Message,
    ModelId,
    ModelInfo,
    Usage,
    user,
)
from headwater.blocking import ChatStream, Runner, Session, SessionStream
from headwater.middleware import Log, Retry
from headwater.store import Store
from headwater.wire.http import HTTPTransport


def stream() -> None:
    with Runner() as runner:
        assert_type(runner, Runner)
        with runner.stream_chat("openai/gpt-5-mini", "Hi") as stream:
            assert_type(stream, ChatStream)
            for event in stream:
                assert_type(event, Event)
        assert_type(stream.response, ChatResponse)
        assert_type(stream.metrics.first_content_s, float | None)
        for text in runner.stream_chat("demo/eliza", [user("Hi")], temperature=0).text():
            assert_type(text, str)
        assert_type(runner.stream_chat("demo/eliza", "Hi").collect(), ChatResponse)
        assert_type(next(runner.stream_chat("demo/eliza", "Hi")), Event)


def calls(runner: Runner) -> None:
    options: ChatOptions = {"temperature": 0, "total_s": 10}
    assert_type(runner.chat(ModelId("p", "m"), user("Hi"), **options), ChatResponse)
    assert_type(runner.count_usage("p/m", "Hi"), Usage)
    assert_type(runner.check_health("p"), Health)
    for model in runner.list_models("p"):
        assert_type(model, ModelInfo)


def wrong(runner: Runner, session: Session) -> None:
    runner.stream_chat("p/m", "Hi", temprature=1)  # type: ignore[call-arg]  # no such option
    runner.chat("p/m", "Hi", reasoning="huge")  # type: ignore[arg-type]  # no such effort
    session.stream("Hi", temprature=1)  # type: ignore[call-arg]  # no such option


def settings() -> Runner:
    return Runner(transport=HTTPTransport(), middleware=[Log(), Retry()], read_ahead=10)


def weather(city: str) -> str:
    """Tell the weather."""
    return city


def converse(runner: Runner, store: Store) -> Session:
    session = Session(runner, "p/m", system="Be brief.", store=store, max_context_tokens=8000)
    with session.stream("Hi", keep_partial=True) as stream:
        assert_type(stream, SessionStream)
        for text in stream.text():
            assert_type(text, str)
        assert_type(stream.usage, Usage)
    assert_type(session.send("And?"), ChatResponse)
    assert_type(session.run_tools("Rain?", [weather], on_event=print), ChatResponse)
    assert_type(session.messages, tuple[Message, ...])
    assert_type(session.cost, Decimal | None)
    assert_type(session.fork(), Session)
    session.save(Path("session.jsonl"))
    return Session.load(runner, "session.jsonl", strategy=None)
