"""One log line for each call."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from headwater import (
    ChatRequest,
    ChatResponse,
    Event,
    Finished,
    FinishReason,
    Message,
    ModelInfo,
    Overloaded,
    Runner,
    Started,
    TextDelta,
    Usage,
    hookimpl,
)
from headwater.middleware import Log, Middleware, Retry
from headwater.wire.transport import Transport


class Recorder:
    """Keep what is logged."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, "level": "info", **fields})

    def warning(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, "level": "warning", **fields})


class Model:
    """Answer, fail, or think for ever, as the prompt says."""

    def __init__(self) -> None:
        self.failures = 0

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        prompt = request.messages[-1].text
        if prompt == "fail once" and self.failures == 0:
            self.failures += 1
            raise Overloaded("full", status=503, code="busy\x1b" + "x" * 100)
        yield Started("m-1", "r-1")
        yield TextDelta("a")
        if prompt == "fail":
            raise Overloaded("full of secrets", status=503)
        if prompt == "think":
            await transport.wait(asyncio.sleep(30))
        yield Finished(FinishReason.STOP, "stop", Usage(3, 4))

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:
        return ChatResponse(
            Message("assistant", "a"), finish_reason=FinishReason.LENGTH, usage=Usage(3, 4)
        )

    @hookimpl
    async def list_models(self, transport: Transport) -> list[ModelInfo]:
        return [ModelInfo("m")]


async def no_sleep(_seconds: float) -> None:
    """Do not wait."""


def runner_with(recorder: Recorder) -> Runner:
    """Make a runner that logs to a recorder."""
    layers: tuple[Middleware, ...] = (Log(recorder), Retry(sleep=no_sleep))
    return Runner(providers={"p": Model()}, middleware=layers)


async def test_a_finished_call_is_one_line() -> None:
    """With what somebody who watches costs and speed wants to know."""
    recorder = Recorder()
    await runner_with(recorder).stream_chat("p/m", "Hi").collect()
    (line,) = recorder.lines
    assert (line["event"], line["level"], line["operation"]) == (
        "call.finished",
        "info",
        "stream_chat",
    )
    assert (line["provider"], line["model"], line["attempt"]) == ("p", "m", 1)
    assert (line["input_tokens"], line["output_tokens"]) == (3, 4)
    assert (line["usage_provenance"], line["finish_reason"]) == ("reported", "stop")
    assert 0 <= line["first_content_s"] <= line["total_s"]


async def test_a_failed_call_is_one_line_without_its_message() -> None:
    """The message may quote the conversation; class, category and status do not."""
    recorder = Recorder()
    with pytest.raises(Overloaded):
        await runner_with(recorder).stream_chat("p/m", "fail").collect()
    (line,) = recorder.lines
    assert (line["event"], line["level"]) == ("call.failed", "warning")
    assert (line["error"], line["category"], line["status"]) == ("Overloaded", "server", 503)
    assert "secrets" not in str(line)


async def test_a_retry_is_a_line_of_its_own() -> None:
    """With the wait, and a code fit for a terminal."""
    recorder = Recorder()
    await runner_with(recorder).stream_chat("p/m", "fail once").collect()
    retried, finished = recorder.lines
    assert (retried["event"], retried["attempt"]) == ("attempt.retried", 1)
    assert (finished["event"], finished["attempt"]) == ("call.finished", 2)
    assert (retried["code"].startswith("busy\\x1b"), len(retried["code"])) == (True, 80)
    assert retried["wait_s"] >= 0


async def test_a_cancelled_call_is_said_to_be_so() -> None:
    """Cancelled, or left before its end."""
    recorder = Recorder()
    task = asyncio.create_task(runner_with(recorder).stream_chat("p/m", "think").collect())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with runner_with(recorder).stream_chat("p/m", "Hi") as stream:
        await anext(stream)
    assert [line["event"] for line in recorder.lines] == ["call.cancelled", "call.cancelled"]


async def test_a_stream_left_at_its_end_is_finished() -> None:
    """Who leaves with the last event has it all."""
    recorder = Recorder()
    async with runner_with(recorder).stream_chat("p/m", "Hi") as stream:
        async for event in stream:
            if isinstance(event, Finished):
                break
    assert [line["event"] for line in recorder.lines] == ["call.finished"]


async def test_calls_of_each_kind_are_logged() -> None:
    """Whatever they give, what is known of it is said."""
    recorder = Recorder()
    runner = runner_with(recorder)
    await runner.chat("p/m", "Hi")
    await runner.count_usage("p/m", "Hi")
    await runner.list_models("p")
    chat, count, models = recorder.lines
    assert (chat["operation"], chat["finish_reason"], chat["output_tokens"]) == (
        "chat",
        "length",
        4,
    )
    assert (count["operation"], count["usage_provenance"]) == ("count_usage", "estimated")
    assert (models["operation"], models["input_tokens"]) == ("list_models", None)


async def test_structlog_as_the_application_configured_it_is_used() -> None:
    """Where there is a configuration, that holds."""
    structlog.configure()
    try:
        with capture_logs() as lines:
            await Runner(providers={"p": Model()}).chat("p/m", "Hi")
    finally:
        structlog.reset_defaults()
    assert [line["event"] for line in lines] == ["call.finished"]


@pytest.fixture
def stdlib_logger() -> Iterator[logging.Logger]:
    """Give the library's logger, and put it back as it was."""
    logger = logging.getLogger("headwater")
    yield logger
    logger.setLevel(logging.NOTSET)


async def test_without_structlog_the_standard_logger_is_used(
    caplog: pytest.LogCaptureFixture, stdlib_logger: logging.Logger
) -> None:
    """As lines of keys and values, at their level."""
    stdlib_logger.setLevel(logging.INFO)
    await Runner(providers={"p": Model()}).chat("p/m", "Hi")
    assert "event='call.finished'" in caplog.text


async def test_a_logger_that_is_off_gets_nothing(
    caplog: pytest.LogCaptureFixture, stdlib_logger: logging.Logger
) -> None:
    """And the answer comes all the same."""
    stdlib_logger.setLevel(logging.CRITICAL)
    stream = Runner(providers={"p": Model()}).stream_chat("p/m", "Hi")
    assert (await stream.collect()).text == "a"
    assert caplog.text == ""


def test_a_library_prints_nothing_by_itself() -> None:
    """In a program that has set up no logging, a failure is silent but for its exception."""
    program = (
        "import asyncio, headwater, sys\n"
        "async def main():\n"
        "    try: await headwater.Runner().chat('no-such-provider/m', 'Hi')\n"
        "    except headwater.UnknownProvider: print('structlog' in sys.modules)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
