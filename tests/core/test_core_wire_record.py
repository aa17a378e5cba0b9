"""Real exchanges, written down as they pass."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest

from headwater import (
    ConfigurationError,
    ConnectFailed,
    HeadwaterError,
    Runner,
    Secret,
    ServerError,
    StreamInterrupted,
)
from headwater.errors import IdleTimeout
from headwater.testing import (
    End,
    FaultServer,
    Pause,
    Record,
    ReplayTransport,
    Reply,
    Stall,
    Wait,
    payloads,
    respond,
)
from headwater.wire.http import HTTPTransport
from headwater.wire.recording import Ending, Recording
from headwater.wire.transport import HTTPRequest
from headwater_anthropic import Anthropic

KEY = "sk-ant-0123456789-abcdef"
FRAMES = payloads.stream(payloads.Wire.ANTHROPIC)
REQUEST = HTTPRequest.post_json("https://server.test/chat?key=k", {"q": KEY}, {"k": Secret(KEY)})


def refuse(status: int, headers: Mapping[str, str], body: bytes) -> HeadwaterError:
    """Make an error, which the transport beneath an attempt leaves to that."""
    return ServerError("it failed", status=status)


def recordings(folder: Path) -> list[Recording]:
    """Read what was recorded, in order; nothing is left half written."""
    assert not list(folder.glob("*.part"))
    return [Recording.read(file) for file in sorted(folder.glob("*.jsonl"))]


def files(folder: Path) -> list[Path]:
    """List what is in a folder."""
    return list(folder.iterdir())


async def read(record: Record, chunks: int = 99) -> list[bytes]:
    """Read some chunks of an answer."""
    found = []
    async with record.send(REQUEST, errors=refuse) as response:
        for _ in range(chunks):
            if not (chunk := await response.read_chunk()):
                break
            found.append(chunk)
    return found


async def test_a_runner_records_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file an exchange: what was asked, what came, when, and no key anywhere."""
    monkeypatch.setenv("HEADWATER_RECORD", str(tmp_path / "new" / "folder"))
    echoed = b'event: ping\ndata: {"type":"ping","key":"' + KEY.encode() + b'"}\n\n'
    script = respond(*FRAMES[:4], Wait(0.05), echoed, *FRAMES[4:])
    async with FaultServer(script) as server:
        provider = Anthropic(api_key=KEY, base_url=server.url)
        async with Runner(providers={"anthropic": provider}) as runner:
            response = await runner.stream_chat("anthropic/any", f"Say {KEY}").collect()
    assert response.text == "Hello, world!"
    folder = tmp_path / "new" / "folder"
    (recording,) = recordings(folder)
    assert KEY not in next(folder.iterdir()).read_text(encoding="utf-8")
    assert recording.model == "anthropic/any"
    assert (recording.provider, recording.operation) == ("anthropic", "stream_chat")
    assert recording.attempt == 1
    assert recording.request.headers["x-api-key"] == "***"
    assert json.loads(recording.request.body or b"")["stream"] is True
    assert recording.status == 200
    assert recording.body == b"".join(
        [*FRAMES[:4], echoed.replace(KEY.encode(), b"*" * 24), *FRAMES[4:]]
    )
    times = [recording.answered_at_s, *(chunk.at_s for chunk in recording.chunks)]
    assert times == sorted(times, key=lambda at_s: at_s or 0.0)
    assert recording.chunks[-1].at_s - recording.chunks[0].at_s >= 0.04
    assert recording.ending is Ending.LEFT  # after the end mark there is nothing to wait for


async def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """A recording holds what people wrote."""
    await read(Record(tmp_path, ReplayTransport(Reply(b"x"))))
    (file,) = files(tmp_path)
    assert os.stat(file).st_mode & 0o077 == 0
    assert file.name.split("-")[1] == "request"  # no call is known outside of a Runner


async def test_chunks_pass_as_they_come(tmp_path: Path) -> None:
    """The reader gets the very bytes, before the file has them."""
    record = Record(tmp_path, ReplayTransport(Reply([KEY.encode(), b"b", Pause()])))
    async with record.send(REQUEST, errors=refuse) as response:
        assert [await response.read_chunk() for _ in range(2)] == [KEY.encode(), b"b"]
    (recording,) = recordings(tmp_path)
    assert [chunk.data for chunk in recording.chunks] == [b"*" * len(KEY), b"b"]
    assert recording.ending is Ending.LEFT
    assert recording.request.url == "https://server.test/chat?key=***"


async def test_the_end_of_the_body_is_recorded(tmp_path: Path) -> None:
    """An answer that is read to its end is complete."""
    assert await read(Record(tmp_path, ReplayTransport(Reply(b"all")))) == [b"all"]
    assert recordings(tmp_path)[0].ending is Ending.COMPLETE


async def test_a_broken_connection_is_recorded(tmp_path: Path) -> None:
    """So is what broke it, and all that came before."""
    record = Record(tmp_path, ReplayTransport(Reply([b"a", StreamInterrupted(f"reset {KEY}")])))
    with pytest.raises(StreamInterrupted):
        await read(record)
    (recording,) = recordings(tmp_path)
    assert (recording.body, recording.ending) == (b"a", Ending.FAILED)
    assert (recording.error, recording.message) == ("StreamInterrupted", f"reset {'*' * len(KEY)}")


async def test_a_connection_that_never_was_is_recorded(tmp_path: Path) -> None:
    """A failure before the answer leaves a recording without a status."""
    record = Record(tmp_path, ReplayTransport(Reply(b"", failure=ConnectFailed("nobody"))))
    with pytest.raises(ConnectFailed):
        await read(record)
    (recording,) = recordings(tmp_path)
    assert (recording.status, recording.error) == (None, "ConnectFailed")


async def test_an_error_of_the_reader_is_not_the_network_s(tmp_path: Path) -> None:
    """The reader that gives up has left."""
    record = Record(tmp_path, ReplayTransport(Reply(b"x")))
    with pytest.raises(ServerError):
        async with record.send(REQUEST, errors=refuse):
            raise ServerError("of the reader")
    assert (recordings(tmp_path)[0].ending, recordings(tmp_path)[0].error) == (Ending.LEFT, None)


async def test_a_cancelled_exchange_is_recorded(tmp_path: Path) -> None:
    """A task that is cancelled while it waits leaves a whole file."""
    transport = ReplayTransport(Reply([b"a", Pause()]))
    reading = asyncio.create_task(read(Record(tmp_path, transport)))
    await transport.paused.wait()
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    assert recordings(tmp_path)[0].ending is Ending.CANCELLED


async def test_a_limit_that_runs_out_is_recorded(tmp_path: Path) -> None:
    """It is named, although what ends the wait is a cancellation."""
    async with FaultServer(respond(*FRAMES[:4], Stall())) as server:
        providers = {"anthropic": Anthropic(api_key=KEY, base_url=server.url)}
        async with Record(tmp_path) as record, Runner(providers=providers, transport=record) as run:
            with pytest.raises(IdleTimeout):
                await run.stream_chat("anthropic/any", "Hi", idle_s=0.05).collect()
    (recording,) = recordings(tmp_path)
    assert (recording.ending, recording.error) == (Ending.FAILED, "IdleTimeout")


@pytest.mark.slow
async def test_each_attempt_is_an_exchange(tmp_path: Path) -> None:
    """A refusal that is tried again is recorded, too, with its status and body."""
    refusal = respond(
        payloads.error_body(payloads.Wire.ANTHROPIC, 529), status=529, headers={"retry-after": "0"}
    )
    async with FaultServer(refusal, respond(*FRAMES), respond(*FRAMES[:4], End())) as server:
        providers = {"anthropic": Anthropic(api_key=KEY, base_url=server.url)}
        async with Record(tmp_path) as record, Runner(providers=providers, transport=record) as run:
            await run.stream_chat("anthropic/any", "Hi").collect()
    first, second = recordings(tmp_path)
    assert (first.status, first.attempt, first.headers["retry-after"]) == (529, 1, "0")
    assert (second.status, second.attempt) == (200, 2)


@pytest.mark.parametrize("transport", [HTTPTransport, lambda: Record("here", None)])
async def test_a_transport_of_one_s_own_is_recorded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: Callable[[], Record | HTTPTransport]
) -> None:
    """One with a proxy or a certificate is recorded, and a recorder is not recorded again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADWATER_RECORD", "here")
    async with FaultServer(respond(*FRAMES)) as server:
        providers = {"anthropic": Anthropic(api_key=KEY, base_url=server.url)}
        mine = transport()
        async with Runner(providers=providers, transport=mine) as runner:
            await runner.stream_chat("anthropic/any", "Hi").collect()
        await mine.aclose()
    assert len(recordings(tmp_path / "here")) == 1


async def test_a_replay_is_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What never went over the network is no exchange."""
    monkeypatch.setenv("HEADWATER_RECORD", str(tmp_path))
    transport = ReplayTransport(Reply(b"".join(FRAMES)))
    providers = {"anthropic": Anthropic(api_key=KEY)}
    async with Runner(providers=providers, transport=transport) as runner:
        await runner.stream_chat("anthropic/any", "Hi").collect()
    assert not files(tmp_path)


async def test_frames_without_bytes_pass_unrecorded(tmp_path: Path) -> None:
    """A transport of somebody's own that gives frames alone works as before."""
    frames = object()

    class Frames:
        @asynccontextmanager
        async def send(self, request: HTTPRequest, *, errors: object) -> AsyncGenerator[Any, None]:
            yield frames

        async def wait(self, awaitable: Any) -> Any:
            return await awaitable

    record = Record(tmp_path, cast("Any", Frames()))
    async with record.send(REQUEST, errors=refuse) as response:
        assert cast("object", response) is frames
    assert await record.wait(asyncio.sleep(0, "waited")) == "waited"
    assert not files(tmp_path)


async def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Who asks for recordings is told, before anything is sent."""
    (tmp_path / "file").write_text("")
    transport = ReplayTransport(Reply(b"x"))
    with pytest.raises(ConfigurationError, match=r"cannot record into .*file"):
        await read(Record(tmp_path / "file", transport))
    assert not transport.requests


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
@pytest.mark.parametrize("size", [10, 100_000], ids=["at the end", "in the middle"])
async def test_a_full_disk_costs_the_recording_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """The answer goes on, and a warning says what was given up."""
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, flags, mode: real("/dev/full", os.O_WRONLY))
    record = Record(tmp_path, ReplayTransport(Reply([b"x" * size, b"y"])))
    with pytest.warns(RuntimeWarning, match="is given up: No space left"):
        assert await read(record) == [b"x" * size, b"y"]
    monkeypatch.undo()
    assert recordings(tmp_path) == []
    assert not files(tmp_path)
