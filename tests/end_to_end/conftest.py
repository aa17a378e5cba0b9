"""A real llama.cpp server for the tests of the whole."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

_SERVER = Path(__file__).with_name("tiny_llama.py")
_AIMOCK = Path(sys.prefix) / "peers/node_modules/@copilotkit/aimock/dist/cli.js"
_NEEDED = ("gguf", "numpy", "xllamacpp")


@pytest.fixture(scope="session")
def llamacpp_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a tiny model with llama.cpp, in a process of its own; gives the base URL."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        pytest.skip(f"no llama.cpp server here: {', '.join(missing)} cannot be imported")
    folder = tmp_path_factory.mktemp("llamacpp")
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, str(_SERVER), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert server.stdin is not None
    assert server.stdout is not None
    with server:
        try:
            url = next((line.strip() for line in server.stdout if line.startswith("http")), None)
            if url is None:
                pytest.fail(f"the llama.cpp server did not start:\n{(folder / 'log').read_text()}")
            yield url
        finally:
            server.stdin.close()
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture(scope="session")
def aimock_url() -> Iterator[str]:
    """Serve scripted answers on all wires with aimock, in a process of its own; gives its root.

    It comes from npm; `make test` installs it where npm is present.
    """
    node = shutil.which("node")
    if node is None or not _AIMOCK.exists():
        pytest.skip("no aimock here: node or npm is missing, or `make test` has not installed it")
    script = Path(__file__).with_name("aimock.json")
    for _ in range(5):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [node, str(_AIMOCK), "-p", str(port), "-f", str(script), "-l", "4", "-c", "4"]
        server = subprocess.Popen([*command, "--log-level", "silent"], stdout=subprocess.DEVNULL)
        try:
            if _listens(server, port):
                yield f"http://127.0.0.1:{port}"
                return
        finally:
            server.terminate()
            server.wait()
    pytest.fail("the aimock server did not start")


def _listens(server: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until a server listens; False where it ended, as when another one took its port."""
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return True
    return False
