"""Recordings of Gemini, through a real runner and real HTTP, and back as history."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from headwater import (
    AuthenticationError,
    ChatRequest,
    ChatResponse,
    ContextTooLong,
    FinishReason,
    HeadwaterError,
    InvalidRequest,
    Message,
    ModelId,
    ModelNotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    Provenance,
    QuotaExceeded,
    RateLimited,
    Runner,
    ServerError,
    StreamInterrupted,
    Tool,
    Usage,
    fold,
    tool_result,
    user,
)
from headwater.errors import printable
from headwater.wire.sse import SSEDecoder
from headwater_google import Google
from headwater_google._decode import Decoder
from headwater_google._encode import encode_request

VARIABLE = "HEADWATER_RECORDINGS"
FOLDERS = ("google", "google-vertex")
NOBODYS = "skip_thought_signature_validator"  # sent for a call that nobody signed
APIS = ("gemini-stream", "gemini-generate", "gemini-count", "models")


@attrs.frozen
class Recording:
    """Hold what Google once answered, and what a correct client makes of it."""

    name: str
    api: str
    status: int
    headers: Mapping[str, str]
    body: bytes = attrs.field(repr=False)
    request: Mapping[str, Any] = attrs.field(repr=False)
    expected: Mapping[str, Any] = attrs.field(repr=False)

    @classmethod
    def read(cls, folder: Path) -> Recording:
        """Read the files of one case."""
        meta = json.loads((folder / "meta.json").read_bytes())
        return cls(
            f"{folder.parent.name}/{folder.name}",
            meta["api"],
            meta["status"],
            {name.lower(): value for name, value in (meta["headers"] or {}).items()},
            (folder / "response.body").read_bytes(),
            json.loads((folder / "request.json").read_bytes()) or {},
            json.loads((folder / "expected.json").read_bytes()),
        )

    @property
    def is_stream(self) -> bool:
        """Tell whether the answer was asked for as a stream."""
        return self.api == "gemini-stream"

    @property
    def is_array(self) -> bool:
        """Tell whether it was asked for without alt=sse."""
        return self.is_stream and self.body.lstrip()[:1] == b"["


def _recordings() -> list[Recording]:
    where = os.environ.get(VARIABLE)
    if not where:
        return []
    metas = [meta for name in FOLDERS for meta in sorted(Path(where).glob(f"{name}/*/meta.json"))]
    found = [Recording.read(meta.parent) for meta in metas]
    return [recording for recording in found if recording.api in APIS]


ALL = _recordings()
CHATS = [one for one in ALL if one.api in ("gemini-stream", "gemini-generate")]
GOOD = [one for one in CHATS if one.status < 400 and not one.expected["error"]]
ARRAYS = [one for one in GOOD if one.is_array]
ANSWERS = [one for one in GOOD if not one.is_array]
STREAMS = [one for one in ANSWERS if one.is_stream]
FAILURES = [one for one in CHATS if one.expected["error"]]
COUNTS = [one for one in ALL if one.api == "gemini-count" and one.status < 400]
LISTS = [one for one in ALL if one.api == "models" and one.status < 400]

pytestmark = pytest.mark.skipif(not ALL, reason=f"{VARIABLE} is not set: no recordings to serve")


def _each(cases: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", cases, ids=[case.name for case in cases])


def _slices(body: bytes, seed: str) -> Iterator[bytes]:
    """Cut bytes at random, the same for a seed: some pieces of a few bytes, some of thousands."""
    dice = random.Random(seed)
    start = 0
    while start < len(body):
        end = start + dice.randint(1, dice.choice((7, 4000)))
        yield body[start:end]
        start = end


@asynccontextmanager
async def _served(recording: Recording) -> AsyncGenerator[str, None]:
    """Serve a recording to every request; gives the base URL."""
    framing = ("content-length", "transfer-encoding", "content-encoding")
    sent = {"content-type": "text/event-stream", **recording.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items() if name not in framing)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {recording.status} OK\r\n{head}connection: close\r\n\r\n".encode())
        for piece in _slices(recording.body, recording.name):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)  # so that the client reads between the pieces
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def _runner(recording: Recording) -> AsyncGenerator[Runner, None]:
    async with (
        _served(recording) as url,
        Runner(providers={"google": Google("test-key", url)}) as runner,
    ):
        yield runner


async def _answer(recording: Recording) -> ChatResponse:
    """Ask for what was recorded, as a stream where it was one."""
    model = f"google/{recording.request.get('model') or 'gemini-x'}"
    async with _runner(recording) as runner:
        if recording.is_stream:
            return await runner.stream_chat(model, "Hello", attempts=1).collect()
        return await runner.chat(model, "Hello", attempts=1)


@_each(ANSWERS)
async def test_text_and_reasoning_are_those_that_were_sent(recording: Recording) -> None:
    """Text and reasoning come out whole, in order and once, whatever the slices."""
    response = await _answer(recording)
    assert response.text == recording.expected["text"]
    assert response.reasoning == recording.expected["reasoning"]


@_each(ANSWERS)
async def test_tool_calls_are_assembled(recording: Recording) -> None:
    """Each call has its name, its arguments and the wire's id, or one of its own."""
    calls = (await _answer(recording)).tool_calls
    expected = recording.expected["tool_calls"]
    assert [(call.name, call.arguments) for call in calls] == [
        (call["name"], call["arguments"]) for call in expected
    ]
    assert all(call.is_valid and json.loads(call.raw_arguments) == call.arguments for call in calls)
    for call, wanted in zip(calls, expected, strict=True):
        assert wanted["id"] in (None, call.call_id)
    assert len({call.call_id for call in calls}) == len(calls)


@_each(ANSWERS)
async def test_the_end_is_the_one_that_was_sent(recording: Recording) -> None:
    """The provider's own word is kept; a refused prompt ends with the reason of that."""
    response = await _answer(recording)
    feedback = recording.expected["extra"].get("prompt_feedback", {})
    word = recording.expected["finish_reason"] or feedback.get("blockReason")
    assert response.raw_reason == word
    assert response.finish_reason is not None
    called = word == "STOP" and bool(recording.expected["tool_calls"])
    assert (response.finish_reason is FinishReason.TOOL_CALLS) == called
    if "model" in recording.expected:
        assert response.model == recording.expected["model"]
        assert response.response_id == recording.expected.get("response_id")


def _known(usage: Usage) -> dict[str, int | None]:
    return {
        "input_total": usage.input_tokens,
        "output_total": usage.output_tokens,
        "cached": usage.cached_input_tokens,
        "reasoning": usage.reasoning_tokens,
    }


@_each(ANSWERS)
async def test_usage_adds_up(recording: Recording) -> None:
    """Input includes cached and tool tokens, output the thoughts; what was not sent is unknown."""
    usage = (await _answer(recording)).usage
    wire = recording.expected["usage"]
    if not any(value is not None for value in (wire or {}).values()):
        assert usage.provenance is not Provenance.REPORTED
        return
    assert usage.provenance is Provenance.REPORTED
    assert _known(usage) == {
        **recording.expected["usage_totals"],
        "cached": wire["cached_input_tokens"],
        "reasoning": wire["reasoning_tokens"],
    }


@_each(ARRAYS)
async def test_an_array_ends_in_a_clear_error(recording: Recording) -> None:
    """A stream that was asked for without alt=sse says what was lost."""
    with pytest.raises(ProtocolError, match="alt=sse"):
        await _answer(recording)


CLASSES: Mapping[int, type[HeadwaterError]] = {
    400: InvalidRequest,
    401: AuthenticationError,
    403: PermissionDenied,
    404: ModelNotFound,
    429: RateLimited,
    503: Overloaded,
}


def _class_of(expected: Mapping[str, Any], body: bytes) -> type[HeadwaterError]:
    """Choose the class that an error must have, by its code and what stands beside it."""
    if b"API_KEY_INVALID" in body:
        return AuthenticationError
    if b"input token count" in body:
        return ContextTooLong
    if b"PerDay" in body:
        return QuotaExceeded
    return CLASSES.get(expected["code"], ServerError)


@_each(FAILURES)
async def test_a_failure_keeps_its_meaning(recording: Recording) -> None:
    """An error has the class, status, message, word and retryability that was sent."""
    expected = recording.expected["error"]
    with pytest.raises(HeadwaterError) as caught:
        await _answer(recording)
    error = caught.value
    assert type(error) is _class_of(expected, recording.body)
    assert error.status == expected["status"]
    assert error.is_retryable == expected["retryable"]
    assert error.message.startswith(printable(expected["message"].strip()[:500]))
    assert error.code == expected["type"]
    assert error.partial is None or error.partial.text == recording.expected["text"]


@_each(COUNTS)
async def test_a_count_is_the_one_that_was_sent(recording: Recording) -> None:
    """The input tokens are those of the wire."""
    async with _runner(recording) as runner:
        usage = await runner.count_usage("google/gemini-x", "Hello")
    assert usage.input_tokens == recording.expected["usage_totals"]["input_total"]
    assert usage.provenance is Provenance.REPORTED


@_each(LISTS)
async def test_models_are_those_that_were_sent(recording: Recording) -> None:
    """Each model has the name that a model id takes."""
    one_page = attrs.evolve(
        recording, body=json.dumps({**json.loads(recording.body), "nextPageToken": ""}).encode()
    )
    async with _runner(one_page) as runner:
        names = [model.name for model in await runner.list_models("google")]
    wire = recording.expected["extra"]["model_ids"]
    assert names == [name.removeprefix("models/") for name in wire]


def _candidate_parts(recording: Recording) -> list[dict[str, Any]]:
    """Read the parts of the first candidate from the wire, with nothing clever."""
    if recording.is_stream:
        lines = recording.body.decode().splitlines()
        chunks = [json.loads(line[5:]) for line in lines if line.startswith("data:")]
    else:
        chunks = [json.loads(recording.body)]
    contents = [c.get("content", {}) for chunk in chunks for c in chunk.get("candidates", [])[:1]]
    return [part for content in contents for part in content.get("parts", [])]


def _signed(parts: list[dict[str, Any]]) -> list[tuple[str, object, str]]:
    """Give each signature with the kind of its part, and what stands in that where it is whole."""
    found = []
    for part in parts:
        if part.get("thoughtSignature", NOBODYS) == NOBODYS:
            continue
        lone = "text"  # a signature alone is sent back on an empty text
        kind = next((key for key in part if key not in ("thought", "thoughtSignature")), lone)
        content = part[kind]["name"] if kind == "functionCall" else part.get(kind, "")
        found.append((kind, content, part["thoughtSignature"]))
    return found


def _next_turn(recording: Recording, message: Message) -> dict[str, Any]:
    """Encode the turn after an answer: the results of its calls, or a further question."""
    results = [tool_result(call.call_id, "done") for call in message.tool_calls]
    name = recording.request.get("model") or "gemini-x"
    history = (user("Hello"), message, *(results or [user("Go on")]))
    return encode_request(ChatRequest(model=ModelId("google", name), messages=history)).body


@_each(ANSWERS)
async def test_an_answer_is_history_for_the_next_turn(recording: Recording) -> None:
    """Signatures go back byte for byte on their parts, and every part that was whole unchanged."""
    response = await _answer(recording)
    contents: Any = _next_turn(recording, response.message)["contents"]
    sent = [part for content in contents if content["role"] == "model" for part in content["parts"]]
    wire = _candidate_parts(recording)
    assert _signed(sent) == _signed(wire)
    for kind in ("executableCode", "codeExecutionResult", "toolCall", "toolResponse", "inlineData"):
        assert [part for part in sent if kind in part] == [part for part in wire if kind in part]
    assert "".join(part.get("text", "") for part in sent) == "".join(
        part.get("text", "") for part in wire
    )
    results = [part["functionResponse"] for part in contents[-1]["parts"] if "text" not in part]
    calls = [part["functionCall"] for part in sent if "functionCall" in part]
    assert [(r["name"], r.get("id")) for r in results] == [(c["name"], c.get("id")) for c in calls]


@_each(ANSWERS)
async def test_a_whole_answer_equals_the_folded_stream(recording: Recording) -> None:
    """What a stream of one chunk gives is what the whole body gives, and the other way round."""
    parts = _candidate_parts(recording)
    if any("partialArgs" in part.get("functionCall", ()) for part in parts):
        return  # a whole answer has no calls in pieces
    whole = json.dumps({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]})
    decoder = Decoder()
    streamed = fold([*decoder.feed(whole), *decoder.close()])
    assert streamed == fold(Decoder().whole(whole.encode()))
    assert streamed.message == (await _answer(recording)).message


@_each(STREAMS)
async def test_a_stream_cut_between_events_is_interrupted(recording: Recording) -> None:
    """At every boundary before the end mark the error carries what had come, and no more."""
    frames = SSEDecoder().feed(recording.body)
    raw = [f"data: {frame.data}\r\n\r\n".encode() for frame in frames]
    ends = [b'"finishReason"' in frame or b'"blockReason"' in frame for frame in raw]
    for count in range(ends.index(True) + 1):
        cut = attrs.evolve(recording, body=b"".join(raw[:count]))
        with pytest.raises(StreamInterrupted) as caught:
            await _answer(cut)
        decoder = Decoder()
        events = [event for frame in frames[:count] for event in decoder.feed(frame.data)]
        partial = caught.value.partial
        assert partial is not None
        assert partial.message.parts == fold(events).message.parts
        assert partial.finish_reason is None
        assert recording.expected["text"].startswith(partial.text)


@_each([one for one in CHATS if one.request.get("body")])
def test_a_request_has_the_recorded_shape(recording: Recording) -> None:
    """Prompt, system instruction and tools are encoded as the recorded request has them."""
    body = recording.request["body"]
    contents = body["contents"]
    if any(part.keys() != {"text"} for content in contents for part in content["parts"]):
        contents = contents[:1]
    if any(content.get("role") != "user" for content in contents):
        return  # one was recorded to be refused
    messages = tuple(user(*(part["text"] for part in content["parts"])) for content in contents)
    declared = [
        declaration
        for tool in body.get("tools", ())
        for declaration in tool.get("functionDeclarations", ())
        if "parametersJsonSchema" in declaration
    ]
    tools = tuple(
        Tool(one["name"], one["description"], one["parametersJsonSchema"]) for one in declared
    )
    request = ChatRequest(model=ModelId("google", "gemini-x"), messages=messages, tools=tools)
    encoded = encode_request(request).body
    assert encoded["contents"] == contents
    if declared:
        assert encoded["tools"] == [{"functionDeclarations": declared}]
