"""A thousand streams at once, and an answer larger than anybody wants to hold."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from headwater import Runner, TextDelta
from headwater.testing.fault_server import (
    FaultServer,
    Repeat,
    Script,
    SeenRequest,
    Step,
    Wait,
    respond,
)
from headwater.testing.payloads import Said, Wire, phased, stream
from headwater.wire.http import HTTPTransport
from headwater_chat_completions import ChatCompletions

pytestmark = pytest.mark.slow

MIB = 2**20
STREAMS = 1000
FILES = 2 * STREAMS + 200  # the server is in this process as well
FRAME_BYTES = 64 * 1024
ANSWER_BYTES = 200 * MIB
AHEAD_BYTES = 8 * MIB  # what the kernel keeps for a reader, and a little of our own


@pytest.fixture
def _many_files() -> Iterator[None]:
    """Allow as many files as the test needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"needs {FILES} open files, and {hard} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def words(number: int) -> tuple[str, ...]:
    """Give the words of an answer, which no other answer has."""
    return tuple(f"{number}.{i} " for i in range(20))


class Together:
    """Answer each request, and go on only when all have begun."""

    def __init__(self) -> None:
        self.begun = 0

    def __call__(self, request: SeenRequest) -> Script:
        """Give the script of a request."""
        self.begun += 1
        found = re.search(rb"call-(\d+)\.", request.body)
        assert found is not None
        frames = stream(Wire.CHAT_COMPLETIONS, Said(words(int(found[1]))))
        script = respond(b"".join(frames[:8]), Wait(0.05), b"".join(frames[8:]))
        return cast("Script", self._steps(*script))

    def _steps(self, beginning: Step, wait: Step, rest: Step) -> Iterator[Step]:
        yield beginning
        while self.begun < STREAMS:
            yield wait
        yield rest


@pytest.mark.usefixtures("_many_files")
async def test_a_thousand_streams_at_once() -> None:
    """One runner on one core reads them all, each its own answer, and none waits for another."""
    with FaultServer(Together()) as server:
        async with Runner(providers={"chat": ChatCompletions(server.url)}) as runner:
            streams = [runner.stream_chat("chat/m", f"call-{i}.") for i in range(STREAMS)]
            responses = await asyncio.gather(*[stream.collect() for stream in streams])
        assert len(server.connections) == STREAMS, "they were not all open at once"
    assert [response.text for response in responses] == [
        "".join(words(number)) for number in range(STREAMS)
    ]
    assert {stream.metrics.attempts for stream in streams} == {1}


def rss_bytes() -> int:
    """Tell how much memory this process has."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel what is on its way")
async def test_a_slow_reader_holds_the_server_back() -> None:
    """Of 200 MB, no more is taken than what was read and a few MiB, and memory stays as it is."""
    first, word, *last = [frame.data for frame in phased(Wire.CHAT_COMPLETIONS, Said(("x",)))]
    padded = word.replace(b'{"id"', b'{"padding":"%s","id"' % (b"p" * (FRAME_BYTES - len(word))), 1)
    count = ANSWER_BYTES // len(padded)
    carrier = HTTPTransport(max_answer_bytes=2 * ANSWER_BYTES)
    with FaultServer(respond(first, Repeat(padded, times=count), *last)) as server:
        runner = Runner(providers={"chat": ChatCompletions(server.url)}, transport=carrier)
        before = rss_bytes()
        read = 0
        async with runner, runner.stream_chat("chat/m", "Hi") as stream:
            async for event in stream:
                read += isinstance(event, TextDelta)
                if read % 400 == 1:  # nothing is read meanwhile, and nothing more may be taken
                    await asyncio.sleep(0.3)
                    ahead = server.taken_bytes - read * len(padded)
                    assert ahead <= AHEAD_BYTES, f"{ahead / MIB:.1f} MiB taken ahead"
                    assert rss_bytes() - before < 64 * MIB
        await carrier.aclose()
        assert server.taken_bytes >= ANSWER_BYTES - MIB
    assert stream.response.text == "x" * count
