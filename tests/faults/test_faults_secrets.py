"""Secrets stay secret: what an error, a log line and another host get to see of a key."""

from __future__ import annotations

import io
import logging
import traceback

import pytest

from headwater import ConfigurationError, HeadwaterError, Runner, Secret
from headwater.testing.fault_server import End, FaultServer, Reset, Script
from headwater.wire.http import HTTPTransport
from headwater.wire.transport import HTTPRequest

from .provider import KEY, Wire, read_error
from .wire import CHUNKED, refusal, said, whole

ECHO = f'{{"error": {{"message": "bad key {KEY}", "code": "{KEY}", "type": "x"}}}}'.encode()

ECHOES: dict[str, Script] = {
    "an error body": refusal(401, body=ECHO),
    "a reset": [Reset()],
    "a cut": [CHUNKED + said("a"), End()],
    "a retried failure": refusal(503, body=ECHO),
}


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Keep everything that is logged."""
    caplog.set_level(logging.DEBUG)
    return caplog


async def failed(runner: Runner) -> HeadwaterError:
    """Make a call that fails, and give its error."""
    with pytest.raises(HeadwaterError) as caught:
        await runner.stream_chat("wire/m", "Hi").collect()
    return caught.value


def variables(error: BaseException) -> str:
    """Give the local variables of all frames but the tests', as some tracebacks print them."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(str(frame.locals) for frame in shown.stack if "faults" not in frame.filename)


@pytest.mark.parametrize("script", ECHOES.values(), ids=ECHOES.keys())
async def test_no_variable_holds_the_key(
    runner: Runner, server: FaultServer, script: Script
) -> None:
    """The key in clear stands in no variable of a frame that an error passes."""
    server.answer_with(script)
    assert KEY not in variables(await failed(runner))


@pytest.mark.slow
async def test_a_connection_that_fails_leaves_no_key_in_a_variable() -> None:
    """Nor does one that was never made."""
    async with Runner(providers={"wire": Wire("http://127.0.0.1:1")}) as runner:
        assert KEY not in variables(await failed(runner))


async def test_no_log_line_shows_the_conversation(
    runner: Runner, server: FaultServer, log: pytest.LogCaptureFixture
) -> None:
    """Neither prompt nor answer is logged."""
    server.answer_with(whole("the-answer"))
    await runner.stream_chat("wire/m", "the-prompt").collect()
    assert "call.finished" in log.text
    assert "the-prompt" not in log.text
    assert "the-answer" not in log.text


async def test_a_printed_traceback_shows_no_key(runner: Runner, server: FaultServer) -> None:
    """What Python prints of an error that nobody catches holds no key."""
    server.answer_with(ECHOES["an error body"])
    printed = io.StringIO()
    traceback.print_exception(await failed(runner), file=printed)
    assert "bad key ***" in printed.getvalue()
    assert KEY not in printed.getvalue()


@pytest.mark.parametrize("host", ["192.0.2.1", "llm.example", "127.0.0.1.nip.io", "0.0.0.0"])
async def test_a_key_goes_over_plain_http_to_no_other_machine(host: str) -> None:
    """Before anything is sent, an address that anyone could listen to is refused."""
    async with Runner(providers={"wire": Wire(f"http://{host}:9")}) as runner:
        with pytest.raises(ConfigurationError, match="HEADWATER_ALLOW_HTTP") as caught:
            await runner.chat("wire/m", "Hi")
    assert KEY not in str(caught.value)


async def test_plain_http_may_be_allowed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host of one's own is allowed by the environment, and by the transport's setting."""
    monkeypatch.setenv("HEADWATER_ALLOW_HTTP", "other.invalid, llm.invalid")
    async with Runner(providers={"wire": Wire("http://llm.invalid:9")}) as runner:
        with pytest.raises(HeadwaterError, match="no address is known"):
            await runner.chat("wire/m", "Hi", attempts=1)


async def test_a_call_without_a_key_may_go_anywhere() -> None:
    """What holds no secret needs no secrecy."""
    transport = HTTPTransport(allow_http=())
    providers = {"wire": Wire("http://llm.invalid:9", None)}
    async with Runner(providers=providers, transport=transport) as runner:
        with pytest.raises(HeadwaterError, match="no address is known"):
            await runner.chat("wire/m", "Hi", attempts=1)
    await transport.aclose()


async def test_a_proxy_is_used_where_it_is_set(server: FaultServer) -> None:
    """A proxy given to the transport gets the request, address and all."""
    transport = HTTPTransport(proxy=server.url)
    providers = {"wire": Wire("http://llm.invalid:9", None)}
    async with Runner(providers=providers, transport=transport) as runner:
        await runner.chat("wire/m", "Hi")
    await transport.aclose()
    assert server.requests[0].target.startswith("http://llm.invalid:9/chat")


@pytest.mark.parametrize("value", ["a\r\nb", "ключ", "a\0"])
async def test_a_header_that_would_split_is_refused(server: FaultServer, value: str) -> None:
    """A header value that is none is refused before anything is sent, and no key is shown."""
    headers: dict[str, str | Secret] = {"authorization": Secret(KEY).bearer(), "x-note": value}
    request = HTTPRequest("POST", server.url, headers)
    with pytest.raises(ConfigurationError, match="'x-note'") as caught:
        async with HTTPTransport().send(request, errors=read_error):
            pass
    assert (KEY in variables(caught.value), server.connections) == (False, [])
