"""The provider, through a real runner and real HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headwater import (
    AuthenticationError,
    ChatResponse,
    ConfigurationError,
    ContextTooLong,
    Image,
    InvalidRequest,
    Message,
    ModelNotFound,
    Overloaded,
    ProtocolError,
    Provenance,
    RawFrame,
    Reasoning,
    Role,
    Runner,
    StreamInterrupted,
    UnsupportedFeature,
    Usage,
    user,
)
from headwater.discovery import Registry
from headwater.middleware import Retry
from headwater_ollama import Ollama

from .loopback import Answer, Asked, asking
from .samples import DONE, THOUGHT_AND_CALLS, lines, said

HELLO = Answer(lines(said(content="Hel"), said(content="lo"), DONE))
KEY = "ollama-key-0123456789"


def _refusal(status: int, message: str) -> Answer:
    body = json.dumps({"error": message}).encode()
    return Answer(body, status, "application/json")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of this machine out of the tests."""
    for name in ("OLLAMA_HOST", "OLLAMA_API_KEY", "HEADWATER_OLLAMA_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


async def _asked(*, api_key: str | None = None) -> Asked:
    async with asking(HELLO, api_key=api_key) as (server, runner):
        await runner.stream_chat("p/m", "Hi").collect()
    return server.asked[0]


def test_the_plugin_is_found_by_its_name() -> None:
    """The entry point leads to the provider, with what it declares."""
    provider = Registry().get("ollama")
    assert provider.info.title == "Ollama"
    assert provider.info.limits.first_content_s == 300
    assert not provider.implements("count_usage")


def test_nothing_is_read_at_construction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider object can be made whatever the environment holds."""
    monkeypatch.setenv("OLLAMA_HOST", "no address at all")
    monkeypatch.setenv("OLLAMA_API_KEY", "no key at all")
    assert Ollama().base_url is None


async def test_a_stream_is_asked_for() -> None:
    """The request goes to the chat's path, with a body that says to stream."""
    asked = await _asked()
    assert asked.target == "POST /api/chat"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["accept"] == "application/x-ndjson"
    assert asked.body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
    }


async def test_no_key_is_sent_where_there_is_none() -> None:
    """A server of one's own needs no key, and gets no header for one."""
    assert "authorization" not in (await _asked()).headers


async def test_the_key_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is set goes as a bearer token."""
    monkeypatch.setenv("OLLAMA_API_KEY", f"{KEY}\n")
    assert (await _asked()).headers["authorization"] == f"Bearer {KEY}"


async def test_an_argument_wins_over_the_key_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the application passes counts."""
    monkeypatch.setenv("OLLAMA_API_KEY", "another-key")
    assert (await _asked(api_key=KEY)).headers["authorization"] == f"Bearer {KEY}"


async def test_no_key_goes_to_another_machine_in_clear() -> None:
    """A key over plain http to another host is refused before a connection is made."""
    async with Runner(providers={"p": Ollama("gpu.example", KEY)}) as runner:
        with pytest.raises(ConfigurationError, match="plain http") as caught:
            await runner.chat("p/m", "Hi")
    assert KEY not in str(caught.value)


async def test_the_host_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """OLLAMA_HOST is read at the first use, without a scheme and with a path."""
    async with asking(HELLO) as (server, _), Runner(providers={"p": Ollama()}) as runner:
        monkeypatch.setenv("OLLAMA_HOST", f"{server.url.removeprefix('http://')}/behind/")
        assert (await runner.chat("p/m", "Hi")).text == "Hello"
    assert server.asked[0].target == "POST /behind/api/chat"


@pytest.mark.parametrize("size", ["line", "lines"])
async def test_a_whole_answer_equals_the_folded_stream(size: str) -> None:
    """`chat` gives what the stream amounts to, whether the server takes `stream: false` or not."""
    parts = {
        "thinking": "Hm.",
        "content": "Hello",
        "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}],
    }
    streamed = lines(*(said(**{name: value}) for name, value in parts.items()), DONE)
    whole = json.dumps({**said(**parts), **DONE}).encode() if size == "line" else streamed
    answers = Answer(streamed), Answer(whole, media_type="application/json")
    async with asking(*answers) as (server, runner):
        folded = await runner.stream_chat("p/m", "Hi").collect()
        assert await runner.chat("p/m", "Hi") == folded
    assert [asked.body["stream"] for asked in server.asked] == [True, False]


async def test_every_slice_gives_the_same_answer() -> None:
    """However the network cuts the bytes, the answer is the same."""
    answers: list[ChatResponse] = []
    for seed in "abcdef":
        async with asking(Answer(THOUGHT_AND_CALLS), seed=seed) as (_, runner):
            answers.append(await runner.stream_chat("p/m", "Hi").collect())
    assert answers == [answers[0]] * 6


async def test_raw_frames_are_the_lines() -> None:
    """With `raw` each line is shown as it came."""
    async with asking(HELLO) as (_, runner), runner.stream_chat("p/m", "Hi", raw=True) as stream:
        frames = [event.data async for event in stream if isinstance(event, RawFrame)]
    assert frames == HELLO.body.splitlines()


async def test_a_stream_without_its_end_mark_is_interrupted() -> None:
    """Bytes that end in good order before `done` are no success, and nothing is lost of them."""
    async with asking(Answer(lines(said(content="Hal")))) as (_, runner):
        with pytest.raises(StreamInterrupted) as caught:
            await runner.stream_chat("p/m", "Hi").collect()
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Hal"


async def test_a_whole_answer_without_its_end_mark_is_interrupted() -> None:
    """An answer that does not say that it is done is no success either."""
    async with asking(Answer(lines(said(content="Hal")))) as (_, runner):
        with pytest.raises(StreamInterrupted):
            await runner.chat("p/m", "Hi", attempts=1)


async def test_bad_utf8_at_the_end_is_no_answer() -> None:
    """A last line that is broken in the middle of a letter counts as cut."""
    half = Answer(lines(said(content="Hal")) + b'{"model": "\xff"}')
    async with asking(half) as (_, runner):
        with pytest.raises(StreamInterrupted) as caught:
            await runner.stream_chat("p/m", "Hi").collect()
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Hal"


async def test_a_busy_server_is_asked_again() -> None:
    """A failure before the first content is invisible, by status or inside a 200."""
    busy = "server busy, please try again.  maximum pending requests exceeded"
    answers = _refusal(503, busy), Answer(lines({"error": busy})), HELLO
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async with asking(*answers) as (server, runner):
        stream = runner.stream_chat("p/m", "Hi", middleware=[Retry(sleep=sleep)])
        assert (await stream.collect()).text == "Hello"
    assert (len(server.asked), len(waits)) == (3, 2)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (_refusal(404, "model 'm' not found"), ModelNotFound, "`ollama pull m`"),
        (_refusal(400, '"m" does not support tools'), UnsupportedFeature, "does not support tools"),
        (_refusal(400, "the input length exceeds the context length"), ContextTooLong, "context"),
        (_refusal(401, "unauthorized"), AuthenticationError, "OLLAMA_API_KEY"),
        (_refusal(503, "server busy, please try again."), Overloaded, "busy"),
        (Answer(b"404 page not found", 404, "text/plain"), ModelNotFound, "OLLAMA_HOST"),
        (Answer(b"<html>Hi</html>", 200, "text/html"), ProtocolError, "web page"),
        (Answer(b"Ollama is running\n", 200, "text/plain"), ProtocolError, "a line of Ollama"),
        (Answer(b"", 200), StreamInterrupted, "without a byte"),
    ],
    ids=["model", "tools", "context", "key", "busy", "path", "page", "text", "nothing"],
)
async def test_bad_input_says_what_to_do(answer: Answer, kind: type[Exception], words: str) -> None:
    """Each refusal is of its class, with the server's words and what to do."""
    async with asking(answer) as (_, runner):
        with pytest.raises(kind, match=words):
            await runner.chat("p/m", "Hi", attempts=1)


async def test_what_cannot_be_sent_is_refused_before_anything_is() -> None:
    """An image by its address costs no request."""
    picture = user("What is this?", Image.from_url("https://example.org/a.png"))
    async with asking(HELLO) as (server, runner):
        with pytest.raises(UnsupportedFeature, match="from_bytes"):
            await runner.chat("p/m", [picture])
    assert server.asked == []


async def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    """An `extra` that cannot be written is the caller's fault, named as such."""
    async with asking(HELLO) as (server, runner):
        with pytest.raises(InvalidRequest, match="extra"):
            await runner.chat("p/m", "Hi", extra={"path": tmp_path.stat})  # type: ignore[dict-item]  # on purpose
    assert server.asked == []


async def test_a_foreign_conversation_goes_on() -> None:
    """What could not be sent of another wire's answer is on this one."""
    theirs = Message(Role.ASSISTANT, (Reasoning("Hm."), *user("Hi.").parts), origin="theirs")
    async with asking(HELLO) as (server, runner):
        response = await runner.chat("p/m", [user("Hi"), theirs, user("Go on")])
    assert response.dropped == ("reasoning of theirs",)
    assert server.asked[0].body["messages"][1] == {"role": "assistant", "content": "Hi."}


async def test_usage_that_nobody_reports_is_estimated() -> None:
    """Without counts the core counts, and says so."""
    answer = Answer(lines(said(content="Hello"), {"done": True, "done_reason": "stop"}))
    async with asking(answer) as (_, runner):
        assert (await runner.chat("p/m", "Hi")).usage.provenance is Provenance.ESTIMATED


async def test_input_is_estimated_without_asking() -> None:
    """The server counts nothing beforehand, so the core estimates and nothing is sent."""
    async with asking(HELLO) as (server, runner):
        usage: Usage = await runner.count_usage("p/m", "Hi")
    assert usage.provenance is Provenance.ESTIMATED
    assert server.asked == []
