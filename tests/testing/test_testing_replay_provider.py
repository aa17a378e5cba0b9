"""The provider `replay`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from headwater import (
    ConfigurationError,
    InvalidRequest,
    Overloaded,
    RawFrame,
    Runner,
    StreamInterrupted,
    UnknownProvider,
)
from headwater.errors import FirstContentTimeout
from headwater.testing import End, FaultServer, Record, ReplayTransport, Wait, payloads, respond
from headwater.testing.fault_server import Script
from headwater.testing.payloads import Wire
from headwater.testing.replay_provider import Replay, _Waiting
from headwater_anthropic import Anthropic
from headwater_chat_completions.local_services import compatible

FRAMES = payloads.stream(Wire.ANTHROPIC)
MODEL = "anthropic/any"


async def recorded(
    folder: Path, script: Script, model: str = MODEL, *, is_whole: bool = False
) -> Path:
    """Record one exchange with a server that plays a script."""
    async with FaultServer(script) as server, Record(folder) as record:
        providers = {
            "anthropic": Anthropic(api_key="sk-0123456789", base_url=server.url),
            "compatible": compatible(base_url=server.url),
        }
        async with Runner(providers=providers, transport=record, middleware=()) as runner:
            try:
                if is_whole:
                    await runner.chat(model, "Hi")
                else:
                    await runner.stream_chat(model, "Hi").collect()
            except (Overloaded, StreamInterrupted):
                pass
    (file,) = await asyncio.to_thread(lambda: list(folder.glob("*.jsonl")))
    return file


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the keys away, which nobody needs for a replay."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)


async def test_a_file_is_a_model(tmp_path: Path) -> None:
    """The installed plugin decodes it, without a key, at the recording's pace."""
    file = await recorded(tmp_path, respond(*FRAMES[:4], Wait(0.05), *FRAMES[4:]))
    async with Runner() as runner, runner.stream_chat(f"replay/{file}", "Whatever") as stream:
        response = await stream.collect()
        assert (response.text, response.model) == ("Hello, world!", "sample-1")
        assert stream.metrics.longest_gap_s is not None
        assert stream.metrics.longest_gap_s >= 0.04


async def test_a_whole_answer_is_a_model(tmp_path: Path) -> None:
    """An answer that did not come as a stream is played, too."""
    body = payloads.whole(Wire.ANTHROPIC)
    script = respond(body, headers={"content-type": "application/json"})
    file = await recorded(tmp_path, script, is_whole=True)
    async with Runner(providers={"mine": Replay(slices=7)}) as runner:
        assert (await runner.chat(f"mine/{file}", "Hi")).text == "Hello, world!"


async def test_a_provider_without_an_address_gets_one(tmp_path: Path) -> None:
    """What a plugin insists on is taken from the recording."""
    script = respond(*payloads.stream(Wire.CHAT_COMPLETIONS))
    file = await recorded(tmp_path, script, "compatible/any")
    async with Runner() as runner:
        assert (await runner.chat(f"replay/{file}", "Hi")).text == "Hello, world!"


async def test_an_address_of_the_environment_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent there, either."""
    monkeypatch.setenv("HEADWATER_ANTHROPIC_BASE_URL", "https://nowhere.invalid")
    file = await recorded(tmp_path, respond(*FRAMES))
    async with Runner() as runner:
        assert (await runner.chat(f"replay/{file}", "Hi")).text == "Hello, world!"


async def test_it_is_a_whole_transport() -> None:
    """A wait for something that is no HTTP goes through the call, too."""
    transport = ReplayTransport()
    assert await _Waiting(transport, transport).wait(asyncio.sleep(0, "waited")) == "waited"


async def test_a_cut_answer_is_cut_again(tmp_path: Path) -> None:
    """The error and the partial answer are those of the day."""
    file = await recorded(tmp_path, respond(*FRAMES[:4], End()))
    async with Runner() as runner:
        with pytest.raises(StreamInterrupted) as caught:
            await runner.chat(f"replay/{file}", "Hi")
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Hello"
    assert caught.value.provider == "anthropic"


async def test_a_refusal_is_refused_once(tmp_path: Path) -> None:
    """A recording says the same again, so it is not asked again."""
    script = respond(payloads.error_body(Wire.ANTHROPIC, 529), status=529)
    file = await recorded(tmp_path, script)
    async with Runner() as runner:
        with pytest.raises(Overloaded) as caught:
            await runner.chat(f"replay/{file}", "Hi")
    assert (caught.value.attempts, caught.value.status) == (1, 529)


@pytest.mark.slow
async def test_limits_hold(tmp_path: Path) -> None:
    """The waits of a recording are those of the call that plays it."""
    file = await recorded(tmp_path, respond(FRAMES[0], Wait(0.3), *FRAMES[1:]))
    async with asyncio.timeout(5), Runner() as runner:
        with pytest.raises(FirstContentTimeout):
            await runner.stream_chat(f"replay/{file}", "Hi", first_content_s=0.05).collect()


async def test_no_raw_frames(tmp_path: Path) -> None:
    """Of a replay there are events alone."""
    file = await recorded(tmp_path, respond(*FRAMES))
    async with Runner() as runner, runner.stream_chat(f"replay/{file}", "Hi", raw=True) as stream:
        assert not [event async for event in stream if isinstance(event, RawFrame)]


@pytest.mark.parametrize(
    ("head", "kind", "told"),
    [
        (None, ConfigurationError, "cannot read the recording"),
        ({"a": 1}, ConfigurationError, "is no recording"),
        ({"operation": "list_models"}, InvalidRequest, "this recording is of list_models"),
        ({}, InvalidRequest, "this recording is of a request outside of a Runner"),
        ({"model": "nobody/any"}, UnknownProvider, "no plugin provides 'nobody'"),
    ],
    ids=["missing", "foreign", "another operation", "no call", "no plugin"],
)
async def test_what_cannot_be_played_is_said(
    tmp_path: Path, head: dict[str, object] | None, kind: type[Exception], told: str
) -> None:
    """Each has an error that says what was expected."""
    file = tmp_path / "one.jsonl"
    if head is not None:
        whole = {"headwater_recording": 1, "request": {"method": "POST", "url": "https://h.test"}}
        file.write_text(json.dumps(head if "a" in head else {**whole, **head}), encoding="utf-8")
    async with Runner() as runner:
        with pytest.raises(kind, match=told):
            await runner.chat(f"replay/{file}", "Hi")
