"""TLS is always verified, and says what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path

import pytest

from headwater import ConfigurationError, ConnectFailed, Runner
from headwater.testing import End, FaultServer
from headwater.testing.fault_server import Script
from headwater.wire.http import HTTPTransport

from .provider import KEY, Wire
from .wire import refusal

CERTIFICATE = Path(__file__).parent / "localhost.pem"  # made for these tests, trusted by nobody


@pytest.fixture
async def secure_url() -> AsyncGenerator[str, None]:
    """Serve a refusal over TLS, with a certificate that only its own file trusts."""
    async with FaultServer(refusal(401), certificate=CERTIFICATE) as server:
        yield server.url


async def error_of(url: str, transport: HTTPTransport) -> BaseException:
    """Make a call that fails."""
    async with Runner(providers={"wire": Wire(url)}, transport=transport) as runner:
        with pytest.raises(Exception) as caught:  # noqa: PT011  # whichever it is, it is looked at
            await runner.chat("wire/m", "Hi", attempts=1)
    await transport.aclose()
    return caught.value


async def test_a_certificate_that_nobody_trusts_is_refused(secure_url: str) -> None:
    """The error says what to do for a certificate of one's own, and it is not tried again."""
    error = await error_of(secure_url, HTTPTransport())
    assert isinstance(error, ConnectFailed)
    assert ("give HTTPTransport a ca_file" in str(error), error.is_retryable) == (True, False)


async def test_a_certificate_of_ones_own_is_trusted(secure_url: str) -> None:
    """With the file that holds it, the server's answer arrives."""
    error = await error_of(secure_url, HTTPTransport(ca_file=CERTIFICATE))
    assert getattr(error, "status", None) == 401


async def test_a_certificate_for_another_name_is_refused(secure_url: str) -> None:
    """Trusted or not, it has to be the host's."""
    url = secure_url.replace("localhost", "127.0.0.2")
    assert isinstance(await error_of(url, HTTPTransport(ca_file=CERTIFICATE)), ConnectFailed)


async def test_a_server_without_tls_is_named() -> None:
    """https:// to a port that speaks plain HTTP is no reason to try again."""
    greeting: Script = [b"HTTP/1.1 400 Bad Request\r\n\r\n", End()]
    async with FaultServer(greeting=greeting) as server:
        error = await error_of(f"https://localhost:{server.port}", HTTPTransport())
    assert isinstance(error, ConnectFailed)
    assert not error.is_retryable


@pytest.mark.parametrize("name", ["missing.pem", "test_faults_tls.py"])
async def test_certificates_that_cannot_be_read_are_named(name: str) -> None:
    """A file that is missing, or holds something else, is a setting that is wrong."""
    error = await error_of("https://localhost:1", HTTPTransport(ca_file=CERTIFICATE.parent / name))
    assert isinstance(error, ConfigurationError)
    assert "cannot read certificates from ca_file" in str(error)
    assert name in str(error)


async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[str]:
    """Be a proxy for one connection: give the head that came, when the tunnel has ended."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
    host, _, port = head[0].split()[1].rpartition(":")
    from_server, to_server = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 200 Established\r\n\r\n")
    await asyncio.gather(passed_on(reader, to_server), passed_on(from_server, writer))
    return head


async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until there are no more."""
    with suppress(ConnectionError):
        while piece := await reader.read(2**16):
            writer.write(piece)
    writer.close()


async def test_a_proxy_is_only_a_tunnel(secure_url: str) -> None:
    """It is asked for a connection, and sees nothing of the request: no path, no key."""
    heads: list[list[str]] = []
    has_ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await tunnel(reader, writer))
        has_ended.set()

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    error = await error_of(secure_url, HTTPTransport(ca_file=CERTIFICATE, proxy=address))
    await has_ended.wait()
    proxy.close()
    assert getattr(error, "status", None) == 401
    host = secure_url.removeprefix("https://")
    assert [head[0] for head in heads] == [f"CONNECT {host} HTTP/1.1"]
    assert KEY not in repr(heads)


async def test_a_proxy_that_refuses_is_named() -> None:
    """What it says is not taken for the provider's answer."""
    async with FaultServer(refusal(407)) as proxy:
        error = await error_of("https://h.test", HTTPTransport(proxy=proxy.url))
    assert isinstance(error, ConnectFailed)
    assert "the proxy on the way to https://h.test" in str(error)
