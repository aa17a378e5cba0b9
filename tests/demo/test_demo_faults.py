"""Models that go wrong as they are named: the same failures as on a wire, without one."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncGenerator, Sequence

import attrs
import pytest

from headwater import (
    ChatOptions,
    FinishReason,
    HeadwaterError,
    InvalidRequest,
    ModelNotFound,
    Provenance,
    Runner,
    Tool,
)
from headwater.middleware import Deadline, Log, Middleware, Retry, Timeout
from headwater.testing.fault_server import (
    PING,
    Answer,
    End,
    FaultServer,
    Repeat,
    Reset,
    Stall,
    Wait,
    respond,
)
from headwater_chat_completions import ChatCompletions
from headwater_demo import Demo

SAID = "one two three four five"
WORDS = ("one", " two", " three", " four", " five")
LIMITS: ChatOptions = {"first_content_s": 0.1, "idle_s": 0.1, "content_gap_s": 0.15}
WEATHER = Tool("weather", "Tell the weather.", {"type": "object", "properties": {}})


@attrs.frozen
class Outcome:
    """What a caller sees of a call that failed, or None for each where it did not."""

    kind: type[HeadwaterError] | None
    is_retryable: bool | None
    status: int | None
    retry_after_s: float | None
    attempts: int
    text: str
    finish_reason: FinishReason | None
    provenance: Provenance


@pytest.fixture
def layers() -> Sequence[Middleware]:
    """Give the default layers, which do not wait between attempts."""

    async def sleep(_seconds: float) -> None:
        return

    return [Log(), Deadline(), Retry(sleep=sleep), Timeout()]


@pytest.fixture
async def runner(layers: Sequence[Middleware]) -> AsyncGenerator[Runner, None]:
    """Run calls against a demo that waits only where its name says so."""
    async with Runner(providers={"demo": Demo(delay_s=0)}, middleware=layers) as made:
        yield made


async def outcome(runner: Runner, model: str) -> Outcome:
    """Make a call, and say how it went."""
    stream = runner.stream_chat(model, SAID, **LIMITS)
    kind, error = None, None
    try:
        await stream.collect()
    except HeadwaterError as failed:
        kind, error = type(failed), failed
    response = stream.response
    assert error is None or error.partial == response
    return Outcome(
        kind,
        error.is_retryable if error else None,
        error.status if error else None,
        error.retry_after_s if error else None,
        stream.metrics.attempts,
        response.text,
        response.finish_reason,
        response.usage.provenance,
    )


def piece(text: str, reason: str | None = None) -> bytes:
    """Give a chunk of Chat Completions."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return b"data: %s\n\n" % json.dumps({"choices": [choice]}).encode()


def said(count: int) -> bytes:
    """Give the first words of the answer."""
    return b"".join(map(piece, WORDS[:count]))


def frame(**error: str) -> bytes:
    """Give an error frame."""
    return b"data: %s\n\n" % json.dumps({"error": error}).encode()


def refusal(status: int, code: str | None = None, **headers: str) -> Answer:
    """Give a refusal."""
    body = json.dumps({"error": {"message": "no", "code": code}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return respond(body, status=status, headers=named)


USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 5}}\n\n'
DONE = b"data: [DONE]\n\n"
WHOLE = respond(said(5), piece("", "stop"), USAGE, DONE)

WIRES: dict[str, list[Answer]] = {
    "fault-400": [refusal(400)],
    "fault-401": [refusal(401)],
    "fault-402": [refusal(402)],
    "fault-403": [refusal(403)],
    "fault-404": [refusal(404)],
    "fault-408": [refusal(408)],
    "fault-418": [refusal(418)],
    "fault-429": [refusal(429)],
    "fault-500": [refusal(500)],
    "fault-503": [refusal(503)],
    "fault-529": [refusal(529)],
    "fault-429-twice": [refusal(429), refusal(429), WHOLE],
    "fault-503-once": [refusal(503), WHOLE],
    "fault-503-retry-after-2s": [refusal(503, retry_after="2")],
    "fault-429-retry-after-99s": [refusal(429, retry_after="99")],
    "fault-quota": [refusal(429, "insufficient_quota")],
    "fault-context-length": [refusal(400, "context_length_exceeded")],
    "fault-cut-after-3": [respond(said(3), End())],
    "fault-cut": [respond(piece(""), End())],
    "fault-cut-twice": [respond(piece(""), End()), respond(piece(""), End()), WHOLE],
    "fault-reset-after-3": [respond(said(3), Wait(0.02), Reset())],
    "fault-reset-once": [respond(piece(""), Wait(0.02), Reset()), WHOLE],
    "fault-stall": [respond(piece(""), Stall())],
    "fault-stall-once": [respond(piece(""), Stall()), WHOLE],
    "fault-stall-after-2": [respond(said(2), Stall())],
    "fault-pings-after-2": [respond(said(2), Repeat(PING, 0.02))],
    "fault-pings": [respond(Repeat(PING, 0.02))],
    "fault-garbage": [respond(b"data: {{{\n\n", Stall())],
    "fault-garbage-after-3": [respond(said(3), b"data: {{{\n\n", Stall())],
    "fault-error-after-3": [respond(said(3), frame(message="no", type="server_error"))],
    "fault-error-once": [respond(frame(message="no", type="server_error")), WHOLE],
    "fault-overloaded-in-stream": [respond(frame(message="no", type="overloaded_error"))],
    "fault-overloaded-in-stream-after-2": [
        respond(said(2), frame(message="no", type="overloaded_error"))
    ],
    "fault-length-after-3": [respond(said(3), piece("", "length"), USAGE, DONE)],
    "fault-content-filter-after-3": [respond(said(3), piece("", "content_filter"), USAGE, DONE)],
    "fault-empty": [respond(piece("", "stop"), USAGE, DONE)],
    "fault-no-usage": [respond(said(5), piece("", "stop"), DONE)],
    "fault-slow-1ms": [WHOLE],
}


@pytest.mark.parametrize("name", WIRES)
async def test_it_fails_as_a_wire_does(
    runner: Runner, layers: Sequence[Middleware], name: str
) -> None:
    """The class of error, whether to retry, the attempts and the partial are those of a server."""
    async with FaultServer(*WIRES[name]) as server:
        wire = {"wire": ChatCompletions(f"{server.url}/v1")}
        async with Runner(providers=wire, middleware=layers) as wired:
            expected = await outcome(wired, "wire/m")
    assert await outcome(runner, f"demo/{name}") == expected


async def test_it_refuses_connections_as_a_machine_does(
    runner: Runner, layers: Sequence[Middleware]
) -> None:
    """Where nobody listens, the error is the same."""
    async with FaultServer() as server:
        wire = {"wire": ChatCompletions(f"{server.url}/v1")}
    async with Runner(providers=wire, middleware=layers) as wired:
        expected = await outcome(wired, "wire/m")
    assert await outcome(runner, "demo/fault-connect-refused") == expected


async def test_attempts_are_counted_call_by_call(runner: Runner) -> None:
    """Each of many calls at once is refused as often as the name says, and no oftener."""
    names = ["fault-429-once", "fault-429-twice", "fault-500-once", "fault-cut-once"]
    calls = [outcome(runner, f"demo/{name}") for name in names]
    made = await asyncio.gather(*calls)
    assert [(call.kind, call.attempts, call.text) for call in made] == [
        (None, 2, SAID),
        (None, 3, SAID),
        (None, 2, SAID),
        (None, 2, SAID),
    ]


async def test_equal_requests_of_two_calls_are_two(runner: Runner) -> None:
    """The second call with the same words begins to count again, and nothing is kept."""
    demo = Demo(delay_s=0)
    runner.add_provider("fresh", demo)
    first = await outcome(runner, "fresh/fault-503-once")
    second = await outcome(runner, "fresh/fault-503-once")
    assert (first.attempts, second.attempts) == (2, 2)
    gc.collect()  # errors refer to frames that refer to them
    assert demo._attempts._made == {}


async def test_what_is_to_fail_more_often_than_is_tried_fails(runner: Runner) -> None:
    """With three attempts, the fourth never comes."""
    assert (await outcome(runner, "demo/fault-503-3-times")).attempts == 3


async def test_a_refusal_has_its_words_apart(runner: Runner) -> None:
    """What a model says in place of an answer is no text of the answer's."""
    response = await runner.chat("demo/fault-refusal", SAID)
    assert response.finish_reason is FinishReason.REFUSAL
    assert response.usage.output_tokens == 5


async def test_arguments_may_be_broken(runner: Runner) -> None:
    """A call of the first tool has text that is no JSON, and says that it cannot be run."""
    response = await runner.chat("demo/fault-invalid-arguments", SAID, tools=[WEATHER])
    (call,) = response.tool_calls
    assert (call.name, call.arguments, call.is_valid) == ("weather", None, False)
    assert response.finish_reason is FinishReason.TOOL_CALLS


async def test_broken_arguments_need_a_tool(runner: Runner) -> None:
    """Without a tool to call the request is wrong, and the error says so."""
    with pytest.raises(InvalidRequest, match=r"give it tools=\[…\]"):
        await runner.chat("demo/fault-invalid-arguments", SAID)


async def test_a_tool_may_be_unknown(runner: Runner) -> None:
    """A call may name a tool that was never offered."""
    response = await runner.chat("demo/fault-unknown-tool", SAID, tools=[WEATHER])
    assert [call.name for call in response.tool_calls] == ["no_such_tool"]


async def test_an_endless_answer_can_be_left(runner: Runner) -> None:
    """It goes on until the reader leaves, or until a limit."""
    async with runner.stream_chat("demo/fault-endless", SAID) as stream:
        texts = stream.text()
        heard = "".join([await anext(texts) for _ in range(11)])
    assert heard == f"{SAID}\n{SAID}"
    assert (await outcome_within(runner, 0.05)) == "DeadlineExceeded"


async def outcome_within(runner: Runner, total_s: float) -> str:
    """Let an endless answer run into the deadline, and name the error."""
    try:
        await runner.chat("demo/fault-endless", SAID, total_s=total_s)
    except HeadwaterError as error:
        return type(error).__name__
    return "nothing"


async def test_being_late_can_pass(runner: Runner) -> None:
    """An attempt that comes too late is followed by one that does not."""
    made = await outcome(runner, "demo/fault-late-900ms-once")
    assert (made.kind, made.attempts, made.text) == (None, 2, SAID)


async def kinds_of_faults(names: Sequence[str]) -> list[type[HeadwaterError] | None]:
    """Make calls at once, none of which is tried twice: that would use up a common budget."""
    layers: list[Middleware] = [Deadline(), Retry(attempts=1), Timeout()]
    async with Runner(providers={"demo": Demo(delay_s=0)}, middleware=layers) as runner:
        made = await asyncio.gather(*[outcome(runner, f"demo/{name}") for name in names])
    assert all(SAID.startswith(call.text) for call in made)
    return [call.kind for call in made]


async def test_random_faults_are_the_same_again() -> None:
    """A number and a prompt always go the same way, other numbers other ways, and some well."""
    names = [f"fault-random-{number}" for number in range(40)]
    first = await kinds_of_faults(names)
    assert await kinds_of_faults(names) == first
    kinds = set(first)
    assert None in kinds
    assert len(kinds) > 3


@pytest.mark.parametrize(
    "name",
    [
        "fault-",
        "fault-nothing",
        "fault-429-thrice",
        "fault-200",
        "fault-4290",
        "fault-cut-after-",
        "fault-cut-after-03",
        "fault-cut-after-3-once",
        "fault-cut-after-٣",
        "fault-length-once",
        "fault-slow-5s",
        "fault-503-0-times",
        "fault-random-7-once",
        "FAULT-401",
    ],
)
async def test_a_name_is_read_strictly(runner: Runner, name: str) -> None:
    """What is no name of the demo's is told so, with what there is; nothing is guessed."""
    with pytest.raises(ModelNotFound, match=r"it has eliza, echo, fault-401, .*fault-cut-after-3"):
        await runner.chat(f"demo/{name}", SAID)


async def test_every_fault_that_is_listed_exists(runner: Runner) -> None:
    """What `list_models` gives can be asked for, and is described in a line."""
    for model in await runner.list_models("demo"):
        assert 10 < len(model.description) < 80
        stream = runner.stream_chat(f"demo/{model.name}", SAID, tools=[WEATHER], total_s=0.02)
        try:
            await stream.collect()
        except ModelNotFound:
            pytest.fail(f"{model.name} is listed, and there is no such model")
        except HeadwaterError:
            pass
